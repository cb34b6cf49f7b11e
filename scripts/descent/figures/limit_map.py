"""Beyond the limit: where descent on all samples has come to by its last quarter, against its step
size: to rest, into a cycle of two steps, of four, of eight, or into chaos.

Above, a dot is the training objective after a step: of every step of the last quarter and every
seed. Dots of a run at rest fall on one another, those of a run that still falls make a short line,
those of a cycle are at most as many as it has steps. The inset enlarges where the first cycles
begin. A triangle at the upper edge stands at step sizes that have values beyond it: not finite, or
over a thousand times the largest initial objective.

The colour, and below it the rows, one for each seed (its start), tell the period of these values: 1
where no step raised them by more than rounding, which is at rest or still falling; p up to 32 where
all that lie a multiple of p steps apart agree to a hundredth of the range of all, the least such p;
else none, which is chaos, a longer cycle, or one that has not settled. A cycle whose steps are
equally high counts as at rest. Where the rows differ, the start decides, too. A cell of a row
reaches halfway to the next step size.

The dashed line is the limit near the minimiser, 2/λ_max of the Hessian there: descent that comes
near it goes to rest left of the line, and leaves it right of it. Left of the dash-dotted line, 2/L,
it comes to rest from anywhere; at the top α is in units of 1/L, L the bound of all curvature.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
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

LONGEST, TURNS, TOLERANCE = 32, 4, 0.01  # of a period
BEYOND = 1000  # times the largest initial objective
VALUES, ROW, ROWS = 3.4, 0.16, 1.2  # inches: the values, the row of a seed, at most all of them
INSET = np.array([0.14, 0.45, 0.31, 0.5])  # left, bottom, width, height in a panel
ANOTHER, NONE, DIVERGED = "another", f"none up to {LONGEST}", "diverged"
COLOURS = {  # of the periods
    **{"1": "#0072B2", "2": "#009E73", "4": "#E69F00", "8": "#D55E00"},
    **{ANOTHER: "#CC79A7", NONE: "0.45", DIVERGED: "0.85"},
}
DOTS = {"linestyle": "none", "marker": ".", "markeredgewidth": 0, "rasterized": True, "snap": False}
SETTLED, UNSETTLED = {"markersize": 3}, {"markersize": 1.6, "alpha": 0.5}
OFF = {"color": "0.3", "linestyle": "none", "marker": CARETUP, "markersize": 4.5}
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
    values = tails["objective"][tails["objective"] <= BEYOND * start]
    off = tails[~(tails["objective"] <= BEYOND * start)]
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
        beyond = off.loc[off["optimizer"] == optimizer, "step_size"].unique()
        edge = np.full(len(beyond), above.get_ylim()[1])
        above.plot(beyond, edge, gid="off", **OFF, **style.OVER)
        limits |= scales.draw_limits(above, theory, optimizer, "0.4")
        scales.units_of_bound(above, theory)
    handles = [*_name_periods(periods), *scales.name_limits(limits)]
    if len(off):
        handles.append(Line2D([], [], **OFF, label="beyond the axis"))
    figure.legend(handles=handles, title="period", loc="outside lower center", ncols=4)
    style.name_study(figure, summary, "one seed" if seeds == 1 else f"each of {seeds} seeds")
    return figure


def period(objective: ArrayLike) -> float:
    """The period of the values [n] of successive steps; 0 if they have none, nan where one is not
    finite.

    The first that holds: 1, no step raises F beyond rounding; p, values p steps apart are the same:
    those of a phase (t modulo p) lie within a hundredth of the swing of all, the least such p from
    2 to 32 of which four turns are seen.
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


def _name(found: float) -> str:
    """The name in COLOURS of a period."""
    if np.isnan(found):
        return DIVERGED
    return str(int(found)) if found in (1, 2, 4, 8) else ANOTHER if found else NONE


def _name_periods(periods: pd.Series) -> list[Line2D]:
    """The colours that are shown, for a legend."""
    names = periods.map(_name)
    others = sorted({int(found) for found in periods[names == ANOTHER]})
    words = {"1": "1: at rest, or falling", ANOTHER: f"another: {', '.join(map(str, others))}"}
    square = {"linestyle": "none", "marker": "s"}
    return [
        Line2D([], [], color=colour, label=words.get(name, name), **square)
        for name, colour in COLOURS.items()
        if (names == name).any()
    ]


def _draw_values(axes: Axes, tails: pd.DataFrame) -> None:
    """Dots of one optimizer, cycles above chaos."""
    for name in reversed(COLOURS):
        rows = tails[tails["period"] == name]
        look = DOTS | (UNSETTLED if name == NONE else SETTLED)
        axes.plot(rows["step_size"], rows["objective"], color=COLOURS[name], **look)


def _draw_inset(axes: Axes, tails: pd.DataFrame) -> None:
    """Where the first cycles begin, in the corner of the panel, if it is empty."""
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
    """A row of cells for each seed, the columns, of the step sizes, the index."""
    codes = names.map([*COLOURS].index).to_numpy().T
    left, right = style.halfway(names.index)
    rows, kinds = np.arange(len(codes) + 1), np.arange(len(COLOURS) + 1)
    of_kind = {"cmap": ListedColormap([*COLOURS.values()])}
    of_kind["norm"] = BoundaryNorm(kinds - 0.5, len(COLOURS))
    axes.pcolormesh(np.r_[left, right[-1]], rows, codes, **of_kind)
    axes.set_ylim(rows[-1], 0)
    few = len(codes) < FEW
    axes.hlines(rows[1:-1] if few else [], 0, 1, "white", transform=axes.get_yaxis_transform())
    axes.set_yticks(rows[:-1] + 0.5 if few else [], names.columns if few else [])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
