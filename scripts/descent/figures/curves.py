"""A line is the median over seeds (the mean, where the title says so). Beside it, thin, is each
seed where they are fewer than ten, else a band from the 10 % to the 90 % quantile; neither in
panels of so many runs that they would hide each other. Colour is the step size, the same in every
panel, unless the legend says otherwise. The sign behind a line says how most of its seeds ended, as
far as there is room. Of more than sixteen step sizes of an optimizer sixteen are shown, from the
smallest to the largest. A line that leaves the frame goes on where it comes back; a triangle at the
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
from descent.analysis.quantiles import FEW, over_seeds, range_text
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.theory.results import TheoryResults, expected_excess, without_average

MOST = 16  # step sizes of an optimizer that are shown
CROWD = 28  # thin lines in a panel; more are not shown
HIGHEST, DEEPEST = 30, 1e-6  # of the largest start: an axis shows nothing beyond
SIGNS_APART = 0.045  # of the height of a panel
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))  # of optimizers in one panel
MEASURED = {"linewidth": 3, "alpha": 0.4}
GREY = {"color": "0.6", "linewidth": 1, "zorder": 1.5}
AXES = {  # what curves are drawn against: its label, and its scale, symlog with 0
    "step": ("step", "symlog"),
    "epoch": ("epoch", "linear"),
    "path": ("α t (step size × number of steps)", "log"),
}
Looks = Mapping[tuple[str, float], dict[str, Any]]  # of each run
Lines = Mapping[tuple[str, float], pd.DataFrame]  # of each run by x: "middle", and what is thin


class Quantity(NamedTuple):
    """A column of the traces, its label, and its scale: "" is chosen by the values."""

    column: str
    label: str
    scale: str = ""


ACCURACY = Quantity("test_accuracy", "test accuracy", "logit")


def progress(traces: pd.DataFrame) -> list[Quantity]:
    """The objective, above its minimum where that is known, and the accuracy, if there is one."""
    objective = Quantity("objective", "training objective")
    if "excess" in traces:
        objective = Quantity("excess", r"objective $F - F^\star$", "log")
    return [objective, *([ACCURACY] if "test_accuracy" in traces else [])]


def loss(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    """Training objective against steps: how far down a step size gets, and how soon.

    Where the minimum F* is known, the objective is drawn above it. Then a wide pale line is the
    mean over seeds, and a thin one of the same colour what was expected of it before training: by
    the quadratic about the minimiser, what is left of the start and what the noise of batches
    adds. That is exact for full batches on a quadratic, and holds elsewhere near the minimiser: a
    path that begins far from it lies beside its thin line at first. Runs beyond their limit,
    decaying step sizes and averages of shuffled samples have no thin line.
    """
    traces, summary = _some_runs(traces, summary)
    expected, looks = dict(iter(theory.expected.groupby(style.RUN))), _by_step_size(summary)
    if not expected:
        return _named(draw(traces, summary, "step", progress(traces)[:1])[0], summary)
    wide = {run: look | MEASURED for run, look in looks.items()}
    figure, panels = draw(traces, summary, "step", progress(traces)[:1], wide, middle="mean")
    for run, look in looks.items():
        if run in expected:
            rows, thin = expected[run], look | {"linewidth": 1, "zorder": 3}
            panels[run[0], "excess"].plot(rows["step"], expected_excess(rows), **thin)
    further = [
        Line2D([], [], color="0.3", label="measured", **MEASURED),
        Line2D([], [], color="0.3", linewidth=1, label="expected before training"),
    ]
    return _named(figure, summary, further, "mean")


def accuracy(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Test accuracy against steps: what a parameter update buys, and what the first ones do. On its
    axis 98 and 99 % are as far apart as 80 and 90 %.
    """
    traces, summary = _some_runs(traces, summary)
    return _named(draw(traces, summary, "step", [ACCURACY])[0], summary)


def distance(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """How far the parameters are from where they go, against epochs.

    Where the objective has a minimiser w*, that is it: the norm of w_t - w*, of all parameters
    together, on a logarithmic axis, where a straight line is linear convergence, by the same factor
    in every epoch. Elsewhere it is the last iterate: ‖A_t - A_T‖ and ‖b_t - b_T‖ (Frobenius norms)
    over what they are at the start. These end at 0 by construction, whether or not a run has
    settled; the grey line goes straight there at constant speed and settles nowhere, and only a
    curve well below it slows down.
    """
    traces, summary = _some_runs(traces, summary)
    if to_minimiser := [name for name in traces if name.startswith("optimum_distance_")]:
        total = np.sqrt(np.square(traces[to_minimiser]).sum(axis=1, skipna=False))
        quantity = Quantity("distance", r"$\Vert w_t - w^\star \Vert$", "log")
        traces = traces.assign(distance=total)
        return _named(draw(traces, summary, "epoch", [quantity])[0], summary)
    names = [name for name in traces if name.startswith("distance_")]
    starts = traces.groupby([*style.RUN, "seed"])[names].transform("first")
    quantities = []
    for name in names:
        p = rf"\mathrm{{{name.removeprefix('distance_')}}}"
        ratio = rf"$\Vert {p}_t - {p}_T \Vert\ /\ \Vert {p}_0 - {p}_T \Vert$"
        quantities.append(Quantity(name, ratio, "linear"))
    figure, panels = draw(traces.assign(**traces[names] / starts), summary, "epoch", quantities)
    for axes in panels.values():
        axes.plot([0, axes.dataLim.x1], [1, 0], **GREY)
    return _named(figure, summary, [Line2D([], [], label="at constant speed", **GREY)])


def same_path(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """While steps are small, all runs walk the same path: what counts is the step size times the
    number of steps, α t.

    Training objective, above its minimum where that is known, and test accuracy of a
    classification, for all step sizes and optimizers at once. Runs whose steps are small lie on one
    curve, and end on it, at the mark, where their steps are spent; a step size that is too large
    leaves it. Averages of iterates are left out.
    """
    names = set(summary["optimizer"])
    averages = {name for name in names if without_average(name) in names - {name}}
    own = summary[~summary["optimizer"].isin(averages)]
    traces, summary = _some_runs(traces, own)
    traces = traces.assign(path=traces["step_size"] * traces["step"])
    marks = {
        name: {"marker": look["marker"], "linestyle": dashes, "markersize": 4}
        for (name, look), dashes in zip(
            style.optimizer_looks(summary).items(), DASHES * len(names), strict=False
        )
    }
    looks = {
        run: look | marks[run[0]] | {"markevery": [-1]}
        for run, look in _by_step_size(summary).items()
    }
    figure, _ = draw(traces, summary, "path", progress(traces), looks, together=True)
    further = [Line2D([], [], color="0.3", label=name, **mark) for name, mark in marks.items()]
    return _named(figure, summary, further)


def best_runs(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Training objective and test accuracy against steps, of each optimizer at its best step size,
    which the legend names. Colour is the optimizer.
    """
    chosen = best(summary).reset_index()
    chosen = chosen if len(chosen) else summary.drop_duplicates("optimizer")  # all diverged
    runs = chosen.set_index(style.RUN).index
    traces = traces[traces.set_index(style.RUN).index.isin(runs)]
    marks = style.optimizer_looks(summary)
    looks = {run: {"color": marks[run[0]]["color"]} for run in runs}
    figure, _ = draw(traces, chosen, "step", progress(traces), looks, together=True)
    further = [
        Line2D([], [], label=f"{run[0]}, α = {style.step_size_text(run[1])}", **look)
        for run, look in looks.items()
    ]
    return _named(figure, chosen, further, step_sizes=False)


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
    traces, summary = _some_runs(traces, summary[summary["optimizer"].isin(shown)])
    traces = traces.assign(sharpness=traces["curvature"] * traces["step_size"] / 2)
    quantities = [
        progress(traces)[0],
        Quantity("curvature", r"$\lambda_{\max}$"),
        Quantity("sharpness", r"$\lambda_{\max}$ in units of $2/\alpha$"),
    ]
    figure, panels = draw(traces, summary, "step", quantities)
    for optimizer in shown:
        panels[optimizer, "sharpness"].axhline(1, **GREY)
    band = {"alpha": 0.2, "linewidth": 0}
    for run, look in _by_step_size(summary).items():
        rows = traces.set_index(style.RUN).loc[[run]].groupby("step")
        middle = rows[["curvature", "curvature_error"]].median()
        ends = (middle["curvature"] + sign * middle["curvature_error"] for sign in (-2, 2))
        panels[run[0], "curvature"].fill_between(middle.index, *ends, **look, **band)
    errors = Patch(color="0.3", label="2 standard errors, by the samples", **band)
    return _named(figure, summary, [Line2D([], [], label=r"$2/\alpha$", **GREY), errors])


def _some_runs(traces: pd.DataFrame, summary: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """At most MOST runs of each optimizer of the summary."""
    runs = [
        (optimizer, step_size)
        for optimizer, of_optimizer in summary.groupby("optimizer", sort=False)["step_size"]
        for step_size in style.some(of_optimizer, MOST)
    ]
    traces, summary = (t[t.set_index(style.RUN).index.isin(runs)] for t in (traces, summary))
    return traces, summary


def _by_step_size(summary: pd.DataFrame) -> dict[tuple[str, float], dict[str, Any]]:
    colours = style.step_size_colours(summary["step_size"])
    return {run: {"color": colours[run[1]]} for run in style.statuses(summary).index}


def draw(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    x: str,
    quantities: Sequence[Quantity],
    looks: Looks | None = None,
    together: bool = False,
    middle: str = "median",
) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """A panel for each optimizer and quantity against x, {(optimizer, column): Axes}.

    together: all optimizers in one panel. Panels of a quantity have the same axis.
    """
    looks, ended = looks or _by_step_size(summary), style.statuses(summary)
    names = list(summary["optimizer"].unique())
    groups = [names] if together else [[name] for name in names]
    count = len(groups) * len(quantities)
    balanced = -(-count // -(-count // 3))
    columns = balanced if len(quantities) == 1 else 2 if len(quantities) in (2, 4) else 3
    rows = -(-count // columns)
    label, scale = AXES[x]
    figure = Figure(figsize=(style.WIDTH, 0.8 + (2.9 if rows == 1 else 2.0) * rows))
    cells = iter(style.wrapped(figure, count, columns, label))
    panels, lines = {}, {each: _lines(traces, x, each, middle) for each in quantities}
    for group in groups:
        runs = {run: look for run, look in looks.items() if run[0] in group}
        for quantity in quantities:
            axes = next(cells)
            axes.set_xscale(scale)
            if scale == "symlog":
                most = max(lines[quantity][run].index[-1] for run in runs)
                scales.step_axis(axes, most, 12 // columns)
            axes.set_title(group[0] if len(groups) > 1 else "")
            if len(quantities) > 1 or axes.get_subplotspec().is_first_col():
                axes.set_ylabel(quantity.label)
            _set_frame(axes, quantity, lines[quantity], ended)
            _draw_runs(axes, lines[quantity], runs, ended)
            panels |= {(name, quantity.column): axes for name in group}
    return figure, panels


def _lines(traces: pd.DataFrame, x: str, quantity: Quantity, middle: str) -> Lines:
    """The middle over seeds, and either each seed or two quantiles."""
    by = [*style.RUN, x]
    seeds = traces.pivot(index=by, columns="seed", values=quantity.column)
    ends = over_seeds(traces, by, quantity.column)
    thin = seeds if seeds.shape[1] < FEW else ends[["low", "high"]]
    line = ends["median"] if middle == "median" else seeds.mean(axis=1, skipna=False)
    table = thin.assign(middle=line)
    return {run: rows.droplevel(style.RUN) for run, rows in table.groupby(level=style.RUN)}


def _set_frame(axes: Axes, quantity: Quantity, lines: Lines, ended: pd.Series) -> None:
    """The scale and the limits of y, which hold all middles, but at most HIGHEST times the starts
    of those that did not diverge."""
    values = np.concatenate([line["middle"] for line in lines.values()])
    if quantity.scale == "logit":
        return scales.accuracy_axis(axes, values)
    if quantity.scale == "linear":  # a share of the start
        high = values[np.isfinite(values)].max(initial=1)
        return scales.value_axis(axes, 0, min(high, 2), "linear")
    sound = [line for run, line in lines.items() if ended[run] != "diverged"]
    starts = np.array([line["middle"].iloc[0] for line in sound or lines.values()])
    start = starts[np.isfinite(starts)].max(initial=0) or 1.0
    inside = values[(values <= HIGHEST * start) & (values > DEEPEST * start)]
    low, high = inside.min(initial=start), inside.max(initial=start)
    return scales.value_axis(axes, low, high, quantity.scale)


def _draw_runs(axes: Axes, lines: Lines, looks: Looks, ended: pd.Series) -> None:
    low, high = axes.get_ylim()
    is_accuracy = axes.get_yscale() == "logit"
    worst, caret = (low, CARETDOWN) if is_accuracy else (high, CARETUP)
    ends: list[tuple[NDArray, str, Any]] = []
    for run, look in looks.items():
        rows = lines[run][int(axes.get_xscale() == "log" and lines[run].index[0] == 0) :]
        finite = np.isfinite(rows["middle"]).to_numpy()
        if is_accuracy:  # 0 and 1 stand at the edges
            rows = rows.clip(low, high)
        x, y, thin = rows.index.to_numpy(), rows.pop("middle").to_numpy(), rows
        thin = thin.where(np.isfinite(thin))
        if 1 < thin.shape[1] <= CROWD / len(looks) and thin.notna().any(axis=None):
            _draw_seeds(axes, thin, look["color"])
        short = {"marker": ".", "markevery": None} if len(x) < 3 else {}
        axes.plot(x, np.where(finite, y, np.nan), **look | short)
        axes.update_datalim([(x[0], low), (x[-1], high)])  # of lines without finite points, too
        for mark, where in ((caret, finite & (y > high)), (style.SIGNS["diverged"], ~finite)):
            if where.any():
                edge = {"color": look["color"], "marker": mark, "markersize": 5}
                axes.plot(x[where.argmax()], worst, **style.SIGN | style.OVER | edge)
        end = np.clip(y[-1], low, high) if finite[-1] else worst
        ends.append((np.array([x[-1], end]), ended[run], look["color"]))
    axes.autoscale_view(scaley=False)
    _draw_signs(axes, ends)


def _draw_seeds(axes: Axes, thin: pd.DataFrame, colour: Any) -> None:
    """The seeds, or the band between two quantiles."""
    if "low" in thin:
        axes.fill_between(
            thin.index, thin["low"], thin["high"], color=colour, alpha=0.15, linewidth=0
        )
    else:
        seeds = [np.column_stack([thin.index, y]) for y in thin.to_numpy().T]
        look = {"colors": [colour], "linewidths": 0.5, "alpha": 0.5, "zorder": 1.9}
        axes.add_collection(LineCollection(seeds, **look), autolim=False)


def _draw_signs(axes: Axes, ends: Sequence[tuple[NDArray, str, Any]]) -> None:
    """The signs of statuses behind the ends of lines, the worst first, as far as there is room."""
    behind = axes.transData + ScaledTranslation(7 / 72, 0, axes.figure.dpi_scale_trans)
    taken: list[NDArray] = []
    for end, status, colour in sorted(ends, key=lambda end: [*style.SIGNS].index(end[1])):
        place = axes.transLimits.transform(axes.transScale.transform(end))
        if all(np.abs(place - other).max() > SIGNS_APART for other in taken):
            taken.append(place)
            look = style.SIGN | {"color": colour, "marker": style.SIGNS[status], "gid": status}
            axes.plot(*end, transform=behind, clip_on=False, scalex=False, scaley=False, **look)


def _named(
    figure: Figure,
    summary: pd.DataFrame,
    further: Sequence[Any] = (),
    middle: str = "median",
    step_sizes: bool = True,
) -> Figure:
    """With its title and its legends: of further lines, of signs, and of step sizes."""
    style.name_study(figure, summary, range_text(summary["seeds"].max(), middle))
    signs = {line.get_gid() for axes in figure.axes for line in axes.get_lines()}
    handles = [*further, *style.name_signs(signs)]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, handlelength=2.5)
    if step_sizes:
        style.name_step_sizes(figure, summary["step_size"])
    return figure
