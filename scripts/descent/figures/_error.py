"""Accuracies near one, drawn as what they lack of it on a logarithmic scale."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray


def error(accuracy: pd.Series) -> pd.Series:
    """1 - accuracy, without the rounding that tells 1 - 0.9 from 0.1; nan where it is nan."""
    return (1 - accuracy).round(12)


def floor(errors: ArrayLike) -> float:
    """Where a logarithmic axis of errors shows none at all: half of the least that is not 0."""
    errors = np.asarray(errors)
    return float(np.min(errors[(errors > 0) & np.isfinite(errors)], initial=1.0)) / 2


def nice(low: float, high: float) -> NDArray[np.float64]:
    """Round numbers from low to high: decades, or 1, 2 and 5 of each, or more where few."""
    for digits, enough in (((1,), 4), ((1, 2, 5), 2), (range(1, 10), 2)):
        decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
        ticks = np.outer(decades, digits).ravel()
        ticks = ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]
        if len(ticks) >= enough:
            return ticks[:: len(ticks) // 8 + 1]
    ticks = MaxNLocator(4).tick_values(low, high)
    return ticks[(ticks >= low) & (ticks <= high)]


def label_scale(axis: Axis, least: float, worst: float) -> None:
    """Round numbers on the logarithmic axis of a scale of colours, and its worst end."""
    ticks = [tick for tick in nice(least, worst) if tick < 0.85 * worst]
    axis.set_major_locator(FixedLocator([*ticks, worst]))
    axis.set_minor_locator(NullLocator())


def percent(share: float) -> str:
    """As a person writes it: 0.1 %, 20 %."""
    return f"{100 * share:.3g} %"


def logarithmic(axes: Axes, low: float, high: float) -> None:
    """A logarithmic axis from low to high, with round numbers at its ticks."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(FixedLocator(nice(low, high)))
    axes.yaxis.set_major_formatter("{x:.3g}")
    axes.yaxis.set_minor_locator(NullLocator())


def value_axis(axes: Axes, low: float, high: float) -> None:
    """An axis that holds values from low to high, logarithmic where they are far apart."""
    if high > 10 * low > 0:
        logarithmic(axes, low / 1.2, 1.2 * high)
    else:
        margin = 0.05 * (high - low) or 0.5
        axes.set_ylim(low - margin, high + margin)


def error_axis(axes: Axes, errors: ArrayLike) -> None:
    """A logarithmic axis that holds these errors, in percent; its lower edge is 0, if need be."""
    errors = np.asarray(errors)
    errors = errors[np.isfinite(errors)]
    none = (errors == 0).any()
    high = 1.15 * (errors.max(initial=0.0) or 1.0)
    low = floor(errors) if none else errors.min(initial=high) / 1.15
    logarithmic(axes, low, high)
    axes.yaxis.set_major_locator(
        FixedLocator([low, *nice(1.5 * low, high)] if none else nice(low, high))
    )
    axes.yaxis.set_major_formatter(lambda y, _: "0" if none and y == low else percent(y))
