"""Curves of the runs of a study: a colour for each step size, the same in every panel.

A line is the median over seeds; beside it, thin, is every seed where they are few, else the 10 %
and the 90 % quantile. It ends where it is no longer finite, or leaves the frame.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETUP
from matplotlib.ticker import FixedLocator, LogFormatter, NullFormatter
from numpy.typing import NDArray

from descent.analysis.quantiles import FEW, quantile, range_text
from descent.analysis.status import majority_status
from descent.figures._error import floor
from descent.figures._style import (
    MANY,
    MARKED,
    WIDTH,
    name_study,
    step_size_bar,
    step_size_colours,
    step_size_text,
)

PAGE = 11  # inches: no figure is wider
DEPTH = 1e-8  # of the largest value: on a logarithmic axis, what is lower is as good as zero
SEED = {"alpha": 0.5, "zorder": 1.9}
NOTE = {"color": "0.3", "markersize": 4.5}
ENDS = {"x": "not finite from here on", CARETUP: "leaves the frame"}
RUN = ["optimizer", "step_size"]
Run = tuple[str, float]  # optimizer and step size
Panels = dict[tuple[str, str], Axes]


@dataclass
class Quantity:
    """What a panel shows: a column of the traces, what it is called, and the scale of its axis.

    bounded: whether no run, not even one that diverged, can stretch the axis.
    """

    column: str
    label: str
    scale: str = "log"
    bounded: bool = False


ACCURACY = Quantity("test_error", "test accuracy", bounded=True)


def with_error(traces: pd.DataFrame) -> pd.DataFrame:
    """The traces with the share of the test samples that are taken for another class; in place of
    none, half of the least there is, which a logarithmic axis can show."""
    errors = 1 - traces["test_accuracy"]
    return traces.assign(test_error=errors.where(errors != 0, floor(errors)))


def losses(traces: pd.DataFrame) -> list[Quantity]:
    """The objective, over that of the optimum where it is known, and the test loss.

    Logarithmic where the best run lowers it to less than a tenth.
    """

    def scale(column: str) -> str:
        start = traces.loc[traces["step"] == 0, column].max()
        return "log" if start > 10 * traces[column].min() > 0 else "linear"

    if "excess" in traces:
        objective = Quantity("excess", r"objective $F_t - F^\star$")
    else:
        objective = Quantity("objective", "training objective", scale("objective"))
    return [objective, Quantity("test_loss", "test loss", scale("test_loss"))]


def norm(p: str, at: str, target: str) -> str:
    """As a formula: ‖p_t - p_T‖ of "p", "_t", "_T"."""
    symbol = rf"\mathrm{{{p}}}" if len(p) > 1 else p
    return rf"$\Vert {symbol}{at} - {symbol}{target} \Vert$"


def parameters(traces: pd.DataFrame, prefix: str) -> list[str]:
    """The parameters p of which there is a column <prefix>p."""
    return [c.removeprefix(prefix) for c in traces.columns if c.startswith(prefix)]


def accuracy_axis(axes: Axes, traces: pd.DataFrame) -> None:
    """Let an axis of errors rise to the accuracies, and label it with them."""
    low, high = sorted(axes.get_ylim())
    axes.set_ylim(high, low)
    none = traces["test_error"].min() if (traces["test_accuracy"] == 1).any() else 0.0
    every = np.r_[0.9, np.outer(10.0 ** -np.arange(1, 9), np.arange(9, 0, -1)).ravel()]
    every = every[(every >= max(low, 1.5 * none)) & (every <= high)]
    round_ones = [each for each in every if f"{each:.0e}"[0] in "125" or each == 0.9]
    ticks = round_ones if len(round_ones) > 2 else every
    ticks = [*ticks[:: len(ticks) // 10 + 1], *([none] if none else [])]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(FixedLocator(every))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(lambda y, _: f"{100 - 100 * y * (y != none):.8g} %")


def panels_of_curves(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    x: str,
    quantities: Sequence[Quantity],
    x_scale: str = "linear",
    further: Sequence[Line2D] = (),
    middle: str = "median",
) -> tuple[Figure, Panels]:
    """A panel for each optimizer and quantity, {(optimizer, column): Axes}, against a column x.

    further: lines that the figure draws besides, for the legend; middle: what a line is of the
    seeds, their median or their mean.
    """
    optimizers = list(summary["optimizer"].unique())
    figure, panels = _panels(optimizers, quantities, f"{x}s")
    for axes in panels.values():
        axes.set_xscale(x_scale)
    for quantity in quantities:
        of_quantity = {optimizer: panels[optimizer, quantity.column] for optimizer in optimizers}
        draw_curves(of_quantity, traces, summary, x, quantity, middle=middle)
    name_study(figure, summary, of_seeds(summary, middle))
    name_lines(figure, summary, further)
    name_step_sizes(figure, summary)
    return figure, panels


def draw_curves(
    panels: Mapping[str, Axes],
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    x: str,
    quantity: Quantity,
    looks: Mapping[str, dict] = {},
    middle: str = "median",
) -> None:
    """Draw a quantity of all runs, in the panel and with the looks of the optimizer.

    What is at 0 is left out of a logarithmic axis of x, but counts for the frame.
    """
    seeds = traces.pivot(index=[*RUN, x], columns="seed", values=quantity.column)
    if middle == "mean":
        median = seeds.mean(axis=1, skipna=False)
    else:
        median = pd.Series(quantile(seeds, 0.5, quantity.column), seeds.index)
    if seeds.shape[1] >= FEW:
        seeds = pd.DataFrame(
            {share: quantile(seeds, share, quantity.column) for share in (0.1, 0.9)}, seeds.index
        )
    medians, seeds = (dict(iter(table.groupby(level=RUN))) for table in (median, seeds))
    statuses = summary.set_index(RUN)["status"].map(majority_status).sort_index(level="step_size")
    limits = _frame(medians, seeds, statuses, quantity)
    for axes in panels.values():
        axes.set_yscale(quantity.scale)
        axes.set_ylim(limits)
        if quantity.scale == "log" and 1e-3 <= limits[0] < limits[1] <= 1e4:  # 0.2, not 2 × 10⁻¹
            axes.yaxis.set_major_formatter(_Plain())
            axes.yaxis.set_minor_formatter(_Plain(minor_thresholds=(1.5, 0.5)))
    colours = step_size_colours(summary["step_size"])
    thin, thin_colours = defaultdict(list), defaultdict(list)
    narrow = 1 if len(colours) <= MANY else 0.6
    for run, status in statuses.items():
        optimizer, step_size = run
        axes, look = panels[optimizer], looks.get(optimizer, {})
        colour = {"color": look.get("color", colours[step_size])}
        at = medians[run].index.get_level_values(x).to_numpy()
        shown = slice(int(axes.get_xscale() == "log" and at[0] == 0), None)
        for y in seeds[run].to_numpy().T if len(seeds[run].columns) > 1 else ():
            thin[axes].append(
                np.column_stack(_until_it_ends(axes, at[shown], y[shown], limits[1])[:2])
            )
            thin_colours[axes].append(colour["color"])
        x_drawn, y_drawn, end = _until_it_ends(
            axes, at[shown], medians[run].to_numpy()[shown], limits[1]
        )
        style = {"linestyle": MARKED.get(status, "-"), "marker": "." if len(x_drawn) < 3 else None}
        marked = {} if end is None else {"marker": None}
        axes.plot(x_drawn, y_drawn, **{"linewidth": 1.3 * narrow} | style | colour | look | marked)
        if end is not None:
            y_end = np.maximum(y_drawn[-1:], limits[0])
            axes.plot(x_drawn[-1:], y_end, marker=end, clip_on=False, **NOTE | colour)
    for axes, lines in thin.items():
        look = SEED | {"linewidth": 0.5 * narrow, "colors": thin_colours[axes]}
        axes.add_collection(LineCollection(lines, **look), autolim=False)


class _Plain(LogFormatter):
    """Numbers beside a logarithmic axis as a person writes them."""

    def _num_to_string(self, x: float, *_: float) -> str:
        return f"{x:g}"


def _frame(
    medians: Mapping[Run, pd.Series],
    seeds: Mapping[Run, pd.DataFrame],
    statuses: pd.Series,
    quantity: Quantity,
) -> tuple[float, float]:
    """Limits of an axis, which hold the medians of runs that did not diverge and all seeds' starts.

    Where all diverged, the starts decide; of a bounded quantity, all there is.
    """
    first = slice(None if quantity.bounded else 1)
    sound = [run for run, status in statuses.items() if status != "diverged"]
    values = np.concatenate([medians[run] for run in sound] or [m[:1] for m in medians.values()])
    largest = values[np.isfinite(values)].max(initial=0)
    starts = np.concatenate([np.ravel(table.iloc[first]) for table in seeds.values()])
    below = np.concatenate([*medians.values()])
    starts = starts[quantity.bounded | (starts <= 10 * largest)]
    values = np.r_[values, starts, below[below <= largest]]
    scale = quantity.scale
    values = values[np.isfinite(values) & ((values > 0) | (scale == "linear"))]
    if not values.size:
        return 0.1, 1.0
    low, high = values.min(), values.max()
    if scale == "log":
        low, high = np.log10([max(low, DEPTH * high), high])
    margin = 0.05 * (high - low) or 0.05
    limits = low - margin, high + margin
    return tuple(10 ** np.array(limits)) if scale == "log" else limits


def _until_it_ends(axes: Axes, x: NDArray, y: NDArray, top: float) -> tuple:
    """x and y of a curve as far as it is drawn, and the marker where it ends before its run."""
    outside = np.flatnonzero(~(y <= top))
    if not outside.size:
        return x, y, None
    first = outside[0]
    end = CARETUP if np.isfinite(y[first]) else "x"
    if first == 0:
        return x[:1], np.array([top]), end
    if end == "x":
        return x[:first], y[:first], end
    scaled = axes.transScale.transform(np.c_[x, y][first - 1 : first + 1])
    edge = axes.transScale.transform((x[first], top))[1]
    share = (edge - scaled[0, 1]) / (scaled[1, 1] - scaled[0, 1])
    crossing = axes.transScale.inverted().transform(scaled[0] + share * (scaled[1] - scaled[0]))
    return np.r_[x[:first], crossing[0]], np.r_[y[:first], top], end


def of_seeds(summary: pd.DataFrame, middle: str = "median") -> str:
    """What is drawn of the seeds, in words."""
    seeds = summary["seeds"].max()
    few = 1 < seeds < FEW
    return f"{middle} and each of {seeds} seeds" if few else range_text(seeds, middle)


def name_step_sizes(figure: Figure, summary: pd.DataFrame) -> None:
    """A legend of the colours of few step sizes, a bar of those of many."""
    colours = step_size_colours(summary["step_size"])
    if len(colours) > MANY:
        step_size_bar(figure, summary["step_size"])
    else:
        lines = [Line2D([], [], color=c, label=step_size_text(s)) for s, c in colours.items()]
        figure.legend(handles=lines[::-1], title="step size α", loc="outside center right")


def name_lines(figure: Figure, summary: pd.DataFrame, further: Sequence[Line2D] = ()) -> None:
    """A legend of further lines, of the statuses that are shown, and of how lines end."""
    statuses = set(summary["status"].map(majority_status))
    ends = {line.get_marker() for axes in figure.axes for line in axes.get_lines()}
    handles = [
        *further,
        *(Line2D([], [], linestyle=MARKED[s], label=s, **NOTE) for s in MARKED if s in statuses),
        *(Line2D([], [], ls="", marker=m, label=ENDS[m], **NOTE) for m in ENDS if m in ends),
    ]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=5, handlelength=3)


def _panels(
    optimizers: Sequence[str], quantities: Sequence[Quantity], x_label: str
) -> tuple[Figure, Panels]:
    """A row for each quantity and a column for each optimizer; long rows are wrapped.

    Two quantities of a single optimizer stand side by side. Panels of an optimizer and of its
    averages share x, panels of a quantity share y.
    """
    groups = [[(optimizer, quantity) for optimizer in optimizers] for quantity in quantities]
    single = len(optimizers) == 1
    if single:
        groups = [[cell for (cell,) in groups]]
    most = 2 if single else 4 if len(quantities) <= 2 else 6  # panels in a row
    wrapped = -(-len(groups[0]) // most)  # rows of a group
    columns = -(-len(groups[0]) // wrapped)
    rows = len(groups) * wrapped
    width = min(max(WIDTH, 2.4 * columns + 1), PAGE)
    height = 2.7 if rows == 1 else max(min(1.9, 9.5 / rows), 1.3)
    figure = Figure(figsize=(width, height * rows + 0.7))
    grid = figure.subplots(rows, columns, squeeze=False).reshape(len(groups), -1)
    panels: Panels = {}
    of_optimizer: dict[str, Axes] = {}
    of_quantity: dict[str, Axes] = {}
    for group, row in zip(groups, grid, strict=True):
        for place, (cell, axes) in enumerate(zip_longest(group, row)):
            if cell is None:
                axes.remove()
                continue
            optimizer, quantity = cell
            axes.sharex(of_optimizer.setdefault(optimizer.removesuffix("_average"), axes))
            axes.sharey(of_quantity.setdefault(quantity.column, axes))
            panels[optimizer, quantity.column] = axes
            if group is groups[0] or wrapped > 1:
                axes.set_title(optimizer)
            if group is groups[-1]:
                axes.set_xlabel(x_label)
            axes.tick_params(labelbottom=group is groups[-1])
            if single or place % columns == 0:
                axes.set_ylabel(quantity.label)
            else:
                axes.tick_params(labelleft=False)
    return figure, panels
