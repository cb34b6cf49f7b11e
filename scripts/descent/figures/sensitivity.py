"""How sensitive each update rule is to its step size.

Above: final test error (1 - accuracy) against the step size, a panel for each optimizer with the
others in grey. A mark is a seed, a line the median over seeds; a bar reaches from the least to the
largest of fewer than ten seeds, of more from the 10 % to the 90 % quantile. Seeds whose error is
not finite are left out, and count as the worst.

Below: the good step sizes of each optimizer, those around its best one, the star, whose median is
within 0.02 of it. The grid resolves no more than this: a thick line joins good step sizes, a thin
one leads to the nearest that is not good, and the range ends somewhere on it. So the number of
decades lies between those of the thick line and of both; "or more" where the grid ends before the
range does.
"""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from descent.analysis.best import badness, best, criterion
from descent.analysis.quantiles import over_seeds
from descent.figures._error import error, error_axis
from descent.figures._final import STAR, draw_final, drawable, final
from descent.figures._style import WIDTH, logarithmic_step_sizes, name_study, optimizer_looks

GOOD = 0.02  # of accuracy, below the best
PANEL, STRIP = 1.5, 0.25  # inches: a row of panels, a row of good step sizes
ROOM = 150  # points that all bars of an optimizer may take
BEST = STAR | {"markersize": 9}


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    optimizers = summary["optimizer"].unique()
    columns = min(3, len(optimizers))
    rows = ceil(len(optimizers) / columns)
    strip = STRIP * len(optimizers)
    figure = Figure(figsize=(WIDTH, 1.2 + PANEL * rows + strip))
    above, below = figure.subfigures(2, 1, height_ratios=(PANEL * rows + 0.3, strip + 0.5))
    grid = above.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    last = final(traces)
    last = last.assign(test_error=error(last["test_accuracy"]))
    error_axis(grid[0, 0], last["test_error"])
    of_runs = {
        optimizer: (runs, over_seeds(runs, ["step_size"], "test_error"))
        for optimizer, runs in last.groupby("optimizer", sort=False)
    }
    looks = dict(zip(optimizers, optimizer_looks(), strict=False))
    for axes in grid.flat[len(optimizers) :]:
        axes.axis("off")
    for axes, optimizer in zip(grid.flat, optimizers, strict=False):
        logarithmic_step_sizes(axes, summary["step_size"])
        axes.set_xlabel("")
        for _, other in of_runs.values():
            axes.plot(other.index, drawable(other["median"], axes), color="0.8", linewidth=0.9)
        draw_final(axes, *of_runs[optimizer], "test_error", *looks[optimizer], ROOM)
        axes.set_title(optimizer)
    for axes in grid[:, 0]:
        axes.set_ylabel("final test error")
    _draw_good(below.subplots(), summary, looks)
    for axes in (*grid.flat, *below.axes):
        axes.xaxis.set_minor_formatter(NullFormatter())
    name_study(figure, summary)
    return figure


def _draw_good(axes: Axes, summary: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> None:
    chosen = best(summary)["step_size"]
    logarithmic_step_sizes(axes, summary["step_size"])
    for row, (optimizer, runs) in enumerate(summary.groupby("optimizer", sort=False)):
        if optimizer not in chosen:
            continue
        (first, last), (before, after) = good_step_sizes(runs)
        colour, _ = looks[optimizer]
        axes.plot([before or first, after or last], [row, row], color=colour, linewidth=1)
        axes.plot([first, last], [row, row], color=colour, linewidth=5, solid_capstyle="round")
        axes.plot(chosen[optimizer], row, color=colour, **BEST)
        axes.text(1.01, row, decades(first, last, before, after), va="center", fontsize=8)
        axes.texts[-1].set_transform(axes.get_yaxis_transform())
    axes.set_yticks(range(len(looks)), looks)
    axes.set_ylim(len(looks) - 0.5, -0.5)
    title = f"good step sizes: within {GOOD:g} of the optimizer's own best, by {criterion(summary)}"
    axes.set_title(title, loc="left")


def good_step_sizes(
    runs: pd.DataFrame,
) -> tuple[tuple[float, float], tuple[float | None, float | None]]:
    """The least and the largest step size around the best one, without a gap, whose median is
    within GOOD of it; and their neighbours, None at an end of the grid.

    runs: summary of one optimizer.
    """
    runs = runs.sort_values("step_size")
    step_sizes, bad = runs["step_size"].tolist(), badness(runs).to_numpy()
    chosen = np.argmin(bad)
    worse = np.flatnonzero(bad > bad[chosen] + GOOD + 1e-9)
    before = max(worse[worse < chosen], default=None)
    after = min(worse[worse > chosen], default=None)
    first = 0 if before is None else before + 1
    last = len(bad) - 1 if after is None else after - 1
    neighbours = tuple(None if i is None else step_sizes[i] for i in (before, after))
    return (step_sizes[first], step_sizes[last]), neighbours


def decades(first: float, last: float, before: float | None, after: float | None) -> str:
    """What is known of the width of a range that includes first and last but neither neighbour."""
    least, most = _rounded(last, first), after and before and _rounded(after, before)
    if not most:
        return f"{least} decades or more" if last > first else "not resolved"
    return f"{least} to {most} decades" if last > first else f"under {most} decades"


def _rounded(high: float, low: float) -> str:
    """Decades from low to high."""
    between = np.log10(high) - np.log10(low)
    return f"{between:.1f}" if between >= 0.1 else f"{between:.1g}"
