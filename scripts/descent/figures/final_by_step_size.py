"""What the step size decides: test error (1 - accuracy, of a classification) and test loss at the
end of every run, against its step size, and the limits of the step size where theory knows them.

A mark is a seed; a line is the median over seeds, and a bar at a step size reaches from the least
to the largest of fewer than ten seeds, of more from the 10 % to the 90 % quantile. A star is the
best step size of an optimizer, chosen by what the legend says; a ring, a run that oscillates. The
dotted line is where the initial parameters are, if near. A mark above the panel stands for seeds
off the scale: an open one diverged (its value is not finite), a half open one lies beyond the axis,
at over ten times the initial loss. Left of its dashed line an optimizer is stable near the
minimiser: there 2/λ_max of the Hessian is the limit of full batches, of batches the step size up to
which the mean squares of the iterates stay bounded. Left of the dash-dotted line, 2/L, gradient
descent converges from anywhere. The axis of the error is logarithmic, and shows 0 at its lower
edge; so is that of losses that span more than a factor of ten.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from descent.analysis.best import best, criterion
from descent.analysis.quantiles import over_seeds
from descent.analysis.status import majority_status
from descent.figures._error import error, error_axis, value_axis
from descent.figures._final import STAR, draw_final, drawable, final
from descent.figures._limits import draw_limits, named_limits
from descent.figures._style import (
    WIDTH,
    logarithmic_step_sizes,
    name_study,
    optimizer_looks,
    step_size_text,
)
from descent.theory.known import Known

BEYOND = 10  # times the initial loss
LONG = 40  # characters of a label; of longer ones there is no room for three beside each other
ROOM = 200  # points that all bars of an optimizer may take
START = {"color": "0.4", "linestyle": ":", "linewidth": 1}
GREY = {"color": "0.4", "linestyle": "none"}
RING = {"linestyle": "none", "marker": "o", "markersize": 9, "fillstyle": "none", "gid": "ring"}
OFF = {"diverged": "none", "beyond the axis": "bottom"}  # marks above a panel
BEST = STAR | {"markersize": 11}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, known: Known) -> Figure:
    if "test_accuracy" in traces:
        traces = traces.assign(test_error=error(traces["test_accuracy"]))
    start = traces[traces["step"] == 0]
    last = final(traces)
    names = {"test_error": "final test error", "test_loss": "final test loss"}
    names = {metric: text for metric, text in names.items() if metric in traces}
    figure = Figure(figsize=(WIDTH, 3.9))
    looks = dict(zip(summary["optimizer"].unique(), optimizer_looks(), strict=False))
    chosen = best(summary)["step_size"]
    oscillating = summary[summary["status"].map(majority_status) == "oscillating"]
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
            ringed = oscillating[oscillating["optimizer"] == optimizer]["step_size"]
            of_runs = shown[of_optimizer], metric, chosen.get(optimizer), ringed
            seen |= _draw_optimizer(axes, *of_runs, *look)
            seen |= _draw_off_scale(axes, last[of_optimizer], metric, limit, *look)
            seen |= draw_limits(axes, known, optimizer, look[0])
        axes.set_ylabel(names[metric])
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markersize=4,
            label=_label(optimizer, chosen, summary),
        )
        for optimizer, (colour, marker) in looks.items()
    ]
    handles.append(Line2D([], [], **GREY | BEST, label=f"best by {criterion(summary)}"))
    if "initial parameters" in seen:
        handles.append(Line2D([], [], **START, label="initial parameters"))
    for why in OFF:
        if why in seen:
            handles.append(Line2D([], [], **GREY, marker="o", fillstyle=OFF[why], label=why))
    if "oscillating" in seen:
        handles.append(Line2D([], [], color="0.4", label="oscillating", **RING))
    handles += named_limits(seen)
    longest = max(len(str(handle.get_label())) for handle in handles)
    columns = 3 if longest <= LONG else 2
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)
    name_study(figure, summary)
    return figure


def _label(optimizer: str, chosen: pd.Series, summary: pd.DataFrame) -> str:
    if optimizer not in chosen:
        return optimizer
    grid = summary.loc[summary["optimizer"] == optimizer, "step_size"]
    at_end = chosen[optimizer] in (grid.min(), grid.max()) and len(grid) > 1
    where = " (grid ends)" if at_end else ""
    return f"{optimizer}, best at α = {step_size_text(chosen[optimizer])}{where}"


def _scale(axes: Axes, metric: str, values: pd.Series, initial: float) -> None:
    """An axis that holds the values, and where they started unless that would flatten them."""
    values = values[np.isfinite(values)].to_numpy()
    if metric == "test_error":
        return error_axis(axes, np.append(values, initial))
    low, high = values.min(initial=initial), values.max(initial=-np.inf)
    if high > (low + initial) / 2 or not len(values):
        high = max(high, initial)
    return value_axis(axes, low, high)


def _draw_optimizer(
    axes: Axes,
    runs: pd.DataFrame,
    metric: str,
    chosen: float | None,
    ringed: pd.Series,
    colour: str,
    marker: str,
) -> set[str]:
    """Draw an optimizer, with rings around the runs that oscillate; whether there are some."""
    of_runs = over_seeds(runs, ["step_size"], metric)
    draw_final(axes, runs, of_runs, metric, colour, marker, ROOM, clip_on=False)
    rings = drawable(of_runs["median"], axes)[ringed].dropna()
    if len(rings):  # a line without points that is not clipped would take the layout's room
        axes.plot(rings.index, rings, color=colour, clip_on=False, **RING)
    if chosen is not None:
        best_one = drawable(of_runs["median"], axes)[chosen]
        axes.plot(chosen, best_one, color=colour, clip_on=False, zorder=4, **BEST)
    return {"oscillating"} if len(rings) else set()


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
