"""What the batch size does to the step size: final test error (1 - accuracy, of a classification)
and test loss over the plane of both, after as many epochs as the study trains.

A cell is a run, the median over seeds, with a dot where there is room for it; where there is no
cell, nothing was run. "full" stands at the number of training samples. The scale of the colours,
logarithmic for errors and where losses span more than a factor of ten, ends at the initial
parameters; a run that is worse, or diverged, is as dark. Orange outlines what is useful: errors
within 0.02 of the best, and losses that have come 95 % of the way from the initial loss to the
best. The line joins the best step size of each batch size, by what the title says. Along the dotted
line the step size is proportional to the batch size: α times the number of steps is constant.
"""

from collections.abc import Iterator
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.figures._cells import OUTLINE, cells, draw_cells, step_size_ticks
from descent.figures._error import error, floor, label_scale, percent
from descent.figures._style import name_study

WIDTH, CELLS = 8.0, {1: 6.0, 2: 2.6}  # inches: the figure, the axis of the cells by panels
DOT = 0.05  # inches of a cell that has room for a dot
GOOD_ERROR, GOOD_LOSS = 0.02, 0.05  # from the best; the loss as a share of its way


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    summary, start = summary.assign(samples=samples(traces)), traces[traces["step"] == 0]
    planes = {"test loss": (summary["final_test_loss_median"], start["test_loss"].median())}
    if "test_accuracy" in traces:
        ends = (error(c) for c in (summary["final_test_accuracy_median"], start["test_accuracy"]))
        errors, at_start = ends
        planes = {"test error": (errors, at_start.median()), **planes}
    figure, width = Figure(figsize=(WIDTH, 3.8)), CELLS[len(planes)]
    panels = figure.subplots(1, len(planes), sharey=True, squeeze=False)[0]
    for axes, (name, (values, initial)) in zip(panels, planes.items(), strict=True):
        _draw_plane(figure, axes, name, summary.assign(value=values), initial, width)
        step_size_ticks(axes, summary["step_size"], width)
    panels[0].set_ylabel("batch size")
    seeds = summary["seeds"].max()
    over = "one seed" if seeds == 1 else f"median of {seeds} seeds"
    name_study(figure, summary, shown=f"{over}; line: best by {criterion(summary)}")
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
    figure: Figure, axes: Axes, name: str, summary: pd.DataFrame, initial: float, width: float
) -> None:
    rows = cells(axes, summary)
    names = {runs["samples"].iloc[0]: runs["batch_size"].iloc[0] for runs, _ in rows.values()}
    heights = np.log10(sorted(names))
    outer = np.diff(heights).min(initial=1.0) / 2
    middle = (heights[1:] + heights[:-1]) / 2
    edges = np.r_[heights[0] - outer, middle, heights[-1] + outer]
    values = summary["value"].where(np.isfinite(summary["value"]))
    initial = initial if initial > 0 else 1.0
    lowest = values.min() if values.min() < initial else initial / 2
    least = min(max(lowest, floor(values)), initial / 2) if "error" in name else lowest
    logarithmic = "error" in name or initial > 10 * least > 0
    norm = (LogNorm if logarithmic else Normalize)(least, initial, clip=True)
    colours = ScalarMappable(norm, matplotlib.colormaps["cividis_r"])
    enough = lowest + (GOOD_ERROR if "error" in name else GOOD_LOSS * (initial - lowest))
    by_size = sorted(rows.values(), key=lambda row: row[0]["samples"].iloc[0])
    useful = []
    for (runs, ends), (bottom, top), height in zip(by_size, pairwise(edges), heights, strict=True):
        shown = np.clip(runs["value"].where(np.isfinite(runs["value"]), initial), least, initial)
        faces = colours.to_rgba(shown.to_numpy())
        _, inches = draw_cells(axes, ends, bottom, top, faces, width)
        place = np.log10(runs["step_size"])[inches > DOT]
        for colour, size in (("white", 4), ("black", 2)):
            axes.plot(place, np.full(len(place), height), ".", color=colour, markersize=size)
        useful.append(ends[:, (runs["value"] <= enough).to_numpy()].T)
    outline = list(_outline(useful, edges))
    axes.add_collection(LineCollection(outline, colors=OUTLINE, linewidths=2, gid="useful"))
    chosen = best(summary).sort_values("samples")
    x, y = np.log10(chosen["step_size"].to_numpy()), np.log10(chosen["samples"].to_numpy())
    axes.plot(x, y, color=OUTLINE, marker="o", markersize=5, markeredgecolor="black")
    if len(chosen):
        axes.axline((x[0], y[0]), slope=1, color="black", linestyle=":", linewidth=1)
    axes.set_ylim(edges[0], edges[-1])
    axes.set_yticks(heights, [names[size] for size in sorted(names)])
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    _draw_colours(figure, axes, colours, name)


def _outline(useful: list[NDArray], edges: NDArray) -> Iterator[list[tuple[float, float]]]:
    """The lines around intervals [[left, right], …] of rows between these edges."""
    for intervals, (bottom, top) in zip(useful, pairwise(edges), strict=True):
        ends, counts = np.unique(intervals, return_counts=True)  # of neighbours twice
        yield from ([(x, bottom), (x, top)] for x in ends[counts == 1])
    around = [np.empty((0, 2)), *useful, np.empty((0, 2))]
    for (below, above), edge in zip(pairwise(around), edges, strict=True):
        for left, right in pairwise(np.unique(np.r_[below, above])):
            middle = (left + right) / 2
            within = [((s[:, 0] < middle) & (middle < s[:, 1])).any() for s in (below, above)]
            if within[0] != within[1]:
                yield [(left, edge), (right, edge)]


def _draw_colours(figure: Figure, axes: Axes, colours: ScalarMappable, name: str) -> None:
    """The scale, the best above."""
    bar = figure.colorbar(colours, ax=axes, location="top", aspect=25, label=f"final {name}")
    if isinstance(colours.norm, LogNorm):
        label_scale(bar.ax.xaxis, colours.norm.vmin, colours.norm.vmax)
        written = percent if "error" in name else "{:.3g}".format
        bar.ax.xaxis.set_major_formatter(lambda value, _: written(value))
    bar.ax.grid(visible=False)
    bar.outline.set_visible(False)
