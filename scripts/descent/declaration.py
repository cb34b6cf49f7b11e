"""Declared structures: the kinds of values, and mistakes in words of our own.

What may be configured is declared once, as a pydantic dataclass whose fields are made by `key`;
the checks, the command line, the table of keys and the schema for editors follow from it. What
pydantic finds wrong becomes lines that say where, what was found, and what is allowed.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, partial
from keyword import iskeyword
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.dataclasses import dataclass

# a field called from_ is the key from, which is a word of Python
_CONFIG = ConfigDict(extra="forbid", alias_generator=lambda field: field.removesuffix("_"))
declared = partial(dataclass, frozen=True, kw_only=True, config=_CONFIG)


def key(
    meaning: str,
    default: Any = ...,
    also: Iterable[str] = (),
    values: Mapping[str, str] | None = None,
) -> Any:
    """A key of a declared structure.

    meaning: one line of help; default: what it is where it is absent, or ... where it must be
    there; also: what people may call it, and values: what they may call its values, {their word:
    ours}, for "did you mean".
    """
    extra = {"also": list(also), "values": dict(values or {})}
    return Field(default, description=meaning, json_schema_extra=extra)


def _number(value: Any) -> Any:
    # YAML reads 1e-3 as a string and 0.001 as a number; float() would take ٠.١ and 1_0 as well
    plain = value if not isinstance(value, str) or re.fullmatch("[-+.0-9eE]+", value) else None
    try:
        return math.nan if isinstance(plain, bool) else float(plain)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _word(value: Any) -> Any:
    # a name may look like a number, as that of a column
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def each_once(values: Iterable, spellings: Iterable) -> tuple:
    """The values; ValueError where two are the same, with how they are spelled."""
    spelled: dict[Any, Any] = {}
    for value, spelling in zip(values, spellings, strict=True):
        if value in spelled:
            same = f"{shown(spelled[value])} and {shown(spelling)}"
            raise ValueError(f"each once, but {same} are the same")
        spelled[value] = spelling
    return tuple(spelled)


class InsideError(ValueError):
    """Mistakes inside a value. Its argument, called with where the value stands and a list, adds
    their lines to the list."""


def _real(**limits: float) -> Any:
    return Annotated[float, Field(allow_inf_nan=False, **limits), BeforeValidator(_number)]


_LIMIT = 2**63  # of integers in NumPy

Switch = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1, lt=_LIMIT)]
CountOrZero = Annotated[int, Field(strict=True, ge=0, lt=_LIMIT)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**32)]  # of scikit-learn
StepSize = _real(gt=0, lt=1e100)  # matplotlib has no axis for much larger ones
EndOfGrid = _real(ge=1e-100, lt=1e100)
Positive = _real(gt=0)
PositiveOrZero = _real(ge=0)
Fraction = _real(ge=0, lt=1)
Share = _real(gt=0, lt=1)
Word = Annotated[str, Field(min_length=1), BeforeValidator(_word)]


def at_most(most: int) -> Any:
    """An integer from 1 to a largest one."""
    return Annotated[int, Field(strict=True, ge=1, le=most)]


def several(kind: Any) -> Any:
    """A list of at least one of a kind."""
    no_sets = BeforeValidator(lambda values: values if isinstance(values, list | tuple) else None)
    return Annotated[tuple[kind, ...], Field(min_length=1), no_sets]


def distinct(kind: Any) -> Any:
    """A list of at least one of a kind, no two the same however they are spelled."""
    each = WrapValidator(lambda values, normalise: each_once(normalise(values), values))
    return Annotated[several(kind), each]


def or_mapping(kind: Any, structure: type) -> Any:
    """A kind, or in its place a mapping with the keys of a structure, for JSON Schema alone."""
    either = [TypeAdapter(kind).json_schema(), schema(structure)]
    return Annotated[kind, WithJsonSchema({"anyOf": either})]


Named = Annotated[Mapping[Any, Any], Field(min_length=1)]  # entries by their names

OF_DEFAULT = "true or false, an integer ≥ 1, a number ≥ 0 and < 1, or one ≥ 1"


def kind_of_option(default: Any) -> Any:
    """What an option may be, by its default; None where its default is none of OF_DEFAULT."""
    if isinstance(default, bool):
        return Switch
    if isinstance(default, int):
        return Count if 1 <= default < _LIMIT else None
    if not isinstance(default, float) or not 0 <= default < math.inf:
        return None
    return Fraction if default < 1 else Positive


@cache
def with_options(structure: type, *options: tuple[str, Any]) -> type:
    """A declared structure with further keys, (name, default), of the kind of their default."""
    keys = {name: key("option of the model, update rule or schedule", d) for name, d in options}
    kinds = {name: kind_of_option(default) for name, default in options}
    return declared(type(structure.__name__, (structure,), {"__annotations__": kinds, **keys}))


@cache
def schema(structure: type) -> dict[str, Any]:
    """What JSON Schema says of a declared structure."""
    return TypeAdapter(structure).json_schema()


def read(
    structure: type,
    values: Any,
    where: str,
    mistakes: list[str],
    place: Callable[[str, str], str] = lambda where, name: f"{where}.{name}".lstrip("."),
    elsewhere: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The right values for a declared structure, with defaults; a line in mistakes for the others.

    place(where, name): how a message names the place of a key; elsewhere: hints at where keys
    belong that other structures have. A wrong value counts as left out, so that what needs the
    others is still checked; where nothing is missing, structure(**values) is the structure.
    """
    keys = schema(structure)["properties"]
    if not isinstance(values, Mapping):
        mistakes.append(mistake(where, values, f"a mapping with {', '.join(_chosen(keys))}"))
        return {}
    optional = _optional(structure)
    own = {name: value for name, value in values.items() if name in keys}
    for name in values.keys() - own.keys():
        also = {other: known for known, k in keys.items() for other in k.get("also", ())}
        hint = (elsewhere or {}).get(name) or meant(name, keys, also)
        found = f"unknown key {shown(name)}"
        mistakes.append(mistake(where, found, ", ".join(_chosen(keys)), hint))
    wrong: set[str] = set()
    try:
        right = optional.validate_python(own)
    except ValidationError as error:
        details = error.errors()
        wrong = {detail["loc"][0] for detail in details}
        inside = {detail["loc"][0] for detail in details if isinstance(detail["loc"][-1], int)}
        details = [d for d in details if _in_list(d) or d["loc"][0] not in inside]
        lines = [line for d in details for line in _lines(d, own, keys, place, where)]
        mistakes += dict.fromkeys(lines)  # each once: a value may be wrong in several ways
        right = optional.validate_python({n: v for n, v in own.items() if n not in wrong})
    found = {name: getattr(right, _field(name)) for name in keys}
    missing = {name for name in keys if found[name] is _MISSING}
    mistakes += [f"{place(where, name)}: is missing" for name in keys if name in missing - wrong]
    return {name: value for name, value in found.items() if name not in missing}


_MISSING = object()


def _field(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name


def _in_list(detail: Any) -> bool:
    return isinstance(detail["loc"][-1], int)


@cache
def _optional(structure: type) -> TypeAdapter:
    """What validates the structure with no key that must be there."""
    required = [_field(name) for name in schema(structure).get("required", ())]
    kinds = {name: structure.__dataclass_fields__[name].type for name in required}
    values = {name: key("", _MISSING) for name in required}
    lenient = type(structure.__name__, (structure,), {"__annotations__": kinds, **values})
    return TypeAdapter(declared(lenient))


def _chosen(keys: Mapping[str, Any]) -> list[str]:
    """Those that one may write: not the options of a run, which have keys of their own."""
    return [name for name in keys if not name.endswith("_options")]


def _lines(detail: Any, values: Mapping, keys: dict, place: Callable, where: str) -> list[str]:
    """What pydantic found: a mistake, or those inside a value."""
    name, *inside = detail["loc"]
    found, allowed, at = values[name], keys[name], place(where, name)
    for step in inside:  # into a list; what else pydantic names is no place
        if isinstance(step, int) and isinstance(found, Sequence):
            (allowed,) = (s for s in allowed.get("anyOf", [allowed]) if "items" in s)
            found, allowed, at = found[step], allowed["items"], f"{at}[{step}]"
    own = detail.get("ctx", {}).get("error")  # of ours
    if isinstance(own, InsideError):
        inside_it: list[str] = []
        own.args[0](at, inside_it)
        return inside_it
    said = str(own) if own else words(allowed, found)
    kinds = allowed.get("anyOf", [allowed])
    names = [name for kind in kinds for name in kind.get("enum", [kind.get("const", "")])]
    return [mistake(at, repr(found), said, meant(found, names, allowed.get("values")))]


def mistake(where: str, found: Any, allowed: str, hint: str = "") -> str:
    """A line that says where, what was found, what may have been meant, and what is allowed."""
    hint = f" {hint}" if hint.endswith("?") else f" {hint};" if hint else ""
    return f"{where or 'top level'}: found {shown(found)};{hint} allowed: {allowed}"


def shown(value: Any) -> str:
    """A value in a message: on one line, of at most 80 characters."""
    text = str(value) if str(value).isprintable() else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def meant(name: Any, names: Iterable[str], also: Mapping[str, str] | None = None) -> str:
    """ "did you mean l2?", where one of the names, or another name of one, is near."""
    if not isinstance(name, str):
        return ""
    near = get_close_matches(name, [*names, *(also or {})], 1)
    return f"did you mean {(also or {}).get(near[0], near[0])}?" if near else ""


def words(allowed: Mapping[str, Any], found: Any = None) -> str:
    """What a JSON schema allows, in words."""
    if "anyOf" in allowed:
        return ", or ".join(words(s, found) for s in allowed["anyOf"] if s != {"type": "null"})
    if "enum" in allowed:
        return f"one of {', '.join(map(str, allowed['enum']))}"
    if "const" in allowed:
        return str(allowed["const"])
    if allowed["type"] == "array":
        least = " of at least one" if "minItems" in allowed else ""
        each = words(allowed["items"])
        return f"a list{least}, each {f'({each})' if 'anyOf' in allowed['items'] else each}"
    if allowed.get("exclusiveMaximum") == _LIMIT and isinstance(found, int) and found >= _LIMIT:
        return "an integer < 2⁶³"
    if "properties" in allowed:
        return f"a mapping with {', '.join(allowed['required'])}"
    kind = {
        "integer": "an integer",
        "number": "a number" if "exclusiveMaximum" in allowed else "a finite number",
        "boolean": "true or false",
        "object": "a mapping with at least one entry"
        if "minProperties" in allowed
        else "a mapping",
        "string": "a word",
    }[allowed["type"]]
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    said = [
        f"{sign} {allowed[limit]:g}"
        for limit, sign in limits.items()
        if allowed.get(limit, _LIMIT) != _LIMIT
    ]
    return f"{kind} {' and '.join(said)}".rstrip()
