"""A line is the median over seeds (the mean, where the title says so). Beside it, thin, is each
seed where they are fewer than ten, else a band from the 10 % to the 90 % quantile; neither in
panels of so many runs that they would hide each other. Colour is the step size, the same in every
panel, unless the legend says otherwise. The sign behind a line says how most of its seeds ended, as
far as there is room. A line that leaves the frame goes on where it comes back; a triangle at the
edge marks where a run first leaves it, a cross where its line is first not finite.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from descent.analysis.best import best
from descent.analysis.quantiles import FEW, quantile, range_text
from descent.figures._scales import accuracy_axis, count_axis, value_axis
from descent.figures._style import (
    BARE,
    MANY,
    RUN,
    SIGN,
    SIGNS,
    WIDTH,
    name_signs,
    name_study,
    optimizer_looks,
    statuses,
    step_size_bar,
    step_size_colours,
    step_size_text,
    wrapped,
)
from descent.theory.known import Known, height

CROWD = 28  # thin lines in a panel; more are not shown
HIGHEST, DEEPEST = 30, 1e-6  # of the largest start: an axis shows nothing beyond
SIGNS_APART = 0.045  # of the height of a panel
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))  # of optimizers in one panel
MEASURED = {"linewidth": 3, "alpha": 0.4}
AXES = {  # what curves are drawn against: its label, and its scale, symlog with 0
    "step": ("step", "symlog"),
    "epoch": ("epoch", "linear"),
    "path": ("α t (step size × number of steps)", "log"),
}
Lines = Mapping[tuple[str, float], dict[str, Any]]  # the look of each run


class Quantity(NamedTuple):
    """A column of the traces, its label, and its scale: "" is chosen by the values."""

    column: str
    label: str
    scale: str = ""


ACCURACY = Quantity("test_accuracy", "test accuracy", "logit")


def objective(traces: pd.DataFrame) -> Quantity:
    """The objective, above its minimum where that is known."""
    if "excess" in traces:
        return Quantity("excess", r"objective $F - F^\star$", "log")
    return Quantity("objective", "training objective")


def loss(traces: pd.DataFrame, summary: pd.DataFrame, known: Known) -> Figure:
    """Training objective against steps: how far down a step size gets, and how soon.

    Where the minimum F* is known, the objective is drawn above it. Then a wide pale line is the
    mean over seeds, and a thin one of the same colour what was expected of it before training: by
    the quadratic about the minimiser, what is left of the start and what the noise of batches
    adds. That is exact for full batches on a quadratic, and holds elsewhere near the minimiser: a
    path that begins far from it lies beside its thin line at first. Runs beyond their limit,
    decaying step sizes and averages of shuffled samples have no thin line.
    """
    expected = dict(iter(known.expected.groupby(RUN)))
    look = MEASURED if expected else {}
    colours = step_size_colours(summary["step_size"])
    looks = {run: {"color": colours[run[1]]} | look for run in statuses(summary).index}
    middle = "mean" if expected else "median"
    figure, panels = draw(traces, summary, "step", [objective(traces)], looks, middle=middle)
    for run, rows in expected.items():
        panels[run[0], "excess"].plot(
            rows["step"], height(rows), color=colours[run[1]], linewidth=1, zorder=3
        )
    further = [
        Line2D([], [], color="0.3", label="measured", **MEASURED),
        Line2D([], [], color="0.3", linewidth=1, label="expected before training"),
    ]
    return _named(figure, summary, further if expected else [], middle)


def accuracy(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Test accuracy against steps: what a parameter update buys, and what the first ones do. On its
    axis 98 and 99 % are as far apart as 80 and 90 %.
    """
    return _named(draw(traces, summary, "step", [ACCURACY])[0], summary)


def distance(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """How far the parameters are from where they go.

    Where the objective has a minimiser w*, that is it: the norm of w_t - w*, of all parameters
    together, on a logarithmic axis, where a straight line is linear convergence, by the same factor
    in every epoch. Elsewhere it is the last iterate: ‖A_t - A_T‖ and ‖b_t - b_T‖ (Frobenius norms)
    over what they are at the start. These end at 0 by construction, whether or not a run has
    settled; the grey line is one that goes straight there at constant speed and settles nowhere,
    and only a curve well below it slows down.
    """
    if to_minimiser := [name for name in traces if name.startswith("optimum_distance_")]:
        total = np.sqrt(np.square(traces[to_minimiser]).sum(axis=1, skipna=False))
        quantity = Quantity("distance", r"$\Vert w_t - w^\star \Vert$", "log")
        return _named(draw(traces.assign(distance=total), summary, "epoch", [quantity])[0], summary)
    quantities, shares = [], {}
    for name in (column for column in traces if column.startswith("distance_")):
        p = name.removeprefix("distance_")
        p = rf"\mathrm{{{p}}}" if len(p) > 1 else p
        ratio = rf"$\Vert {p}_t - {p}_T \Vert\ /\ \Vert {p}_0 - {p}_T \Vert$"
        shares[name] = traces[name] / traces.groupby([*RUN, "seed"])[name].transform("first")
        quantities.append(Quantity(name, ratio, "linear"))
    figure, panels = draw(traces.assign(**shares), summary, "epoch", quantities)
    even = {"color": "0.6", "linewidth": 1, "zorder": 1.5}
    for axes in panels.values():
        axes.plot([0, axes.dataLim.x1], [1, 0], **even)
    return _named(figure, summary, [Line2D([], [], label="at constant speed", **even)])


def same_path(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """While steps are small, all runs walk the same path: what counts is the step size times the
    number of steps, α t.

    Training objective, above its minimum where that is known, and test accuracy of a
    classification, for all step sizes and optimizers at once. Runs whose steps are small lie on one
    curve, and end on it, at the mark, where their steps are spent; a step size that is too large
    leaves it. Averages of iterates are left out.
    """
    names = set(summary["optimizer"])
    averages = {name for name in names if name.removesuffix("_average") in names - {name}}
    traces, summary = (t[~t["optimizer"].isin(averages)] for t in (traces, summary))
    colours, marks = step_size_colours(summary["step_size"]), optimizer_looks(summary)
    looks = {
        (name, step_size): {
            "color": colours[step_size],
            "linestyle": DASHES[[*marks].index(name) % len(DASHES)],
            **{"marker": marks[name]["marker"], "markevery": [-1], "markersize": 4},
        }
        for name, step_size in statuses(summary).index
    }
    traces = traces.assign(path=traces["step_size"] * traces["step"])
    quantities = [objective(traces), *([ACCURACY] if "test_accuracy" in traces else [])]
    figure, _ = draw(traces, summary, "path", quantities, looks, together=True)
    further = [
        Line2D([], [], color="0.3", label=name, marker=marks[name]["marker"], markersize=4, ls=ls)
        for name, ls in zip(marks, DASHES * len(marks), strict=False)
    ]
    return _named(figure, summary, further)


def best_runs(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Training objective and test accuracy against steps, of each optimizer at its best step size,
    which the legend names. Colour is the optimizer.
    """
    chosen = best(summary).reset_index()
    if chosen.empty:  # all diverged
        chosen = summary.drop_duplicates("optimizer")
    marks = optimizer_looks(summary)
    runs = chosen.set_index(RUN).index
    looks = {run: {"color": marks[run[0]]["color"]} for run in runs}
    traces = traces[traces.set_index(RUN).index.isin(runs)]
    quantities = [objective(traces), *([ACCURACY] if "test_accuracy" in traces else [])]
    figure, _ = draw(traces, chosen, "step", quantities, looks, together=True)
    further = [
        Line2D([], [], color=looks[run]["color"], label=f"{run[0]}, α = {step_size_text(run[1])}")
        for run in runs
    ]
    return _named(figure, chosen, further, colours=False)


def curvature(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """The curvature of the objective along the paths of gradient descent: beside the objective
    λ_max, the largest eigenvalue of the Hessian, and the same in units of 2/α.

    Where λ_max is above 2/α, the grey line at 1, a step of size α overshoots in the sharpest
    direction. A path that converges ends below. That of a neural network may rise to 2/α and stay
    there, while its loss goes up and down and yet falls: progressive sharpening, and the edge of
    stability (Cohen et al. 2021). Where the loss is a cross-entropy, λ_max falls again as the
    samples become certain; where it is convex, a path ends at the curvature of the minimiser. The
    band about λ_max is two standard errors, by the samples that the Hessian is a mean of.
    """
    measured = traces.groupby("optimizer")["curvature"].count()  # none of batches and averages
    shown = measured.index[measured > 0]
    traces, summary = (table[table["optimizer"].isin(shown)] for table in (traces, summary))
    traces = traces.assign(sharpness=traces["curvature"] * traces["step_size"] / 2)
    quantities = [
        objective(traces),
        Quantity("curvature", r"$\lambda_{\max}$"),
        Quantity("sharpness", r"$\lambda_{\max}$ in units of $2/\alpha$"),
    ]
    figure, panels = draw(traces, summary, "step", quantities)
    edge = {"color": "0.3", "linewidth": 0.8}
    for optimizer in shown:
        panels[optimizer, "sharpness"].axhline(1, **edge)
    colours = step_size_colours(summary["step_size"])
    for (optimizer, step_size), run in traces.groupby(RUN):
        middle = run.groupby("step")[["curvature", "curvature_error"]].median()
        ends = (middle["curvature"] + sign * middle["curvature_error"] for sign in (-2, 2))
        look = {"color": colours[step_size], "alpha": 0.2, "linewidth": 0}
        panels[optimizer, "curvature"].fill_between(middle.index, *ends, **look)
    errors = Patch(color="0.3", alpha=0.2, linewidth=0, label="2 standard errors, by the samples")
    return _named(figure, summary, [Line2D([], [], label=r"$2/\alpha$", **edge), errors])


def draw(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    x: str,
    quantities: Sequence[Quantity],
    looks: Lines | None = None,
    together: bool = False,
    middle: str = "median",
) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """A panel for each optimizer and quantity against x, {(optimizer, column): Axes}.

    together: all optimizers in one panel. Panels of a quantity have the same axis.
    """
    colours = step_size_colours(summary["step_size"])
    looks = looks or {run: {"color": colours[run[1]]} for run in statuses(summary).index}
    optimizers = list(summary["optimizer"].unique())
    groups = [optimizers] if together else [[name] for name in optimizers]
    count = len(groups) * len(quantities)
    balanced = -(-count // (-(-count // 3)))
    columns = balanced if len(quantities) == 1 else 2 if len(quantities) in (2, 4) else 3
    rows = -(-count // columns)
    label, scale = AXES[x]
    figure = Figure(figsize=(WIDTH, 0.8 + (2.9 if rows == 1 else 2.0) * rows))
    cells = iter(wrapped(figure, count, columns, label))
    panels = {}
    lines = {each.column: _lines(traces, x, each, middle) for each in quantities}
    for names in groups:
        for quantity in quantities:
            axes = next(cells)
            runs = {run: look for run, look in looks.items() if run[0] in names}
            if scale == "symlog":
                most = max(lines[quantity.column][0][run].index[-1] for run in runs)
                count_axis(axes, most, 12 // columns)
            else:
                axes.set_xscale(scale)
            if len(groups) > 1:
                axes.set_title(names[0])
            if len(quantities) > 1 or axes.get_subplotspec().is_first_col():
                axes.set_ylabel(quantity.label)
            _frame(axes, quantity, lines[quantity.column][0], statuses(summary))
            _draw_runs(axes, *lines[quantity.column], runs, statuses(summary))
            panels |= {(name, quantity.column): axes for name in names}
    return figure, panels


def _lines(
    traces: pd.DataFrame, x: str, quantity: Quantity, middle: str
) -> tuple[dict[Any, pd.Series], dict[Any, pd.DataFrame]]:
    """The middle of each run by x, and what is thin beside it: its seeds, or two quantiles."""
    seeds = traces.pivot(index=[*RUN, x], columns="seed", values=quantity.column)
    if middle == "mean":
        line = seeds.mean(axis=1, skipna=False)
    else:
        line = pd.Series(quantile(seeds, 0.5, quantity.column), seeds.index)
    if seeds.shape[1] >= FEW:
        ends = {share: quantile(seeds, share, quantity.column) for share in (0.1, 0.9)}
        seeds = pd.DataFrame(ends, seeds.index)
    return tuple(
        {run: rows.droplevel(RUN) for run, rows in table.groupby(level=RUN)}
        for table in (line, seeds)
    )


def _frame(
    axes: Axes, quantity: Quantity, lines: Mapping[Any, pd.Series], ended: pd.Series
) -> None:
    """The scale and the limits of y, which hold all lines, but at most HIGHEST times the starts of
    those that did not diverge."""
    values = np.concatenate([*lines.values()])
    if quantity.scale == "logit":
        return accuracy_axis(axes, values)
    if quantity.scale == "linear":  # a share of the start
        high = values[np.isfinite(values)].max(initial=1)
        axes.set_ylim(0, min(1.05 * high, 2))
        return None
    sound = [line for run, line in lines.items() if ended[run] != "diverged"]
    starts = np.array([line.iloc[0] for line in sound or lines.values()])
    start = starts[np.isfinite(starts)].max(initial=0) or 1.0
    inside = values[(values <= HIGHEST * start) & (values > DEEPEST * start)]
    low, high = inside.min(initial=start), inside.max(initial=start)
    return value_axis(axes, low, high, quantity.scale)


def _draw_runs(
    axes: Axes,
    lines: Mapping[Any, pd.Series],
    seeds: Mapping[Any, pd.DataFrame],
    looks: Lines,
    ended: pd.Series,
) -> None:
    low, high = axes.get_ylim()
    is_accuracy = axes.get_yscale() == "logit"
    worst, caret = (low, CARETDOWN) if is_accuracy else (high, CARETUP)
    ends: list[tuple[NDArray, str, Any]] = []
    for run, look in looks.items():
        drawn = slice(int(axes.get_xscale() == "log" and lines[run].index[0] == 0), None)
        x, y = lines[run].index.to_numpy()[drawn], lines[run].to_numpy()[drawn]
        thin, finite = seeds[run].to_numpy()[drawn], np.isfinite(y)
        if is_accuracy:  # 0 and 1 stand at the edges
            y, thin = np.clip(y, low, high), np.clip(thin, low, high)
        if 1 < thin.shape[1] <= CROWD / len(looks):
            _draw_seeds(axes, x, thin, 0.1 in seeds[run], look["color"])
        short = {"marker": ".", "markevery": None} if len(x) < 3 else {}
        axes.plot(x, np.where(finite, y, np.nan), **look | short)
        for mark, where in ((caret, finite & (y > high)), (SIGNS["diverged"], ~finite)):
            if where.any():
                edge = {"color": look["color"], "marker": mark, "markersize": 5}
                axes.plot(x[where.argmax()], worst, **SIGN | BARE | edge)
        end = np.clip(y[-1], low, high) if finite[-1] else worst
        ends.append((np.array([x[-1], end]), ended[run], look["color"]))
    _draw_signs(axes, ends)


def _draw_seeds(axes: Axes, x: NDArray, seeds: NDArray, band: bool, colour: Any) -> None:
    """The seeds [steps, seeds], or the band between two quantiles."""
    seeds = np.where(np.isfinite(seeds), seeds, np.nan)
    if band:
        axes.fill_between(x, *seeds.T, color=colour, alpha=0.15, linewidth=0)
    else:
        thin = [np.column_stack([x, y]) for y in seeds.T]
        style = {"linewidths": 0.5, "alpha": 0.5, "zorder": 1.9}
        axes.add_collection(LineCollection(thin, colors=[colour], **style), autolim=False)


def _draw_signs(axes: Axes, ends: Sequence[tuple[NDArray, str, Any]]) -> None:
    """The signs of statuses behind the ends of lines, the worst first, as far as there is room."""
    behind = axes.transData + ScaledTranslation(7 / 72, 0, axes.figure.dpi_scale_trans)
    taken: list[NDArray] = []
    for end, status, colour in sorted(ends, key=lambda end: [*SIGNS].index(end[1])):
        place = axes.transLimits.transform(axes.transScale.transform(end))
        if all(np.abs(place - other).max() > SIGNS_APART for other in taken):
            taken.append(place)
            look = SIGN | {"color": colour, "marker": SIGNS[status], "transform": behind}
            axes.plot(*end, gid=status, scalex=False, scaley=False, clip_on=False, **look)


def _named(
    figure: Figure,
    summary: pd.DataFrame,
    further: Sequence[Any] = (),
    middle: str = "median",
    colours: bool = True,
) -> Figure:
    """With its title and its legends: of colours, of signs, and of further lines."""
    seeds = summary["seeds"].max()
    name_study(figure, summary, range_text(seeds, middle))
    signs = {line.get_gid() for axes in figure.axes for line in axes.get_lines()}
    handles = [*further, *name_signs(signs)]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, handlelength=2.5)
    of_step_sizes = step_size_colours(summary["step_size"])
    if colours and len(of_step_sizes) > MANY:
        step_size_bar(figure, summary["step_size"])
    elif colours:
        lines = [Line2D([], [], color=c, label=step_size_text(s)) for s, c in of_step_sizes.items()]
        figure.legend(handles=lines[::-1], title="step size α", loc="outside center right")
    return figure
