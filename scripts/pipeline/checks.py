"""What a value of the configuration may be.

A check takes a value as YAML gives it, and returns it normalised, or raises ValueError with what is
allowed.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED = object()


@dataclass(frozen=True)
class Key:
    """How a key's value is checked, and what it is where the key is absent."""

    check: Callable[[Any], Any]
    default: Any = REQUIRED


def read(where: str, values: Any, keys: Mapping[str, Key], mistakes: list[str]) -> dict[str, Any]:
    """The right values, normalised, with defaults; a line in mistakes for every wrong one."""
    if not isinstance(values, Mapping):
        mistakes.append(mistake(where, values, f"a mapping with {', '.join(keys)}"))
        return {}
    for name in values:
        if name not in keys:
            mistakes.append(mistake(where, f"unknown key {name}", ", ".join(keys)))
    right = {}
    for name, key in keys.items():
        place = f"{where}.{name}".lstrip(".")
        if name in values:
            try:
                right[name] = key.check(values[name])
            except ValueError as allowed:
                mistakes.append(mistake(place, repr(values[name]), str(allowed)))
        elif key.default is REQUIRED:
            mistakes.append(f"{place}: is missing")
        else:
            right[name] = key.default
    return right


def names(where: str, named: Mapping[Any, Any], taken: set[str], mistakes: list[str]) -> None:
    """A line in mistakes for every name that cannot be part of paths and targets, or is taken."""
    for name in named:
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]*", name):
            allowed = "a lower-case letter, then lower-case letters, digits and _"
            mistakes.append(mistake(where, f"the name {name!r}", allowed))
        elif name in taken:
            allowed = f"names other than those of the rules ({', '.join(sorted(taken))})"
            mistakes.append(mistake(where, f"the name {name!r}", allowed))


def mistake(where: str, found: Any, allowed: str) -> str:
    """A line that says where, what was found, and what is allowed."""
    found = str(found)
    found = found if len(found) <= 80 else f"{found[:80]}…"
    return f"{where or 'top level'}: found {found}; allowed: {allowed}"


def one_of(*allowed: str) -> Callable[[Any], str]:
    """One of some words."""

    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return value

    return check


def integer(least: int) -> Callable[[Any], int]:
    """An integer of 64 bits, no smaller than `least`."""

    def check(value: Any) -> int:
        if type(value) is not int or value < least:
            raise ValueError(f"an integer ≥ {least}")
        if value >= 2**63:
            raise ValueError("an integer < 2⁶³")
        return value

    return check


def integer_or(word: str, least: int) -> Callable[[Any], int | str]:
    """An integer, or a word."""

    def check(value: Any) -> int | str:
        try:
            return word if value == word else integer(least)(value)
        except ValueError as allowed:
            raise ValueError(f"{allowed}, or {word}") from None

    return check


def at_least_zero(value: Any) -> float:
    """A finite number ≥ 0."""
    if not 0 <= _number(value) < math.inf:
        raise ValueError("a finite number ≥ 0")
    return _number(value)


def above_zero(value: Any) -> float:
    """A finite number > 0."""
    if not 0 < _number(value) < math.inf:
        raise ValueError("a finite number > 0")
    return _number(value)


def fraction(value: Any) -> float:
    """A number from 0 to below 1."""
    if not 0 <= _number(value) < 1:
        raise ValueError("a number ≥ 0 and < 1")
    return _number(value)


def anything(value: Any) -> Any:
    """Any value: what it may be is not known."""
    return value


def boolean(value: Any) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _number(value: Any) -> float:
    # YAML reads 1e-3 as a string and 0.001 as a number
    try:
        return math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def distinct(element: Callable[[Any], Any]) -> Callable[[Any], tuple]:
    """A list of at least one, no two the same however they are spelled."""

    def check(value: Any) -> tuple:
        if not isinstance(value, list) or not value:
            raise ValueError("a list of at least one")
        spelled: dict[Any, Any] = {}
        wrong: list[str] = []
        for one in value:
            try:
                normalised = element(one)
            except ValueError as allowed:
                wrong.append(f"{allowed}, not {one!r}")
                continue
            if normalised in spelled:
                wrong.append(f"each once, but {spelled[normalised]} and {one} are the same")
            spelled.setdefault(normalised, one)
        if wrong:
            raise ValueError("; ".join(wrong))
        return tuple(spelled)

    return check


def mapping(value: Any) -> dict[Any, Any]:
    """A mapping with at least one entry."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError("a mapping with at least one entry")
    return dict(value)
