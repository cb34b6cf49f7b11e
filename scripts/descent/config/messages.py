"""Error messages for the mistakes that pydantic finds in a configuration."""

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
# pydantic's wording (regular expression) and its replacement
REWORDED = {
    r"^Value error, |^Input should be |^(Tuple|Dictionary) should have |a valid ": "",
    r", unable to parse.*| after validation.*": "",
    r"^tuple$": "a list",
    r"^dictionary$": "a mapping",
    r"^String should match.*": "a lower-case letter, then lower-case letters, digits and _",
    r"'": "",
}


def messages(error: ValidationError, values: Any) -> list[str]:
    """Return a line for each invalid place in `values`; mistakes at the same place share a line."""
    found: dict[tuple, str] = {}
    hints: dict[tuple, str] = {}
    allowed: dict[tuple, list[str]] = {}
    for detail in error.errors():
        where, value = _place(detail, values)
        option = detail.get("ctx", {}).get("error")
        if isinstance(option, OptionError):
            name, value, message = option.args
            where, detail = (*where[:-1], name), {"type": "option", "msg": message}
        if isinstance(option, InputError):  # from a file that the configuration selects
            found[where] = str(option)
            continue
        too_short = detail["type"] == "too_short" and isinstance(value, Sequence | Mapping)
        if detail["type"] == "missing":
            found[where] = "is missing"
        elif detail["type"] == "extra_forbidden":
            found[where] = f"unknown key; {_explain_unknown(str(where[-1]), where)}"
        elif not (too_short and value):  # pydantic dropped invalid elements, listed on their own
            found[where] = f"found {_quote(value)}; "
            allowed.setdefault(where, []).append(_reword(detail["msg"]))
            if detail["type"] == "literal_error":
                hints[where] = suggest(str(value), re.split(", | or ", allowed[where][-1]))
    lines = []
    for where, what in found.items():
        place = ".".join(key if key.isprintable() else repr(key)[1:-1] for key in map(str, where))
        kinds = ", or ".join(dict.fromkeys(allowed.get(where, ())))
        lines.append(f"{place}: {what}{hints.get(where, '')}{'allowed: ' if kinds else ''}{kinds}")
    return lines


def _place(detail: Mapping[str, Any], values: Any) -> tuple[tuple, Any]:
    """Return the path of keys to a mistake, without pydantic's tags, and the value there.

    If the name of a study or optimizer is invalid, the value is the name.
    """
    where = []
    for key in detail["loc"]:
        if key == "[key]":
            return tuple(where), where[-1]
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            is_key = detail["type"] == "missing" or str(key).endswith("_options")
            if key in TAGS or not is_key:
                continue
        where.append(key)
    return tuple(where), values


def _reword(message: str) -> str:
    for pattern, replacement in REWORDED.items():
        message = re.sub(pattern, replacement, message)
    return re.sub(r" or (?=\w+$)", ", ", message) if ", " in message else message


def _explain_unknown(key: str, where: tuple) -> str:
    """Return where an unknown key belongs, or which keys are allowed in its place."""
    models = {"a study": Study, "an optimizer": Optimizer, "a table": Table}
    if len(where) < 3:
        return suggest(key, ["studies", "gpu"]) + "allowed: studies, gpu"
    if "step_sizes" in where:
        return suggest(key, GRID) + f"allowed: {', '.join(GRID)}"
    place = "an optimizer" if "optimizers" in where[:-1] else "a study"
    place = "a table" if "dataset" in where[:-1] else place
    for other, model in models.items():
        if other != place and key in model.model_fields:
            return f"it is a key of {other}"
    owners = [name for kind in OPTIONS_OF for name in available(kind) if key in options(kind, name)]
    if owners:
        return f"it is an option of {', '.join(owners)}"
    allowed = [name for name in models[place].model_fields if not name.endswith("_options")]
    return suggest(key, allowed) + f"allowed: {', '.join(allowed)}"


def suggest(name: str, allowed: Sequence[str]) -> str:
    """Return "did you mean …? " with the closest allowed name, or nothing."""
    synonyms = {synonym: key for synonym, key in SYNONYMS.items() if key in allowed}
    near = get_close_matches(name, [*allowed, *synonyms], 1)
    return f"did you mean {synonyms.get(near[0], near[0])}? " if near else ""


def _quote(value: Any) -> str:
    """Return a value on one line, cut at 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
