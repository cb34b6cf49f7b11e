"""Beyond the limit: where gradient descent on all samples has come to by its last quarter, against
its step size: to rest, into a cycle of two steps, of four, of eight, or into chaos.

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
from numpy.typing import NDArray

from descent.analysis.quantiles import FEW
from descent.figures._scales import (
    draw_limits,
    name_limits,
    step_size_axis,
    units_of_bound,
    value_axis,
)
from descent.figures._style import BARE, RUN, WIDTH, halfway, name_study
from descent.store.iterates import ROUNDING
from descent.theory.known import Known, late

LONGEST, TURNS, TOLERANCE = 32, 4, 0.01  # of a period
LINEAR = 30  # times the smallest step size; an axis that reaches farther is logarithmic
BEYOND = 1000  # times the largest initial objective
VALUES, ROW, ROWS = 3.4, 0.16, 1.2  # inches: the values, the row of a seed, at most all of them
INSET = (0.14, 0.45, 0.31, 0.5)  # left, bottom, width, height in a panel
COLOURS = {  # of the periods
    "1": "#0072B2",
    "2": "#009E73",
    "4": "#E69F00",
    "8": "#D55E00",
    "another": "#CC79A7",
    "none": "0.45",
    "diverged": "0.85",
}
DOTS = {"linestyle": "none", "marker": ".", "markeredgewidth": 0, "rasterized": True, "snap": False}
SETTLED, UNSETTLED = {"markersize": 3}, {"markersize": 1.6, "alpha": 0.5}
OFF = {"color": "0.3", "linestyle": "none", "marker": CARETUP, "markersize": 4.5}
SEED = [*RUN, "seed"]


def draw(traces: pd.DataFrame, summary: pd.DataFrame, known: Known) -> Figure:
    tails = with_periods(late(traces))
    periods = tails.groupby(SEED)["period"].first()
    seeds = traces["seed"].nunique()
    optimizers = list(summary["optimizer"].unique())
    below_height = min(ROW * seeds, ROWS)
    rows = len(optimizers)
    figure = Figure(figsize=(WIDTH, rows * (VALUES + below_height + 0.6) + 0.7))
    grid = figure.subplots(
        2 * rows, 1, squeeze=False, sharex=True, height_ratios=[VALUES, below_height] * rows
    )
    top = BEYOND * traces.loc[traces["step"] == 0, "objective"].max()
    values = tails["objective"][tails["objective"] <= top]
    shown: set[str] = set()
    for optimizer, (above, below) in zip(optimizers, grid.reshape(rows, 2), strict=True):
        of_optimizer = tails[tails["optimizer"] == optimizer]
        _step_sizes(below, summary["step_size"])
        below.tick_params(labelbottom=True)
        value_axis(above, *((values.min(), values.max()) if len(values) else (0.0, 1.0)))
        above.set_ylabel("training objective,\nlast quarter of the steps")
        above.set_title(optimizer if rows > 1 else "")
        _draw_values(above, of_optimizer)
        _draw_inset(above, of_optimizer)
        off = np.unique(of_optimizer["step_size"][~(of_optimizer["objective"] <= top)])
        if len(off):
            edge = np.full(len(off), above.get_ylim()[1])
            above.plot(off, edge, gid="off", **OFF, **BARE)
        _draw_periods(below, periods[optimizer].unstack("seed"))
        shown |= draw_limits(above, known, optimizer, "0.4")
        units_of_bound(above, known)
    _name_periods(figure, periods, name_limits(shown))
    name_study(figure, summary, "one seed" if seeds == 1 else f"each of {seeds} seeds")
    return figure


def period(objective: NDArray) -> int:
    """The period of finite values [n] of successive steps; 0 if they have none.

    The first that holds: 1, no step raises F beyond rounding; p, values p steps apart are the same:
    those of a phase (t modulo p) lie within a hundredth of the swing of all, the least such p from
    2 to 32 of which four turns are seen.
    """
    if (np.diff(objective) <= ROUNDING * np.abs(objective[:-1])).all():
        return 1
    swing = TOLERANCE * np.ptp(objective)
    for p in range(2, min(LONGEST, len(objective) // TURNS) + 1):
        if max(np.ptp(objective[phase::p]) for phase in range(p)) <= swing:
            return p
    return 0


def with_periods(tails: pd.DataFrame) -> pd.DataFrame:
    """The rows with the period of their seed's objective, nan where that is not finite."""

    def of_seed(values: pd.Series) -> float:
        return period(values.to_numpy()) if np.isfinite(values).all() else np.nan

    return tails.assign(period=tails.groupby(SEED)["objective"].transform(of_seed))


def _name(found: float) -> str:
    """The name in COLOURS of a period."""
    if np.isnan(found):
        return "diverged"
    return str(int(found)) if found in (1, 2, 4, 8) else "another" if found else "none"


def _step_sizes(axes: Axes, step_sizes: pd.Series) -> None:
    low, high = step_sizes.min(), step_sizes.max()
    if low < high <= LINEAR * low:
        margin = 0.02 * (high - low)
        axes.set_xlim(low - margin, high + margin)
        axes.set_xlabel("step size α")
    else:
        step_size_axis(axes, step_sizes)


def _draw_values(axes: Axes, tails: pd.DataFrame) -> None:
    """Dots of one optimizer, cycles above chaos."""
    names = tails["period"].map(_name)
    for name in reversed(COLOURS):
        rows = tails[names == name]
        look = DOTS | (UNSETTLED if name == "none" else SETTLED)
        axes.plot(rows["step_size"], rows["objective"], color=COLOURS[name], **look)


def _draw_inset(axes: Axes, tails: pd.DataFrame) -> None:
    """Where the first cycles begin, in the empty corner of the panel, if it is empty."""
    cycles = tails.loc[tails["period"].isin([2, 4, 8]), "step_size"].unique()
    if len(cycles) < 4:
        return
    first, last = np.sort(cycles)[[0, len(cycles) // 12 + 2]]
    low = first - 0.15 * (last - first)
    near = tails[tails["step_size"].between(low, last)]
    (left, bottom), (right, _) = axes.transLimits.inverted().transform(
        [INSET[:2], (INSET[0] + INSET[2], 0)]
    )
    hidden = tails["step_size"].between(left, right) & (tails["objective"] > bottom)
    if "log" in (axes.get_xscale(), axes.get_yscale()) or hidden.any():
        return
    inset = axes.inset_axes(INSET)
    _draw_values(inset, near)
    values = near["objective"]
    margin = 0.08 * np.ptp(values)
    inset.set(xlim=(low, 1.005 * last), ylim=(values.min() - margin, values.max() + margin))
    inset.tick_params(labelsize=7)
    axes.indicate_inset_zoom(inset, edgecolor="0.5")


def _draw_periods(axes: Axes, periods: pd.DataFrame) -> None:
    """A row of cells for each seed, the columns, of the step sizes, the index."""
    names = list(COLOURS)
    codes = periods.map(lambda found: names.index(_name(found))).to_numpy().T
    rows = np.arange(len(codes) + 1)
    logarithmic = axes.get_xscale() == "log"
    step_sizes = periods.index.to_numpy()
    left, right = halfway(np.log10(step_sizes) if logarithmic else step_sizes)
    edges = np.r_[left, right[-1]]
    axes.pcolormesh(
        *(np.clip(10**edges if logarithmic else edges, *axes.get_xlim()), rows, codes),
        cmap=ListedColormap([*COLOURS.values()]),
        norm=BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names)),
    )
    axes.set_ylim(rows[-1], 0)
    axes.set_ylabel("seed")
    few = len(codes) < FEW
    axes.hlines(rows[1:-1] if few else [], 0, 1, "white", transform=axes.get_yaxis_transform())
    axes.set_yticks(rows[:-1] + 0.5 if few else [], periods.columns if few else [])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)


def _name_periods(figure: Figure, periods: pd.Series, limits: list[Line2D]) -> None:
    names = periods.map(_name)
    others = sorted({int(found) for found in periods[names == "another"]})
    words = {
        "1": "1: at rest, or falling",
        "another": f"another: {', '.join(map(str, others))}",
        "none": f"none up to {LONGEST}",
    }
    handles = [
        Line2D([], [], color=colour, linestyle="none", marker="s", label=words.get(name, name))
        for name, colour in COLOURS.items()
        if (names == name).any()
    ]
    if any(line.get_gid() == "off" for axes in figure.axes for line in axes.get_lines()):
        handles.append(Line2D([], [], **OFF, label="beyond the axis"))
    handles += limits
    figure.legend(handles=handles, title="period", loc="outside lower center", ncols=4)
