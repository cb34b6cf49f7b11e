"""Sensitivity of each update rule to its step size.

Upper panels: final test accuracy against the step size, with the medians of the other optimizers in
grey. Markers are seeds, and lines are medians over seeds. Bars span all seeds if there are fewer
than ten, and the 10 % to 90 % quantiles otherwise. A cross at the edge is a seed whose accuracy is
not finite.

Lower panel: the range of good step sizes, whose median accuracy is within 0.02 of that of the best
one (star) of each optimizer. Thick lines join good step sizes of the grid, and thin lines
extend to the next step sizes, which are not good: the range ends somewhere on the thin line. Its
width in decades, on the right, is therefore between that of the thick line and that of both, or
more if the grid ends first.
"""

from collections.abc import Mapping
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from descent.analysis.best import best, criterion, selection_loss
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.figures._final import STAR, draw_ends, ends

GOOD = 0.02  # largest difference of a good accuracy from the best
PANEL, STRIP = 1.6, 0.25  # height in inches of a row of panels, and of an optimizer below


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    looks, end = style.optimizer_looks(summary), ends(traces, summary)
    columns = min(3, len(looks))
    rows, strip = ceil(len(looks) / columns), STRIP * len(looks)
    figure = Figure(figsize=(style.WIDTH, 1.2 + PANEL * rows + strip))
    above, below = figure.subfigures(2, 1, height_ratios=(PANEL * rows + 0.3, strip + 0.5))
    share = {"y": "final test accuracy", "sharex": True, "sharey": True}
    panels = style.wrapped(above, len(looks), columns, **share)
    for axes, (optimizer, look) in zip(panels, looks.items(), strict=True):
        scales.step_size_axis(axes, summary["step_size"], "")
        scales.accuracy_axis(axes, end["test_accuracy"])
        for _, other in summary.sort_values("step_size").groupby("optimizer"):
            medians = other["final_test_accuracy_median"].clip(*axes.get_ylim())
            axes.plot(other["step_size"], medians, color="0.8", linewidth=0.9)
        runs = summary[summary["optimizer"] == optimizer]
        draw_ends(axes, end[end["optimizer"] == optimizer], runs, "test_accuracy", look)
        axes.set_title(optimizer)
    _draw_good(below.subplots(), summary, looks)
    style.name_study(figure, summary)
    return figure


def _draw_good(axes: Axes, summary: pd.DataFrame, looks: Mapping[str, Mapping]) -> None:
    chosen = best(summary)["step_size"]
    scales.step_size_axis(axes, summary["step_size"])
    for row, (optimizer, runs) in enumerate(summary.groupby("optimizer", sort=False)):
        if optimizer in chosen:
            (first, last), (before, after) = good_step_sizes(runs)
            line = {"color": looks[optimizer]["color"], "solid_capstyle": "round"}
            axes.plot([before or first, after or last], [row, row], linewidth=1, **line)
            axes.plot([first, last], [row, row], linewidth=5, **line)
            axes.plot(chosen[optimizer], row, color=line["color"], **STAR)
            at_right = {"va": "center", "size": 8, "transform": axes.get_yaxis_transform()}
            axes.text(1.01, row, decades(first, last, before, after), **at_right)
    axes.set_yticks(range(len(looks)), looks)
    axes.set_ylim(len(looks) - 0.5, -0.5)
    title = f"good step sizes: within {GOOD:g} of the optimizer's own best, by {criterion(summary)}"
    axes.set_title(title, loc="left")


def good_step_sizes(
    runs: pd.DataFrame,
) -> tuple[tuple[float, float], tuple[float | None, float | None]]:
    """Return the smallest and largest good step size around the best one, and their neighbours.

    Step sizes between them are good, too. A neighbour is None at an end of the grid.
    runs: summary of one optimizer
    """
    runs = runs.sort_values("step_size")
    step_sizes, losses = runs["step_size"].tolist(), selection_loss(runs).to_numpy()
    chosen = np.argmin(losses)
    worse = np.flatnonzero(losses > losses[chosen] + GOOD + 1e-9)
    before, after = max(worse[worse < chosen], default=-1), min(worse[worse > chosen], default=None)
    good = step_sizes[before + 1 : after]
    neighbours = (step_sizes[before] if before >= 0 else None), (after and step_sizes[after])
    return (good[0], good[-1]), neighbours


def decades(first: float, last: float, before: float | None, after: float | None) -> str:
    """Describe the width of a range that includes first and last, but not their neighbours."""
    least = f"{np.log10(last) - np.log10(first):.2g}"
    if not (before and after):
        return f"{least} decades or more" if last > first else "not resolved"
    most = f"{np.log10(after) - np.log10(before):.2g}"
    return f"{least} to {most} decades" if last > first else f"under {most} decades"
