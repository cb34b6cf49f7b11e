"""Which step size is the fastest: the steps to the target against the step size, a line for each
optimizer. The target is that of the study: how far above its minimum the objective may stay, as a
share of the minimum, or, where that is not known, a test accuracy or test loss.

A mark is the first evaluated step from which on the target is met, the median over seeds; a bar
reaches over the seeds (from ten seeds on from the 10 % to the 90 % quantile). A cross at the upper
edge is a run that missed the target in the last twentieth of its steps. The dotted lines have slope
-1: along them α times the number of steps is the same, so that twice the step size takes half the
steps. Left of its dashed line an optimizer settles near the minimiser, left of the dash-dotted
line, 2/L, from anywhere.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.analysis.quantiles import median_and_ends
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.theory.results import TheoryResults

PROPORTIONAL = {"color": "0.6", "linestyle": ":", "linewidth": 1, "zorder": 1.5}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    figure = Figure(figsize=(style.WIDTH, 4.2))
    axes = figure.subplots()
    steps = summary[[f"steps_to_target_{end}" for end in median_and_ends(summary["seeds"].max())]]
    reached = steps.to_numpy()[np.isfinite(steps)]
    fewest = max(reached.min(), 1) if reached.size else 1
    scales.step_size_axis(axes, summary["step_size"])
    scales.value_axis(axes, fewest, traces["step"].max(), "log")
    axes.set_ylabel("steps to the target")
    looks, limits = style.optimizer_looks(summary), set[str]()
    for optimizer, look in looks.items():
        own = summary["optimizer"] == optimizer
        _draw_optimizer(axes, summary.loc[own, "step_size"], steps[own], look)
        limits |= scales.draw_limits(axes, theory, optimizer, look["color"])
    handles = [Line2D([], [], label=name, markersize=4, **look) for name, look in looks.items()]
    handles.append(Line2D([], [], label="α t = constant", **PROPORTIONAL))
    handles += scales.name_limits(limits)
    if not np.isfinite(steps.iloc[:, 0]).all():
        cross = {"color": "0.3", "marker": style.SIGNS["diverged"]}
        handles.append(Line2D([], [], label="target not reached", **style.SIGN | cross))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    style.name_study(figure, summary)
    return figure


def _draw_optimizer(
    axes: Axes, step_sizes: pd.Series, steps: pd.DataFrame, look: Mapping[str, Any]
) -> None:
    a = step_sizes.sort_values()
    middle, low, high = steps.loc[a.index].clip(lower=1).to_numpy().T
    top, a = axes.get_ylim()[1], a.to_numpy()
    axes.vlines(a, low, np.minimum(high, top), color=look["color"], alpha=0.35, linewidth=3)
    axes.plot(a, np.where(np.isfinite(middle), middle, np.nan), **look, markersize=4)
    missed = a[~np.isfinite(middle)]
    cross = {"color": look["color"], "marker": style.SIGNS["diverged"]}
    axes.plot(missed, np.full(len(missed), top), **style.SIGN | style.OVER | cross)
    if np.isfinite(middle).any():
        first = np.isfinite(middle).argmax()
        axes.axline((a[first], middle[first]), (10 * a[first], middle[first] / 10), **PROPORTIONAL)
