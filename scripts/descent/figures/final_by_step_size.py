"""What the step size decides: test error (1 - accuracy, of a classification) and test loss at the
end of every run, against its step size.

A mark is a seed; a line is the median over seeds, and a bar at a step size reaches from the least
to the largest of fewer than ten seeds, of more from the 10 % to the 90 % quantile. A star is the
best step size of an optimizer, chosen by what the legend says. The dotted line is where the initial
parameters are, if near. A mark above the panel stands for seeds off the scale: an open one diverged
(its value is not finite), a half open one lies beyond the axis, at over ten times the initial loss.
The axis of the error is logarithmic, and shows 0 at its lower edge; so is that of losses that span
more than a factor of ten.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from descent.best import best, criterion
from descent.figures._error import error, error_axis, logarithmic
from descent.figures._final import STAR, draw_final, drawable, final
from descent.figures._style import (
    WIDTH,
    logarithmic_step_sizes,
    name_study,
    optimizer_looks,
    step_size_text,
)
from descent.seeds import over_seeds

NEEDS = ()
PLACE = 1
BEYOND = 10  # times the initial loss
ROOM = 200  # points that all bars of an optimizer may take
START = {"color": "0.4", "linestyle": ":", "linewidth": 1}
GREY = {"color": "0.4", "linestyle": "none"}
OFF = {"diverged": "none", "beyond the axis": "bottom"}  # marks above a panel
BEST = STAR | {"markersize": 11}


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    if "test_accuracy" in traces:
        traces = traces.assign(test_error=error(traces["test_accuracy"]))
    start = traces[traces["step"] == 0]
    last = final(traces)
    names = {"test_error": "final test error", "test_loss": "final test loss"}
    names = {metric: text for metric, text in names.items() if metric in traces}
    figure = Figure(figsize=(WIDTH, 3.9))
    looks = dict(zip(summary["optimizer"].unique(), optimizer_looks(), strict=False))
    chosen = best(summary)["step_size"]
    seen: set[str] = set()
    for axes, metric in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        logarithmic_step_sizes(axes, summary["step_size"])
        axes.xaxis.set_minor_formatter(NullFormatter())
        initial = start[metric].median()
        limit = BEYOND * start[metric].max()
        shown = last.assign(**{metric: last[metric].where(last[metric] < limit)})
        _scale(axes, metric, shown[metric], initial)
        bottom, top = axes.get_ylim()
        if bottom <= initial <= top:
            axes.axhline(initial, **START)
            seen.add("initial parameters")
        for optimizer, look in looks.items():
            of_optimizer = shown["optimizer"] == optimizer
            _draw_optimizer(axes, shown[of_optimizer], metric, chosen.get(optimizer), *look)
            seen |= _draw_off_scale(axes, last[of_optimizer], metric, limit, *look)
        axes.set_ylabel(names[metric])
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4, label=_label(optimizer, chosen))
        for optimizer, (colour, marker) in looks.items()
    ]
    handles.append(Line2D([], [], **GREY | BEST, label=f"best by {criterion(summary)}"))
    if "initial parameters" in seen:
        handles.append(Line2D([], [], **START, label="initial parameters"))
    for why in OFF:
        if why in seen:
            handles.append(Line2D([], [], **GREY, marker="o", fillstyle=OFF[why], label=why))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    name_study(figure, summary)
    return figure


def _label(optimizer: str, chosen: pd.Series) -> str:
    at = f", best at α = {step_size_text(chosen[optimizer])}" if optimizer in chosen else ""
    return optimizer + at


def _scale(axes: Axes, metric: str, values: pd.Series, initial: float) -> None:
    """An axis that holds the values, and where they started unless that would flatten them."""
    values = values[np.isfinite(values)].to_numpy()
    if metric == "test_error":
        return error_axis(axes, np.append(values, initial))
    low, high = values.min(initial=initial), values.max(initial=-np.inf)
    if high > (low + initial) / 2 or not len(values):
        high = max(high, initial)
    if high > 10 * low > 0:
        logarithmic(axes, low / 1.2, 1.2 * high)
    else:
        margin = 0.05 * (high - low) or 0.5
        axes.set_ylim(low - margin, high + margin)
    return None


def _draw_optimizer(
    axes: Axes, runs: pd.DataFrame, metric: str, chosen: float | None, colour: str, marker: str
) -> None:
    of_runs = over_seeds(runs, ["step_size"], metric)
    draw_final(axes, runs, of_runs, metric, colour, marker, ROOM, clip_on=False)
    if chosen is not None:
        best_one = drawable(of_runs["median"], axes)[chosen]
        axes.plot(chosen, best_one, color=colour, clip_on=False, zorder=4, **BEST)


def _draw_off_scale(
    axes: Axes, runs: pd.DataFrame, metric: str, limit: float, colour: str, marker: str
) -> set[str]:
    """Marks above the panel, a row for each optimizer that has some; why they are there."""
    finite = np.isfinite(runs[metric])
    diverged = set(runs["step_size"][~finite])
    beyond = set(runs["step_size"][finite & ~(runs[metric] < limit)]) - diverged
    rows = len([line for line in axes.get_lines() if line.get_gid() == "off"])
    off = {"diverged": diverged, "beyond the axis": beyond}
    found = {why for why in off if off[why]}
    for why in found:
        at = sorted(off[why])
        (line,) = axes.plot(at, np.full(len(at), 1.03 + 0.05 * rows), marker, color=colour)
        line.set(linestyle="none", fillstyle=OFF[why], markersize=4, clip_on=False, gid="off")
        line.set_transform(axes.get_xaxis_transform())
    return found
