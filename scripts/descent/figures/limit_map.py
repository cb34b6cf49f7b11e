"""Beyond the limit: where gradient descent on all samples has come to by its last quarter, against
its step size: to rest, into a cycle of two steps, of four, of eight, or into chaos.

Above, a dot is the training objective after a step: of every step of the last quarter and every
seed. Dots of a run at rest fall on one another, those of a run that still falls make a short line,
those of a cycle are at most as many as it has steps. The axis is logarithmic where the values span
more than a factor of ten. A triangle at its upper edge stands at step sizes that have values beyond
it: not finite, or over a thousand times the largest initial objective.

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
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from descent.analysis.quantiles import FEW
from descent.figures._error import value_axis
from descent.figures._limits import draw_limits, named_limits, units_of_bound
from descent.figures._period import LONGEST, period
from descent.figures._style import WIDTH, logarithmic_step_sizes, name_study
from descent.theory.known import Known, late

LIMIT = "0.4"  # colour of the lines
LINEAR = 30  # times the smallest step size; an axis that reaches farther is logarithmic
BEYOND = 1000  # times the largest initial objective
VALUES, ROW, ROWS = 3.4, 0.16, 1.2  # inches: the values, the row of a seed, at most all of them
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
OFF = {"color": "0.3", "linestyle": "none", "marker": CARETUP, "markersize": 4.5, "clip_on": False}
RUN = ["optimizer", "step_size", "seed"]


def draw(traces: pd.DataFrame, summary: pd.DataFrame, known: Known) -> Figure:
    tails = with_periods(late(traces))
    periods = tails.groupby(RUN)["period"].first()
    seeds = traces["seed"].nunique()
    figure, panels = _panels(list(summary["optimizer"].unique()), seeds)
    top = BEYOND * traces.loc[traces["step"] == 0, "objective"].max()
    shown: set[str] = set()
    for optimizer, (above, below) in panels.items():
        _step_sizes(below, summary["step_size"])
        values = tails["objective"][tails["objective"] <= top]
        value_axis(above, *((values.min(), values.max()) if len(values) else (0.0, 1.0)))
        _draw_values(above, tails[tails["optimizer"] == optimizer])
        _draw_periods(below, periods[optimizer].unstack("seed"))
        shown |= draw_limits(above, known, optimizer, LIMIT)
        if len(panels) == 1:
            units_of_bound(above, known)
    _name_periods(figure, periods, named_limits(shown))
    name_study(figure, summary, "one seed" if seeds == 1 else f"each of {seeds} seeds")
    return figure


def with_periods(tails: pd.DataFrame) -> pd.DataFrame:
    """The rows with the period of their seed's objective, nan where that is not finite."""

    def of_seed(values: pd.Series) -> float:
        return period(values.to_numpy()) if np.isfinite(values).all() else np.nan

    return tails.assign(period=tails.groupby(RUN)["objective"].transform(of_seed))


def _name(found: float) -> str:
    """The name in COLOURS of a period."""
    if np.isnan(found):
        return "diverged"
    return str(int(found)) if found in (1, 2, 4, 8) else "another" if found else "none"


def _panels(optimizers: list[str], seeds: int) -> tuple[Figure, dict[str, tuple[Axes, Axes]]]:
    """Of each optimizer a panel of values and, below it, one with a row for each seed."""
    columns = min(2, len(optimizers))
    rows = -(-len(optimizers) // columns)
    values, below = (VALUES if rows == 1 else 0.6 * VALUES), min(ROW * seeds, ROWS)
    figure = Figure(figsize=(WIDTH, rows * (values + below + 0.6) + 0.7))
    grid = figure.subplots(
        2 * rows, columns, squeeze=False, sharex=True, height_ratios=[values, below] * rows
    )
    pairs = np.stack([grid[::2], grid[1::2]], axis=-1).reshape(-1, 2)
    for axes in pairs[len(optimizers) :].flat:
        axes.remove()
    panels = dict(zip(optimizers, pairs[: len(optimizers)], strict=True))
    for place, (optimizer, (above, below)) in enumerate(panels.items()):
        below.tick_params(labelbottom=True)
        if len(optimizers) > 1:
            above.set_title(optimizer)
        if place % columns == 0:
            above.set_ylabel("training objective,\nlast quarter of the steps")
            below.set_ylabel("seed")
        else:
            above.tick_params(labelleft=False)
            below.tick_params(labelleft=False)
    return figure, panels


def _step_sizes(axes: Axes, step_sizes: pd.Series) -> None:
    low, high = step_sizes.min(), step_sizes.max()
    if low < high <= LINEAR * low:
        margin = 0.02 * (high - low)
        axes.set_xlim(low - margin, high + margin)
        axes.set_xlabel("step size α")
    else:
        logarithmic_step_sizes(axes, step_sizes)
        axes.xaxis.set_minor_formatter(NullFormatter())


def _draw_values(axes: Axes, tails: pd.DataFrame) -> None:
    """Dots of one optimizer, cycles above chaos; triangles where some are off the axis."""
    names = tails["period"].map(_name)
    for name in reversed(COLOURS):
        of_name = tails[names == name]
        look = DOTS | (UNSETTLED if name == "none" else SETTLED)
        axes.plot(of_name["step_size"], of_name["objective"], color=COLOURS[name], gid=name, **look)
    off = np.unique(tails["step_size"][~(tails["objective"] <= axes.get_ylim()[1])])
    if len(off):
        axes.plot(off, np.ones(len(off)), transform=axes.get_xaxis_transform(), gid="off", **OFF)


def _draw_periods(axes: Axes, periods: pd.DataFrame) -> None:
    """A row of cells for each seed, the columns, of the step sizes, the index."""
    names = list(COLOURS)
    codes = periods.map(lambda found: names.index(_name(found))).to_numpy().T
    rows = np.arange(len(codes) + 1)
    axes.pcolormesh(
        *(_edges(axes, periods.index.to_numpy()), rows, codes),
        cmap=ListedColormap([*COLOURS.values()]),
        norm=BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names)),
    )
    axes.set_ylim(rows[-1], 0)
    if len(codes) < FEW:
        axes.hlines(rows[1:-1], 0, 1, "white", transform=axes.get_yaxis_transform())
        axes.set_yticks(rows[:-1] + 0.5, periods.columns)
    else:
        axes.set_yticks([])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)


def _edges(axes: Axes, step_sizes: NDArray) -> NDArray:
    """The edges of cells about the step sizes, halfway between them on the axis."""
    logarithm = axes.get_xscale() == "log"
    place, limits = (np.log10(x) if logarithm else x for x in (step_sizes, axes.get_xlim()))
    gaps = np.diff(place) if len(place) > 1 else np.array([np.inf])
    left = place - np.r_[gaps[0], gaps][: len(place)] / 2
    edges = np.clip(np.r_[left, place[-1] + gaps[-1] / 2], *limits)
    return 10**edges if logarithm else edges


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
