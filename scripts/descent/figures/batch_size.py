"""What the batch size does to the step size: final test accuracy, of a classification, and test loss
over the plane of both, after as many epochs as the study trains.

A cell is a run, the median over seeds, with the sign of how most seeds ended where there is room
for it; where there is no cell, nothing was run. "full" stands at the number of training samples.
The scale of the colours, logarithmic in the odds of accuracies and where losses span more than a
factor of ten, ends at the initial parameters; a run that is worse, or diverged, is as dark. Orange
underlines what is useful: accuracies within 0.02 of the best, and losses that have come 95 % of the
way from the initial loss to the best. The line joins the best step size of each batch size, by what
the title says; its bar reaches over all step sizes that are as good. Along the dotted line the step
size is proportional to the batch size: α times the number of steps is constant.
"""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import FuncNorm, LogNorm, Normalize
from matplotlib.figure import Figure
from scipy.special import expit, logit

from descent.analysis.best import badness, best, criterion
from descent.analysis.quantiles import range_text
from descent.figures._scales import accuracy_range, accuracy_ticks
from descent.figures._style import (
    SIGN,
    SIGNS,
    WIDTH,
    apart,
    halfway,
    name_signs,
    name_study,
    statuses,
    step_size_text,
)

REACH = 0.5  # decades: no cell is wider to a side
USEFUL = "#D55E00"
GOOD_ACCURACY, GOOD_LOSS = 0.02, 0.05  # from the best; the loss as a share of its way
LABELS = {1: 0.04, 2: 0.11}  # of an axis: how far its labels are apart, by panels


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    summary, start = summary.assign(samples=samples(traces)), traces[traces["step"] == 0]
    metrics = [metric for metric in ("test_accuracy", "test_loss") if metric in traces]
    figure = Figure(figsize=(WIDTH, 4.2))
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        values = summary[f"final_{metric}_median"]
        _draw_plane(figure, axes, metric, summary.assign(value=values), start[metric].median())
        step_sizes = np.unique(summary["step_size"])
        place = np.interp(np.log10(step_sizes), axes.get_xlim(), [0, 1])
        shown = step_sizes[apart(step_sizes, place, LABELS[len(metrics)])]
        axes.set_xticks(np.log10(shown), map(step_size_text, shown))
        axes.set_xlabel("step size α")
    panels[0].set_ylabel("batch size")
    figure.legend(handles=name_signs(statuses(summary)), loc="outside lower center", ncols=6)
    shown = range_text(summary["seeds"].max()).replace(" and range", "")
    name_study(figure, summary, f"{shown}; line: best by {criterion(summary)}")
    return figure


def samples(traces: pd.DataFrame) -> pd.Series:
    """The batch size of each row of the summary as a number: of "full" the training samples.

    Of those there are at most batch size × steps of an epoch, and exactly so many at batch size 1.
    """
    last = traces.groupby(["optimizer", "step_size"], sort=False)[
        ["batch_size", "step", "epoch"]
    ].last()
    number = pd.to_numeric(last["batch_size"], errors="coerce")
    most = (number * (last["step"] / last["epoch"]).round()).min()
    return number.fillna(most).fillna(1).reset_index(drop=True)


def _draw_plane(
    figure: Figure, axes: Axes, metric: str, summary: pd.DataFrame, initial: float
) -> None:
    norm = _norm(metric, summary["value"], initial)
    bad, good = (norm.vmin, norm.vmax) if metric == "test_accuracy" else (norm.vmax, norm.vmin)
    enough = GOOD_ACCURACY if metric == "test_accuracy" else GOOD_LOSS * (bad - good)
    best_value = summary["value"].max() if metric == "test_accuracy" else summary["value"].min()
    map_ = matplotlib.colormaps["cividis" if metric == "test_accuracy" else "cividis_r"]
    colours = ScalarMappable(norm, map_)
    names = summary.groupby("samples")["batch_size"].first()
    heights = np.log10(names.index.to_numpy())
    rows = dict(zip(names.index, halfway(heights).T, strict=True))
    place = np.log10(summary["step_size"])
    reach = max(REACH, np.ptp(place) / 40)
    axes.set_xlim(place.min() - reach / 2, place.max() + reach / 2)
    room = np.ptp(axes.get_xlim()) / 30  # of a sign
    chosen = best(summary).sort_values("samples")
    for size, runs in summary.groupby("samples"):
        runs = runs.sort_values("step_size")
        x, (bottom, top) = np.log10(runs["step_size"].to_numpy()), rows[size]
        left, right = halfway(x, reach)
        values = runs["value"].where(np.isfinite(runs["value"]), bad)
        cell = {"align": "edge", "edgecolor": "white", "linewidth": min(0.8, 20 / len(x))}
        axes.bar(left, top - bottom, right - left, bottom, color=colours.to_rgba(values), **cell)
        useful = (np.abs(runs["value"] - best_value) <= enough + 1e-9).to_numpy()
        under = bottom + 0.06 * (top - bottom)
        axes.hlines([under] * useful.sum(), left[useful], right[useful], USEFUL, linewidth=3)
        for a, width, value, ended in zip(
            x, right - left, values, statuses(runs).to_numpy(), strict=True
        ):
            if width > room:
                dark = map_(norm(value))[:3] < np.array([0.55, 0.55, 0.55])
                ink = {"color": "white" if dark.all() else "black", "marker": SIGNS[ended]}
                axes.plot(a, np.log10(size), **SIGN | {"markersize": 5} | ink)
        tied = x[badness(runs).to_numpy() <= badness(runs).min()]
        if len(tied) > 1:
            axes.hlines(np.log10(size), tied[0], tied[-1], USEFUL, linewidth=1.5)
    x, y = np.log10(chosen["step_size"].to_numpy()), np.log10(chosen["samples"].to_numpy())
    axes.plot(x, y, color=USEFUL, marker="o", markersize=5, markeredgecolor="black")
    if len(chosen):
        axes.axline((x[0], y[0]), slope=1, color="black", linestyle=":", linewidth=1)
    axes.set_ylim(halfway(heights)[0, 0], halfway(heights)[1, -1])
    axes.set_yticks(heights, names)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    label = metric.replace("_", " ")
    bar = figure.colorbar(colours, ax=axes, location="top", aspect=25, label=f"final {label}")
    bar.outline.set_visible(False)
    if metric == "test_accuracy":
        accuracy_ticks(bar.ax.xaxis, norm.vmin, norm.vmax, False)


def _norm(metric: str, values: pd.Series, initial: float) -> Normalize:
    """From the best to the initial parameters."""
    values = values[np.isfinite(values)]
    if metric == "test_accuracy":
        low, high = accuracy_range([initial, *values[values > initial]])
        return FuncNorm((logit, expit), low, high, clip=True)
    low = values.min() if len(values) and values.min() < initial else initial / 2
    return (LogNorm if initial > 10 * low > 0 else Normalize)(low, initial, clip=True)
