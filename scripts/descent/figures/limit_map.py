"""Bifurcation diagram of full-batch gradient descent: the training objective over the last quarter
of the steps against the step size, showing fixed points, cycles of 2, 4 and 8 steps, and chaos.

Upper panel: a dot is the objective after one step of one seed. The dots of a converged run
coincide, those of a run that still descends form a short line, and a cycle has at most as many
distinct dots as steps. The inset enlarges the first cycles. A triangle at the upper edge marks step
sizes with values that are not finite, or above a thousand times the largest initial objective.

Colours, and the lower panel with a row for each seed, show the period of these values. It is 1 if
no step raised the objective by more than rounding (converged, or still descending). Otherwise it is
the smallest p up to 32 for which values p steps apart agree to a hundredth of the range of all
values, or none: chaos, a longer cycle, or a cycle not yet reached. This is the period of the
objective, not of the iterates: a cycle of points with equal objective has period 1. Where rows
differ, the initial parameters decide the outcome. Cells end halfway between step sizes.

Dashed line: stability limit near the minimiser (2/λ_max of the Hessian there, without momentum);
iterates near the minimiser converge to it left of the line, and leave it right of the line.
Dash-dotted line: 2/L, below which gradient descent converges from anywhere; L bounds the curvature
everywhere. The upper axis shows α L.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETUP
from numpy.typing import ArrayLike

from descent.analysis.quantiles import FEW
from descent.analysis.summary import last_quarter
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.store.iterates import ROUNDING
from descent.theory.results import TheoryResults

LONGEST, TURNS, TOLERANCE = 32, 4, 0.01  # longest period, its least repetitions, and tolerance
HIGHEST = 1000  # end of the axis, relative to the largest initial objective
VALUES, ROW, ROWS = 3.4, 0.16, 1.2  # height in inches of the values, a row, and all rows at most
INSET = np.array([0.14, 0.45, 0.31, 0.5])  # left, bottom, width, height in a panel
ANOTHER, NONE, DIVERGED = "another", f"none up to {LONGEST}", "diverged"
COLOURS = {  # by name of the period
    **{"1": "#0072B2", "2": "#009E73", "4": "#E69F00", "8": "#D55E00"},
    **{ANOTHER: "#CC79A7", NONE: "0.45", DIVERGED: "0.85"},
}
DOTS = {"linestyle": "none", "marker": ".", "markeredgewidth": 0, "rasterized": True, "snap": False}
SETTLED, UNSETTLED = {"markersize": 3}, {"markersize": 1.6, "alpha": 0.5}
BEYOND = {"color": "0.3", "linestyle": "none", "marker": CARETUP, "markersize": 4.5}
SEED = [*style.RUN, "seed"]


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    tails = last_quarter(traces)
    periods = tails.groupby(SEED)["objective"].agg(period)
    tails = tails.join(periods.map(_name).rename("period"), on=SEED)
    seeds, optimizers = traces["seed"].nunique(), list(summary["optimizer"].unique())
    heights = [VALUES, min(ROW * seeds, ROWS)] * len(optimizers)
    figure = Figure(figsize=(style.WIDTH, sum(heights) + 0.6 * len(optimizers) + 0.7))
    grid = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    start = traces.loc[traces["step"] == 0, "objective"].max()
    inside = tails["objective"] <= HIGHEST * start
    values, beyond = tails.loc[inside, "objective"], tails[~inside]
    limits: set[str] = set()
    for optimizer, above, below in zip(optimizers, grid[::2], grid[1::2], strict=True):
        of_optimizer = tails[tails["optimizer"] == optimizer]
        _draw_periods(below, periods[optimizer].unstack("seed").map(_name))
        below.set(xlabel="step size α", ylabel="seed")
        below.tick_params(labelbottom=True)
        scales.value_axis(above, values.min(), values.max()) if len(values) else None
        above.set_ylabel("training objective,\nlast quarter of the steps")
        above.set_title(optimizer if len(optimizers) > 1 else "", loc="left")
        _draw_values(above, of_optimizer)
        _draw_inset(above, of_optimizer)
        step_sizes = beyond.loc[beyond["optimizer"] == optimizer, "step_size"].unique()
        edge = np.full(len(step_sizes), above.get_ylim()[1])
        above.plot(step_sizes, edge, **BEYOND, **style.OVER)
        limits |= scales.draw_limits(above, theory, optimizer, "0.4")
    scales.units_of_bound(grid[0], theory)
    handles = [*_name_periods(periods), *scales.name_limits(limits)]
    if len(beyond):
        handles.append(Line2D([], [], **BEYOND, label="beyond the axis"))
    figure.legend(handles=handles, title="period", loc="outside lower center", ncols=4)
    style.name_study(figure, summary, "one seed" if seeds == 1 else f"each of {seeds} seeds")
    return figure


def period(objective: ArrayLike) -> float:
    """Return the period of F at successive steps [n]; 0 if it has none, nan if not all is finite.

    The period is 1 if no step raises F beyond rounding, else the smallest p from 2 to 32 for which
    the values of each phase (t modulo p) lie within a hundredth of the range of all values. The
    values have to contain at least four periods.
    """
    F = np.asarray(objective)
    if not np.isfinite(F).all():
        return np.nan
    if (np.diff(F) <= ROUNDING * np.abs(F[:-1])).all():
        return 1
    for p in range(2, min(LONGEST, len(F) // TURNS) + 1):
        if max(np.ptp(F[phase::p]) for phase in range(p)) <= TOLERANCE * np.ptp(F):
            return p
    return 0


def _name(period: float) -> str:
    """Return the key of a period in COLOURS."""
    if np.isnan(period):
        return DIVERGED
    return str(int(period)) if period in (1, 2, 4, 8) else ANOTHER if period else NONE


def _name_periods(periods: pd.Series) -> list[Line2D]:
    """Return legend handles of the periods that occur."""
    names = periods.map(_name)
    others = ", ".join(map(str, sorted(set(periods[names == ANOTHER].astype(int)))))
    labels = {"1": "1: converged or descending", ANOTHER: f"another: {others}"}
    square = {"linestyle": "none", "marker": "s"}
    return [
        Line2D([], [], color=colour, label=labels.get(name, name), **square)
        for name, colour in COLOURS.items()
        if (names == name).any()
    ]


def _draw_values(axes: Axes, tails: pd.DataFrame) -> None:
    """Draw the dots of one optimizer, cycles over chaos."""
    for name in reversed(COLOURS):
        rows = tails[tails["period"] == name]
        look = DOTS | (UNSETTLED if name == NONE else SETTLED)
        axes.plot(rows["step_size"], rows["objective"], color=COLOURS[name], **look)


def _draw_inset(axes: Axes, tails: pd.DataFrame) -> None:
    """Enlarge the first cycles in the corner of the panel, if it is empty."""
    cycles = tails.loc[tails["period"].isin(["2", "4", "8"]), "step_size"].unique()
    corners = INSET[:2], INSET[:2] + INSET[2:]
    (left, bottom), (right, _) = (axes.transScale + axes.transLimits).inverted().transform(corners)
    hidden = tails["step_size"].between(left, right) & (tails["objective"] > bottom)
    if len(cycles) < 4 or hidden.any():
        return
    first, last = np.sort(cycles)[[0, len(cycles) // 12 + 2]]
    near = tails[tails["step_size"].between(first - 0.15 * (last - first), last)]
    inset = axes.inset_axes(INSET)
    _draw_values(inset, near)
    inset.tick_params(labelsize=7)
    axes.indicate_inset_zoom(inset, edgecolor="0.5")


def _draw_periods(axes: Axes, names: pd.DataFrame) -> None:
    """Draw a row of cells for each seed; names: of periods [step size, seed]."""
    codes = names.map([*COLOURS].index).to_numpy().T
    left, right = style.cell_edges(names.index)
    rows, colours = np.arange(len(codes) + 1), ListedColormap([*COLOURS.values()])
    ends = np.r_[left, right[-1]]
    axes.pcolormesh(ends, rows, codes, cmap=colours, vmin=-0.5, vmax=len(COLOURS) - 0.5)
    axes.set_ylim(rows[-1], 0)
    few = len(codes) < FEW
    axes.hlines(rows[1:-1] if few else [], 0, 1, "white", transform=axes.get_yaxis_transform())
    axes.set_yticks(rows[:-1] + 0.5 if few else [], names.columns if few else [])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
