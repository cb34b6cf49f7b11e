"""Number of steps to the target against the step size, for each optimizer.

The target is set by the study: a bound on (F − F*)/F* or, if the minimum is not known, on the test
accuracy or test loss. Markers are medians over seeds of the first evaluated step after which the
target is met until the end. Bars span all seeds if there are fewer than ten, and the 10 % to 90 %
quantiles otherwise. A cross at the upper edge is a run that misses the target in the last twentieth
of its steps. Along the dotted lines, of slope −1, α times the number of steps is constant: doubling
the step size halves the number of steps. Left of its dashed line, the stability limit, an optimizer
is stable near the minimiser; left of the dash-dotted line, 2/L, it converges from anywhere.
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
        runs = summary["optimizer"] == optimizer
        _draw_optimizer(axes, summary.loc[runs, "step_size"], steps[runs], look)
        limits |= scales.draw_limits(axes, theory, optimizer, look["color"])
    handles = style.name_optimizers(looks)
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
    median, low, high = steps.loc[a.index].clip(lower=1).to_numpy().T
    top, a, met = axes.get_ylim()[1], a.to_numpy(), np.isfinite(median)
    axes.vlines(a, low, np.minimum(high, top), color=look["color"], alpha=0.35, linewidth=3)
    axes.plot(a, np.where(met, median, np.nan), **look, markersize=4)
    cross = {"color": look["color"], "marker": style.SIGNS["diverged"]}
    axes.plot(a[~met], np.full((~met).sum(), top), **style.SIGN | style.OVER | cross)
    if met.any():
        first_a, first = a[met][0], median[met][0]
        axes.axline((first_a, first), (10 * first_a, first / 10), **PROPORTIONAL)
