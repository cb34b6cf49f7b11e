"""Final test accuracy (for classifications) and test loss against step size and batch size, after
the number of epochs of the study.

Each cell is the median over the seeds of a run; combinations without a cell were not run. Wide
cells show the sign of the status of most seeds. "full" is at the number of training samples. The
colour scale is a logit scale for accuracies, and logarithmic for losses that span more than a
factor of ten. It ends at the value of the initial parameters, which also colours runs that are
worse or diverged. Cells with an orange underline are close to the best: accuracies within 0.02 of
it, or losses that have fallen by 95 % of the difference between the initial and the best loss.
Orange circles, joined by a line, are the best step sizes of each batch size, by the criterion in
the title; the orange bar at a circle spans all step sizes that are equally good. Along the dotted
line the step size is proportional to the batch size, so that α times the number of steps is
constant.
"""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import FuncNorm, LogNorm, Normalize
from matplotlib.figure import Figure
from scipy.special import expit, logit

from descent.analysis.best import best, criterion, selection_loss
from descent.analysis.quantiles import range_text
from descent.figures import _scales as scales
from descent.figures import _style as style

REACH = 0.5  # largest distance in decades from the centre of a cell to its edge
DARK = 0.6  # signs are white on colours whose largest component is below this
USEFUL = "#D55E00"
GOOD_ACCURACY, GOOD_LOSS = 0.02, 0.05  # from the best; the loss relative to its largest decrease


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    summary, start = summary.assign(samples=samples(traces)), traces[traces["step"] == 0]
    metrics = [metric for metric in ("test_accuracy", "test_loss") if metric in traces]
    figure = Figure(figsize=(style.WIDTH, 4.2))
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        values = summary[f"final_{metric}_median"]
        _draw_plane(figure, axes, metric, summary.assign(value=values), start[metric].median())
    panels[0].set_ylabel("batch size")
    signs = style.name_signs(style.statuses(summary))
    figure.legend(handles=signs, loc="outside lower center", ncols=6)
    seeds = range_text(summary["seeds"].max()).replace(" and range", "")
    style.name_study(figure, summary, f"{seeds}; line: best by {criterion(summary)}")
    return figure


def samples(traces: pd.DataFrame) -> pd.Series:
    """Return the batch size of each row of the summary, "full" as the number of training samples.

    That number is at most batch size × steps per epoch, and equal to it at batch size 1.
    """
    columns = ["batch_size", "step", "epoch"]
    last = traces.groupby(style.RUN, sort=False)[columns].last()
    number = pd.to_numeric(last["batch_size"], errors="coerce")
    full = (number * (last["step"] / last["epoch"]).round()).min()
    return number.fillna(full).fillna(1).reset_index(drop=True)


def _draw_plane(
    figure: Figure, axes: Axes, metric: str, summary: pd.DataFrame, initial: float
) -> None:
    norm = _norm(metric, summary["value"], initial)
    bad, good = (norm.vmin, norm.vmax) if metric == "test_accuracy" else (norm.vmax, norm.vmin)
    enough = GOOD_ACCURACY if metric == "test_accuracy" else GOOD_LOSS * (bad - good)
    best_value = summary["value"].max() if metric == "test_accuracy" else summary["value"].min()
    map_ = matplotlib.colormaps["cividis" if metric == "test_accuracy" else "cividis_r"]
    colours = ScalarMappable(norm, map_)
    scales.step_size_axis(axes, summary["step_size"])
    names = summary.groupby("samples")["batch_size"].first()
    edges = 10 ** style.cell_edges(np.log10(names.index))
    decades = np.ptp(np.log10(axes.get_xlim()))
    for (size, runs), bottom, top in zip(summary.groupby("samples"), *edges, strict=True):
        runs = runs.sort_values("step_size")
        x = runs["step_size"].to_numpy()
        left, right = 10 ** style.cell_edges(np.log10(x), max(REACH, decades / 40))
        values = runs["value"].where(np.isfinite(runs["value"]), bad)
        cell = {"align": "edge", "edgecolor": "white", "linewidth": min(0.8, 20 / len(x))}
        axes.bar(left, top - bottom, right - left, bottom, color=colours.to_rgba(values), **cell)
        useful = (np.abs(runs["value"] - best_value) <= enough + 1e-9).to_numpy()
        underline = np.full(useful.sum(), bottom * (top / bottom) ** 0.06)
        axes.hlines(underline, left[useful], right[useful], USEFUL, linewidth=3)
        for place in np.flatnonzero(np.log10(right / left) > decades / 30):
            dark = max(map_(norm(values.iloc[place]))[:3]) < DARK
            marker = style.SIGNS[style.statuses(runs).iloc[place]]
            ink = {"color": "white" if dark else "black", "marker": marker, "markersize": 5}
            axes.plot(x[place], size, **style.SIGN | ink)
        tied = x[selection_loss(runs).to_numpy() <= selection_loss(runs).min()]
        axes.hlines(size, tied.min(), tied.max(), USEFUL, linewidth=1.5)
    chosen = best(summary).sort_values("samples")[["step_size", "samples"]].to_numpy()
    axes.plot(*chosen.T, color=USEFUL, marker="o", markersize=5, markeredgecolor="black")
    if len(chosen):
        axes.axline(chosen[0], 10 * chosen[0], color="black", linestyle=":", linewidth=1)
    axes.set_yscale("log")
    axes.set_ylim(edges[0, 0], edges[1, -1])
    axes.set_yticks(names.index, names)
    axes.minorticks_off()
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    label = metric.replace("_", " ")
    bar = figure.colorbar(colours, ax=axes, location="top", aspect=25, label=f"final {label}")
    bar.outline.set_visible(False)
    if metric == "test_accuracy":
        scales.accuracy_ticks(bar.ax.xaxis, norm.vmin, norm.vmax, apart=1 / 6)


def _norm(metric: str, values: pd.Series, initial: float) -> Normalize:
    """Return the scale of colours, from the best value to that of the initial parameters."""
    values = values[np.isfinite(values)]
    if metric == "test_accuracy":
        low, high = scales.accuracy_range([initial, *values[values > initial]])
        return FuncNorm((logit, expit), low, high, clip=True)
    low = values.min() if len(values) and values.min() < initial else initial / 2
    return (LogNorm if initial > 10 * low > 0 else Normalize)(low, initial, clip=True)
