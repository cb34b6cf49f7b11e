"""The mistakes that pydantic finds in a configuration: where, what was found, what is allowed."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from descent.config.schema import SYNONYMS, TAGS, Optimizer, OptionError, Study
from descent.datasets._table import Table
from descent.errors import InputError
from descent.plugins import OPTIONS_OF, available, options

GRID = ("from", "to", "per_decade")
# pydantic's words, and plainer ones
PLAINER = {
    r"^Value error, |^Input should be |^(Tuple|Dictionary) should have |a valid ": "",
    r", unable to parse.*| after validation.*": "",
    r"^tuple$": "a list",
    r"^dictionary$": "a mapping",
    r"^String should match.*": "a lower-case letter, then lower-case letters, digits and _",
    r"'": "",
}


def messages(error: ValidationError, values: Any) -> list[str]:
    """A line for each mistake in `values`; the ways in which one value is wrong share a line."""
    found: dict[tuple, str] = {}
    hints: dict[tuple, str] = {}
    allowed: dict[tuple, list[str]] = {}
    for detail in error.errors():
        where, value = _place(detail, values)
        option = detail.get("ctx", {}).get("error")
        if isinstance(option, OptionError):
            name, value, message = option.args
            where, detail = (*where[:-1], name), {"type": "option", "msg": message}
        if isinstance(option, InputError):  # a file that is not what it should be
            found[where] = str(option)
            continue
        elements_are_wrong = detail["type"] == "too_short" and isinstance(value, Sequence | Mapping)
        if detail["type"] == "missing":
            found[where] = "is missing"
        elif detail["type"] == "extra_forbidden":
            found[where] = f"unknown key; {_whose(str(where[-1]), where)}"
        elif not (elements_are_wrong and value):  # which have lines of their own
            found[where] = f"found {_quote(value)}; "
            allowed.setdefault(where, []).append(_plainer(detail["msg"]))
            if detail["type"] == "literal_error":
                hints[where] = _did_you_mean(str(value), re.split(", | or ", allowed[where][-1]))
    lines = []
    for where, what in found.items():
        place = ".".join(key if key.isprintable() else repr(key)[1:-1] for key in map(str, where))
        kinds = ", or ".join(dict.fromkeys(allowed.get(where, ())))
        lines.append(f"{place}: {what}{hints.get(where, '')}{'allowed: ' if kinds else ''}{kinds}")
    return lines


def _place(detail: Mapping[str, Any], values: Any) -> tuple[tuple, Any]:
    """The keys down to a mistake, without pydantic's names of the kinds of a value, and the value
    that is there; of a wrong name the name."""
    where = []
    for key in detail["loc"]:
        if key == "[key]":
            return tuple(where), where[-1]
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            added = detail["type"] == "missing" or str(key).endswith("_options")
            if key in TAGS or not added:
                continue
        where.append(key)
    return tuple(where), values


def _plainer(message: str) -> str:
    for words, plainer in PLAINER.items():
        message = re.sub(words, plainer, message)
    return re.sub(r" or (?=\w+$)", ", ", message) if ", " in message else message


def _whose(key: str, where: tuple) -> str:
    """Where an unknown key belongs, or what it may mean."""
    keys = {"a study": Study, "an optimizer": Optimizer, "a table": Table}
    if len(where) < 3:
        return _did_you_mean(key, ["studies", "gpu"]) + "allowed: studies, gpu"
    if "step_sizes" in where:
        return _did_you_mean(key, GRID) + f"allowed: {', '.join(GRID)}"
    place = "an optimizer" if "optimizers" in where[:-1] else "a study"
    place = "a table" if "dataset" in where[:-1] else place
    for other, model in keys.items():
        if other != place and key in model.model_fields:
            return f"it is a key of {other}"
    whose = [name for kind in OPTIONS_OF for name in available(kind) if key in options(kind, name)]
    if whose:
        return f"it is an option of {', '.join(whose)}"
    known = [name for name in keys[place].model_fields if not name.endswith("_options")]
    return _did_you_mean(key, known) + f"allowed: {', '.join(known)}"


def _did_you_mean(name: str, names: Sequence[str]) -> str:
    synonyms = {synonym: meant for synonym, meant in SYNONYMS.items() if meant in names}
    near = get_close_matches(name, [*names, *synonyms], 1)
    return f"did you mean {synonyms.get(near[0], near[0])}? " if near else ""


def _quote(value: Any) -> str:
    """A value on one line, of at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
