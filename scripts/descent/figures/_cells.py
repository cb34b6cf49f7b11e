"""A row of cells for the step sizes of an optimizer, on an axis of their decimal logarithm."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from descent.figures._style import step_size_text

OUTLINE = "#D55E00"  # of what is best, or useful
LETTER = 0.62  # width over height of a letter, about


def cells(axes: Axes, summary: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, NDArray]]:
    """The runs of each optimizer by step size, and the ends (left, right) [2, runs] of their cells.

    Cells meet halfway between step sizes, but reach no farther than half a decade (or a fortieth of
    the axis): where nothing was run there is no cell. The axis is made to hold them.
    """
    place = np.log10(summary["step_size"].to_numpy())
    half = max(0.5, np.ptp(place) / 40)
    rows = {}
    for optimizer, runs in summary.groupby("optimizer", sort=False):
        runs = runs.sort_values("step_size")
        place = np.log10(runs["step_size"].to_numpy())
        middle = (place[1:] + place[:-1]) / 2
        outer = min(half, *(np.diff(place) / 2), half)
        left = np.maximum(np.r_[place[0] - outer, middle], place - half)
        right = np.minimum(np.r_[middle, place[-1] + outer], place + half)
        rows[optimizer] = runs, np.stack([left, right])
    low = min(ends.min() for _, ends in rows.values())
    high = max(ends.max() for _, ends in rows.values())
    margin = 0.01 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    return rows


def draw_cells(
    axes: Axes, ends: NDArray, bottom: float, top: float, faces: NDArray, width: float
) -> tuple[NDArray, NDArray]:
    """Draw a row of cells between their ends, on an axis so many inches wide.

    The corners [runs, 4, 2] of the cells, and how many inches each is wide.
    """
    inches = np.diff(ends, axis=0)[0] / np.ptp(axes.get_xlim()) * width
    y = np.tile([[bottom, bottom, top, top]], (ends.shape[1], 1))
    corners = np.stack([ends[[0, 1, 1, 0]].T, y], axis=-1)
    white = {"edgecolor": "white", "linewidth": np.minimum(1, 2 * inches)}
    axes.add_collection(PolyCollection(corners, facecolor=faces, **white))
    return corners, inches


def step_size_ticks(axes: Axes, step_sizes: pd.Series, inches: float) -> None:
    """Label step sizes on an axis of logarithms that is so wide, as many as there is room for.

    Powers of ten come first.
    """
    place = {step_size: np.log10(step_size) for step_size in np.unique(step_sizes)}
    low, high = axes.get_xlim()
    taken: dict[float, tuple[float, float]] = {}
    for step_size in sorted(place, key=lambda each: abs(place[each] - round(place[each])) > 1e-9):
        at = (place[step_size] - low) / (high - low) * inches
        half = text_width(step_size_text(step_size), 9) / 2 + 0.05
        if all(abs(at - other) > half + reach for other, reach in taken.values()):
            taken[step_size] = at, half
    axes.set_xticks([place[each] for each in taken], list(map(step_size_text, taken)))
    axes.set_xlabel("step size α")


def text_width(text: str, size: float) -> float:
    """Inches that the longest line of a text takes, about."""
    return LETTER * size / 72 * max(map(len, text.split("\n")))
