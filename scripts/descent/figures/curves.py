"""Each line is the median over seeds, or the mean if the title says so; a line of one or two points
is drawn as dots. If there are fewer than ten seeds, thin lines are single seeds; otherwise a band
spans the 10 % to 90 % quantiles. Both are left out of panels with too many runs to tell them apart.
Colour is the step size, the same in all panels, unless the legend says otherwise. The sign after
the end of a line is the status of most of its seeds; where signs would overlap, the worst is shown,
and the sign of a run that ends outside the frame is at its edge. At most sixteen step sizes of each
optimizer are shown, from the smallest to the largest. A triangle at the edge marks where a run
first leaves the frame, and a cross where its line is first not finite.
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

MOST = 16  # step sizes shown of each optimizer
CROWD = 28  # thin lines that a panel holds
HIGHEST, DEEPEST = 30, 1e-6  # ends of an axis, relative to the largest start
SIGNS_APART = 0.045  # smallest distance of two signs, as a share of the panel
SIGN_MARGIN = 0.03  # smallest distance of a sign from the top and bottom of the panel
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))  # of optimizers in one panel
MEASURED = {"linewidth": 3, "alpha": 0.4}
GREY = {"color": "0.6", "linewidth": 1, "zorder": 1.5}
AXES = {  # label and scale of x; symlog contains 0
    "step": ("step", "symlog"),
    "epoch": ("epoch", "linear"),
    "path": ("α t (step size × number of steps)", "log"),
}
Looks = Mapping[tuple[str, float], dict[str, Any]]  # line style of each run
Lines = Mapping[tuple[str, float], pd.DataFrame]  # of each run, by x: "centre" and the thin lines


class Quantity(NamedTuple):
    """Column of the traces, with the label and the scale of its axis ("": chosen by the values)."""

    column: str
    label: str
    scale: str = ""


ACCURACY = Quantity("test_accuracy", "test accuracy", "logit")


def progress(traces: pd.DataFrame) -> list[Quantity]:
    """Return F − F*, or F if the minimum is not known, and the test accuracy if there is one."""
    objective = Quantity("objective", "training objective")
    if "excess" in traces:
        objective = Quantity("excess", r"objective $F - F^\star$", "log")
    return [objective, *([ACCURACY] if "test_accuracy" in traces else [])]


def loss(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    """Training objective against the number of steps.

    If the minimum F* is known, the suboptimality F − F* is shown. Wide pale lines are means over
    seeds, and thin lines of the same colour are predictions made before training, from the
    quadratic approximation at the minimiser: the decay of the initial suboptimality plus the
    contribution of gradient noise. The prediction is exact for full batches on a quadratic
    objective. Otherwise it holds near the minimiser, so a run that starts far away may deviate from
    it at first. There is no prediction for step sizes beyond the stability limit, for decaying step
    sizes, or for averaged iterates of shuffled samples.
    """
    traces, summary = _some_runs(traces, summary)
    expected, looks = dict(iter(theory.expected.groupby(style.RUN))), _by_step_size(summary)
    if not expected:
        return draw(traces, summary, "step", progress(traces)[:1])[0]
    handles = [
        Line2D([], [], color="0.3", label="measured", **MEASURED),
        Line2D([], [], color="0.3", linewidth=1, label="predicted before training"),
    ]
    wide = {run: look | MEASURED for run, look in looks.items()}
    figure, panels = draw(
        traces, summary, "step", progress(traces)[:1], wide, handles, centre="mean"
    )
    for run, look in looks.items():
        if run in expected:
            rows, thin = expected[run], look | {"linewidth": 1, "zorder": 3}
            panels[run[0], "excess"].plot(rows["step"], expected_excess(rows), **thin)
    return figure


def accuracy(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Test accuracy against the number of steps. The axis of accuracies is logarithmic in the odds
    (logit), so that 98 and 99 % are about as far apart as 80 and 90 %.
    """
    return draw(*_some_runs(traces, summary), "step", [ACCURACY])[0]


def distance(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Distance of the parameters from the minimiser, or from the last iterate, against epochs.

    If the objective has a known minimiser w*, the distance is ‖w_t − w*‖ over all parameters, on a
    logarithmic axis: a straight line is linear convergence, by the same factor in each epoch.
    Otherwise the figure shows the distance to the last iterate, ‖A_t − A_T‖ and ‖b_t − b_T‖
    (Frobenius norms), relative to its initial value. This distance ends at 0 by construction, even
    if the run has not converged. The grey line is a run that moves straight to its last iterate at
    constant speed; only runs that slow down have curves well below it.
    """
    traces, summary = _some_runs(traces, summary)
    if to_minimiser := [name for name in traces if name.startswith("optimum_distance_")]:
        total = np.sqrt(np.square(traces[to_minimiser]).sum(axis=1, skipna=False))
        quantity = Quantity("distance", r"$\Vert w_t - w^\star \Vert$", "log")
        return draw(traces.assign(distance=total), summary, "epoch", [quantity])[0]
    names = [name for name in traces if name.startswith("distance_")]
    starts = traces.groupby([*style.RUN, "seed"])[names].transform("first")
    quantities = []
    for name in names:
        p = rf"\mathrm{{{name.removeprefix('distance_')}}}"
        ratio = rf"$\Vert {p}_t - {p}_T \Vert\ /\ \Vert {p}_0 - {p}_T \Vert$"
        quantities.append(Quantity(name, ratio, "linear"))
    traces = traces.assign(**traces[names] / starts)
    handles = [Line2D([], [], label="at constant speed", **GREY)]
    figure, panels = draw(traces, summary, "epoch", quantities, handles=handles)
    for axes in panels.values():
        axes.plot([0, axes.dataLim.x1], [1, 0], **GREY)
    return figure


def same_path(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Training objective (F − F* if the minimum is known) and, for classifications, test accuracy,
    against the effective time α t, the step size times the number of steps.

    All optimizers share the panels. Runs with small steps follow the same curve and end on it, at
    their marker; runs with too large a step size leave it. Averaged iterates are left out.
    """
    names = set(summary["optimizer"])
    averages = {name for name in names if without_average(name) in names - {name}}
    traces, summary = _some_runs(traces, summary[~summary["optimizer"].isin(averages)])
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
    handles = [Line2D([], [], color="0.3", label=name, **mark) for name, mark in marks.items()]
    return draw(traces, summary, "path", progress(traces), looks, handles, together=True)[0]


def best_runs(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Training objective and test accuracy against the number of steps, for each optimizer at its
    best step size. Colour is the optimizer, and the legend gives its best step size.
    """
    chosen = best(summary).reset_index()
    chosen = chosen if len(chosen) else summary.drop_duplicates("optimizer")  # all diverged
    runs = chosen.set_index(style.RUN).index
    traces = traces[traces.set_index(style.RUN).index.isin(runs)]
    optimizers = style.optimizer_looks(summary)
    looks = {run: {"color": optimizers[run[0]]["color"]} for run in runs}
    handles = [
        Line2D([], [], label=f"{run[0]}, α = {style.step_size_text(run[1])}", **look)
        for run, look in looks.items()
    ]
    options = {"together": True, "step_sizes": False}
    return draw(traces, chosen, "step", progress(traces), looks, handles, **options)[0]


def curvature(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Curvature along the paths of full-batch gradient descent: the objective; λ_max, the largest
    eigenvalue of its Hessian; and λ_max in units of 2/α.

    Above the grey line, λ_max = 2/α, a step in the sharpest direction overshoots the minimum so
    far that it ends farther away. Runs that converge end below the line. λ_max of a neural network
    may rise to 2/α and stay there while the loss falls non-monotonically: progressive sharpening
    and the edge of stability (Cohen et al. 2021). With cross-entropy, λ_max falls again as the
    model becomes certain of its training samples; if the objective is convex, λ_max ends at its
    value at the minimiser. The band around λ_max is two standard errors, from the sample of
    training data over which the Hessian is averaged.
    """
    measured = traces.groupby("optimizer")["curvature"].count()  # 0 of mini-batches and averages
    shown = measured.index[measured > 0]
    traces, summary = _some_runs(traces, summary[summary["optimizer"].isin(shown)])
    traces = traces.assign(sharpness=traces["curvature"] * traces["step_size"] / 2)
    quantities = [
        progress(traces)[0],
        Quantity("curvature", r"$\lambda_{\max}$"),
        Quantity("sharpness", r"$\lambda_{\max}$ in units of $2/\alpha$"),
    ]
    band = {"alpha": 0.2, "linewidth": 0}
    errors = Patch(color="0.3", label="2 standard errors over samples", **band)
    handles = [Line2D([], [], label=r"$2/\alpha$", **GREY), errors]
    figure, panels = draw(traces, summary, "step", quantities, handles=handles)
    for optimizer in shown:
        panels[optimizer, "sharpness"].axhline(1, **GREY)
    for run, look in _by_step_size(summary).items():
        rows = traces.set_index(style.RUN).loc[[run]].groupby("step")
        medians = rows[["curvature", "curvature_error"]].median()
        ends = (medians["curvature"] + sign * medians["curvature_error"] for sign in (-2, 2))
        panels[run[0], "curvature"].fill_between(medians.index, *ends, **look, **band)
    return figure


def _some_runs(traces: pd.DataFrame, summary: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Select at most MOST runs of each optimizer of the summary."""
    runs = [
        (optimizer, step_size)
        for optimizer, step_sizes in summary.groupby("optimizer", sort=False)["step_size"]
        for step_size in style.evenly_chosen(step_sizes, MOST)
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
    handles: Sequence[Any] = (),
    together: bool = False,
    centre: str = "median",
    step_sizes: bool = True,
) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """Draw a panel for each optimizer and quantity against x, {(optimizer, column): Axes}.

    Panels of the same quantity have the same axis. looks: line styles of runs, by default coloured
    by step size; handles: of the legend, before those of signs; together: all optimizers in one
    panel; centre: "median" or "mean" over seeds; step_sizes: whether to add a legend of step sizes
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
    panels, lines = {}, {each: _lines(traces, x, each, centre) for each in quantities}
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
    style.name_study(figure, summary, range_text(summary["seeds"].max(), centre))
    signs = {line.get_gid() for axes in panels.values() for line in axes.get_lines()}
    handles = [*handles, *style.name_signs(signs)]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, handlelength=2.5)
    if step_sizes:
        style.name_step_sizes(figure, summary["step_size"])
    return figure, panels


def _lines(traces: pd.DataFrame, x: str, quantity: Quantity, centre: str) -> Lines:
    """Return the median or mean over seeds, with either each seed or two quantiles."""
    by = [*style.RUN, x]
    seeds = traces.pivot(index=by, columns="seed", values=quantity.column)
    ends = over_seeds(traces, by, quantity.column)
    thin = seeds if seeds.shape[1] < FEW else ends[["low", "high"]]
    line = ends["median"] if centre == "median" else seeds.mean(axis=1, skipna=False)
    table = thin.assign(centre=line)
    return {run: rows.droplevel(style.RUN) for run, rows in table.groupby(level=style.RUN)}


def _set_frame(axes: Axes, quantity: Quantity, lines: Lines, ended: pd.Series) -> None:
    """Set the scale and limits of y: all centres up to HIGHEST times the start of runs that did not
    diverge."""
    values = np.concatenate([line["centre"] for line in lines.values()])
    if quantity.scale == "logit":
        return scales.accuracy_axis(axes, values)
    if quantity.scale == "linear":  # relative to the start
        high = values[np.isfinite(values)].max(initial=1)
        return scales.value_axis(axes, 0, min(high, 2), "linear")
    stable = [line for run, line in lines.items() if ended[run] != "diverged"]
    starts = np.array([line["centre"].iloc[0] for line in stable or lines.values()])
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
        finite = np.isfinite(rows["centre"]).to_numpy()
        if is_accuracy:  # draw 0 and 1 at the edges
            rows = rows.clip(low, high)
        x, y, thin = rows.index.to_numpy(), rows.pop("centre").to_numpy(), rows
        thin = thin.where(np.isfinite(thin))
        if 1 < thin.shape[1] <= CROWD / len(looks) and thin.notna().any(axis=None):
            _draw_seeds(axes, thin, look["color"])
        short = {"marker": ".", "markevery": None} if len(x) < 3 else {}
        axes.plot(x, np.where(finite, y, np.nan), **look | short)
        axes.update_datalim([(x[0], low), (x[-1], high)])  # also if no point is finite
        for mark, where in ((caret, finite & (y > high)), (style.SIGNS["diverged"], ~finite)):
            if where.any():
                edge = {"color": look["color"], "marker": mark, "markersize": 5}
                axes.plot(x[where.argmax()], worst, **style.SIGN | style.OVER | edge)
        end = np.clip(y[-1], low, high) if finite[-1] else worst
        ends.append((np.array([x[-1], end]), ended[run], look["color"]))
    axes.autoscale_view(scaley=False)
    _draw_signs(axes, ends)


def _draw_seeds(axes: Axes, thin: pd.DataFrame, colour: Any) -> None:
    """Draw the seeds, or the band between two quantiles."""
    if "low" in thin:
        band = {"color": colour, "alpha": 0.15, "linewidth": 0}
        axes.fill_between(thin.index, thin["low"], thin["high"], **band)
    else:
        seeds = [np.column_stack([thin.index, y]) for y in thin.to_numpy().T]
        look = {"colors": [colour], "linewidths": 0.5, "alpha": 0.5, "zorder": 1.9}
        axes.add_collection(LineCollection(seeds, **look), autolim=False)


def _draw_signs(axes: Axes, ends: Sequence[tuple[NDArray, str, Any]]) -> None:
    """Draw the signs of statuses after the ends of lines, without overlaps, the worst first."""
    ends = sorted(ends, key=lambda end: [*style.SIGNS].index(end[1]))
    places = (axes.transScale + axes.transLimits).transform([end for end, *_ in ends])
    places[:, 1] = places[:, 1].clip(SIGN_MARGIN, 1 - SIGN_MARGIN)
    right = axes.get_xaxis_transform() + ScaledTranslation(7 / 72, 0, axes.figure.dpi_scale_trans)
    for i in style.spaced(places, SIGNS_APART):
        (x, _), status, colour = ends[i]
        look = style.SIGN | {"color": colour, "marker": style.SIGNS[status], "gid": status}
        axes.plot(
            x, places[i, 1], transform=right, clip_on=False, scalex=False, scaley=False, **look
        )
