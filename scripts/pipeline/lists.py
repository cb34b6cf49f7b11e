"""Lists that config.yaml may say in short: step sizes as a grid, seeds as their number."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import WrapValidator

from descent.declaration import (
    CountOrZero,
    EndOfGrid,
    InsideError,
    StepSize,
    at_most,
    declared,
    each_once,
    key,
    mistake,
    or_mapping,
    read,
    several,
    shown,
)

MAX_SEEDS = 10_000  # 49 kB of a command that names them
MAX_PER_DECADE = 1000  # there are 900 numbers of three digits


@declared
class Grid:
    """The keys of a grid of step sizes."""

    from_: EndOfGrid = key("the first step size, as it is", also=("start", "first", "min"))
    to: EndOfGrid = key("the last step size, as it is", also=("stop", "end", "last", "max"))
    per_decade: at_most(MAX_PER_DECADE) = key(
        "n step sizes from each to ten times it: from · 10^(k/n), to three significant digits",
        also=("steps", "num", "points", "per_ten"),
    )


def grid(first: float, last: float, per_decade: int) -> list[float]:
    """first · 10^(k / per_decade) to three significant digits, k = 1, 2, …, between first and last.

    Both ends are as they are. A grid of twice as many a decade has all of these. Raises ValueError
    where two are the same to three digits.
    """
    values, exact = [first], first
    while True:
        before, exact = exact, first * 10 ** (len(values) / per_decade)
        value = float(f"{exact:.3g}")
        if max(exact, value) >= last * (1 - 1e-9):  # last itself may come out a little less
            return [*values, last]
        if value <= values[-1]:
            both = f"{before:.6g} and {exact:.6g} are both {value}"
            raise ValueError(f"fewer, since to three digits {both}")
        values.append(value)


def _read_grid(keys: Mapping[Any, Any], where: str, mistakes: list[str]) -> list[float]:
    """The step sizes of a grid; lines in mistakes where there are any."""
    known = len(mistakes)
    right = read(Grid, keys, where, mistakes)
    if len(mistakes) > known:
        return []
    if right["from"] >= right["to"]:
        allowed = f"less than to, {shown(keys['to'])}"
        mistakes.append(mistake(f"{where}.from", keys["from"], allowed))
        return []
    try:
        return grid(right["from"], right["to"], right["per_decade"])
    except ValueError as error:
        mistakes.append(mistake(f"{where}.per_decade", right["per_decade"], str(error)))
        return []


def _one_or_grid(written: Any, normalise: Callable[[Any], float]) -> list[float]:
    """The step sizes that an element of the list stands for."""
    if not isinstance(written, Mapping):
        return [normalise(written)]
    mistakes: list[str] = []
    values = _read_grid(written, "", mistakes)
    if mistakes:
        raise InsideError(partial(_read_grid, written))
    return values


def _step_sizes(written: Any, normalise: Callable[[Any], tuple]) -> tuple[float, ...]:
    elements = [written] if isinstance(written, Mapping) else written
    values, spellings = [], []
    for of_element, element in zip(normalise(elements), elements, strict=True):
        in_grid = isinstance(element, Mapping)
        values += of_element
        spellings += [f"{v} of {shown(element)}" if in_grid else element for v in of_element]
    return each_once(values, spellings)


def _seeds(written: Any, normalise: Callable[[Any], Any]) -> tuple[int, ...]:
    seeds = normalise(written)
    return tuple(range(seeds)) if isinstance(seeds, int) else each_once(seeds, written)


_Element = or_mapping(Annotated[StepSize, WrapValidator(_one_or_grid)], Grid)
StepSizes = or_mapping(Annotated[several(_Element), WrapValidator(_step_sizes)], Grid)
Seeds = Annotated[several(CountOrZero) | at_most(MAX_SEEDS), WrapValidator(_seeds)]
