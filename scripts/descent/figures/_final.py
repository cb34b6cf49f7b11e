"""How runs end, against their step size: every seed, the median, and a bar over the range."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

DOTS = {"linestyle": "none", "markersize": 3, "markeredgewidth": 0, "alpha": 0.6}
STAR = {"marker": "*", "markeredgecolor": "black", "markeredgewidth": 0.6}  # of the best
BAR = 3  # points, where there is room


def final(traces: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last step of every run."""
    return traces[traces["step"] == traces.groupby("optimizer")["step"].transform("max")]


def drawable(values: pd.Series, axes: Axes) -> pd.Series:
    """The values that are finite; what is below the axis at its lower edge."""
    return values.where(np.isfinite(values)).clip(lower=axes.get_ylim()[0])


def draw_final(
    axes: Axes,
    runs: pd.DataFrame,
    of_runs: pd.DataFrame,
    metric: str,
    colour: str,
    marker: str,
    room: float,
    **dots: bool,
) -> None:
    """Draw a metric of one optimizer.

    runs: the last rows of its runs; of_runs: what `over_seeds` tells of the metric by step size;
    room: points that all bars together may take; dots: looks of the seeds.
    """
    low, high = (of_runs[edge].clip(*axes.get_ylim()) for edge in ("low", "high"))
    width = min(BAR, room / len(of_runs))
    axes.vlines(of_runs.index, low, high, color=colour, alpha=0.35, linewidth=width)
    axes.plot(of_runs.index, drawable(of_runs["median"], axes), color=colour)
    seeds = drawable(runs[metric], axes)
    axes.plot(runs["step_size"], seeds, marker, color=colour, **DOTS, **dots)
