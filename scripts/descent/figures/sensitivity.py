"""How sensitive each update rule is to its step size.

Above: final test accuracy against the step size; a line is the median over seeds, its band reaches
from the 10 % to the 90 % quantile. Below: the good step sizes of each optimizer, those around its
best one whose median is within 0.02 of its own best; the number is the largest over the smallest.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.figures._style import (
    BAND,
    WIDTH,
    logarithmic_step_sizes,
    name_study,
    optimizer_looks,
)

NEEDS = ("classification", "update rules")
PLACE = 3
GOOD = 0.02  # of accuracy, below the best


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    optimizers = summary["optimizer"].unique()
    figure = Figure(figsize=(WIDTH, 3.4 + 0.25 * len(optimizers)))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 0.25 * len(optimizers)))
    by_optimizer = zip(summary.groupby("optimizer", sort=False), optimizer_looks(), strict=False)
    for row, ((optimizer, runs), (colour, marker)) in enumerate(by_optimizer):
        runs = runs.sort_values("step_size")
        median, low, high = (runs[f"final_test_accuracy_{q}"] for q in ("median", "min", "max"))
        line = {"color": colour, "marker": marker, "markersize": 4, "label": optimizer}
        above.plot(runs["step_size"], median, **line)
        above.fill_between(runs["step_size"], low, high, color=colour, alpha=BAND, linewidth=0)
        _draw_range(below, row, good_step_sizes(runs), colour, marker)
    above.set_ylabel("final test accuracy")
    above.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    below.set_yticks(range(len(optimizers)), optimizers)
    below.invert_yaxis()
    below.set_ylim(len(optimizers) - 0.5, -0.5)
    below.set_title(f"good step sizes: within {GOOD:g} of the optimizer's own best", loc="left")
    logarithmic_step_sizes(below, summary["step_size"])
    name_study(figure, summary)
    return figure


def good_step_sizes(runs: pd.DataFrame) -> NDArray:
    """Step sizes around the best one, without a gap, whose median is within GOOD of the best.

    runs: summary of one optimizer, sorted by step size.
    """
    median = runs["final_test_accuracy_median"].to_numpy()
    if np.isnan(median).all():
        return np.array([])
    best = np.nanargmax(median)
    bad = np.flatnonzero(~(median >= median[best] - GOOD))
    first = max(bad[bad < best], default=-1) + 1
    end = min(bad[bad > best], default=len(median))
    return runs["step_size"].to_numpy()[first:end]


def _draw_range(axes: Axes, row: int, good: NDArray, colour: str, marker: str) -> None:
    axes.plot(good, np.full(len(good), row), color=colour, marker=marker, markersize=4)
    if len(good):
        axes.annotate(
            f"×{good[-1] / good[0]:.2g}",
            (good[-1], row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
