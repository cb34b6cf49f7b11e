"""Final test accuracy (for classifications) and suboptimality F − F* (or test loss, if the minimum
is not known) of every run, against its step size.

Markers are seeds, and lines are medians over seeds. Bars span all seeds if there are fewer than
ten, and the 10 % to 90 % quantiles otherwise. Final values are those of the last step. If most
seeds of a run oscillate, they are medians over the last quarter of the steps, whose values the bar
then includes. A cross at the edge is a seed that is not finite or lies beyond the axis. Stars mark
the best step size of each optimizer, by the criterion in the legend. The dotted line is the value
at the initial parameters, if within the axis. The rows below show the status of most seeds of each
run; signs that would overlap are left out.

An optimizer is stable near the minimiser left of its dashed line, the stability limit. For full
batches of plain gradient descent the limit is 2/λ_max of the Hessian there; for mini-batches it is
the step size up to which the second moments of the iterates stay bounded ("at most": only an upper
bound is known). Left of the dash-dotted line, 2/L, gradient descent converges from anywhere; L
bounds the curvature everywhere.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import logit

from descent.analysis.best import best, criterion
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.figures._final import STAR, draw_ends, draw_statuses, ends
from descent.theory.results import TheoryResults

HIGHEST, DEEPEST = 10, 1e-6  # ends of an axis, relative to the initial loss
PANEL, ROW = 2.3, 0.17  # height in inches of a panel, and of the signs of an optimizer
START = {"color": "0.4", "linestyle": ":", "linewidth": 1, "label": "initial parameters"}
METRICS = {
    "test_accuracy": "test accuracy",
    "excess": r"objective $F - F^\star$",
    "test_loss": "test loss",
}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    metrics = [metric for metric in METRICS if metric in traces][:2]
    looks, chosen, end = style.optimizer_looks(summary), best(summary), ends(traces, summary)
    heights = [*[PANEL] * len(metrics), ROW * len(looks) + 0.1]
    figure = Figure(figsize=(style.WIDTH, 1.2 + sum(heights)))
    *panels, below = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    scales.step_size_axis(below, summary["step_size"])
    limits: set[str] = set()
    for axes, metric in zip(panels, metrics, strict=True):
        start = traces.loc[traces["step"] == 0, metric]
        _scale(axes, end[metric], start)
        axes.axhline(start.median(), **START)
        axes.set_ylabel(METRICS[metric])
        for optimizer, look in looks.items():
            runs = summary[summary["optimizer"] == optimizer]
            draw_ends(axes, end[end["optimizer"] == optimizer], runs, metric, look)
            limits |= scales.draw_limits(axes, theory, optimizer, look["color"])
            if optimizer in chosen.index:
                run = chosen.loc[optimizer]
                y = np.clip(run[f"final_{metric}_median"], *axes.get_ylim())
                mark = {"color": look["color"], "zorder": 4}
                axes.plot(run["step_size"], y, **mark, **STAR, **style.OVER)
    shown = draw_statuses(below, summary, looks)
    labels = {_label(name, chosen, summary): look for name, look in looks.items()}
    best_by = {"color": "0.4", "linestyle": "none", "label": f"best by {criterion(summary)}"}
    handles = style.name_optimizers(labels)
    handles += [Line2D([], [], **best_by, **STAR), Line2D([], [], **START)]
    handles += [*scales.name_limits(limits), *style.name_signs(shown)]
    longest = max(len(str(handle.get_label())) for handle in handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=4 if longest < 30 else 3)
    style.name_study(figure, summary)
    return figure


def _label(optimizer: str, chosen: pd.DataFrame, summary: pd.DataFrame) -> str:
    if optimizer not in chosen.index:
        return optimizer
    grid = summary.loc[summary["optimizer"] == optimizer, "step_size"]
    step_size = chosen.loc[optimizer, "step_size"]
    note = " (end of grid)" if len(grid) > 1 and step_size in (grid.min(), grid.max()) else ""
    return f"{optimizer}, best α = {style.step_size_text(step_size)}{note}"


def _scale(axes: Axes, values: pd.Series, start: pd.Series) -> None:
    """Set an axis of the values up to HIGHEST times the start, and of the start unless it would
    compress the rest."""
    initial = start.median()
    if values.name == "test_accuracy":
        low, high = logit(scales.accuracy_range(values))
        with_start = logit(scales.accuracy_range([initial, *values]))
        compressed = with_start[0] < low - (high - low) / 3
        return scales.accuracy_axis(axes, values if compressed else [initial, *values])
    values = values[values < HIGHEST * start.max()]
    low, high = values.min(), values.max()
    if values.name == "excess":
        low = max(low, DEEPEST * initial)
    if not len(values) or high > (low + initial) / 2:
        low, high = np.fmin(low, initial), np.fmax(high, initial)
    return scales.value_axis(axes, low, high, "log" if values.name == "excess" else "")
