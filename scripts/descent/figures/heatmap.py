"""Final test accuracy in percent, median over seeds, of every optimizer and step size.

A cell stands about its step size on a logarithmic axis; where there is no cell, nothing was run.
The colour is the error (1 - accuracy) on a logarithmic scale, anchored at the accuracy of the
initial parameters, which is that of guessing. The outlined cell of each row is its best, chosen by
what the title says; beside the row stand its step size, its median and, in brackets, the range over
seeds, or 10 to 90 % of ten and more. A word says how most seeds ended where they neither converge
nor descend; where most diverged, the cell is hatched. Cells that are too small have no text.
"""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm, to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.analysis.quantiles import median_and_ends
from descent.analysis.status import majority_status
from descent.figures._cells import OUTLINE, cells, draw_cells, step_size_ticks, text_width
from descent.figures._error import error, floor, label_scale
from descent.figures._style import name_study, step_size_text

WIDTH, CELLS, ROW = 8.0, 4.6, 0.5  # inches: the figure, the axis of the cells, a row
SIZE = 7.5  # of the numbers
UNKNOWN = to_rgba("0.75")
UNSAID = ("converged", "descending")


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    optimizers = summary["optimizer"].unique()
    figure = Figure(figsize=(WIDTH, 1.25 + ROW * len(optimizers)))
    axes = figure.subplots()
    colours = _colours(traces, summary)
    chosen = best(summary)
    for row, (optimizer, (runs, ends)) in enumerate(cells(axes, summary).items()):
        _draw_row(axes, row, runs, ends, colours, chosen["step_size"].get(optimizer))
    labels = [_best_of(name, chosen) for name in optimizers]
    axes.set_yticks(range(len(optimizers)), labels, multialignment="right")
    axes.set_ylim(len(optimizers) - 0.5, -0.5)
    step_size_ticks(axes, summary["step_size"], CELLS)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    _draw_colours(figure, axes, colours)
    seeds = summary["seeds"].max()
    over = "one seed" if seeds == 1 else f"median of {seeds} seeds"
    name_study(figure, summary, shown=f"{over}; outlined: best by {criterion(summary)}")
    return figure


def _colours(traces: pd.DataFrame, summary: pd.DataFrame) -> ScalarMappable:
    """Of errors: dark from that of the initial parameters on, light at the best of the study."""
    guessing = error(traces.loc[traces["step"] == 0, "test_accuracy"]).median()
    errors = error(summary["final_test_accuracy_median"])
    worst = guessing if guessing > 0 else 1.0
    least = np.clip(np.fmax(errors.min(), floor(errors)), worst / 1000, worst / 2)
    norm = LogNorm(least, worst, clip=True)
    return ScalarMappable(norm, matplotlib.colormaps["cividis_r"])


def _draw_row(
    axes: Axes,
    row: int,
    runs: pd.DataFrame,
    ends: NDArray,
    colours: ScalarMappable,
    outlined: float | None,
) -> None:
    """The cells of an optimizer, between the left and right ends [2, runs]."""
    accuracy = runs["final_test_accuracy_median"].to_numpy()
    errors = np.maximum(1 - accuracy, colours.norm.vmin)
    known, ended = np.isfinite(errors), runs["status"].map(majority_status).to_numpy()
    faces = colours.to_rgba(np.where(known, errors, 1.0))
    faces[~known] = UNKNOWN
    corners, inches = draw_cells(axes, ends, row - 0.42, row + 0.42, faces, CELLS)
    hatched = corners[ended == "diverged"]
    axes.add_collection(
        PolyCollection(hatched, facecolor="none", hatch="////", edgecolor="0.5", linewidth=0)
    )
    best_one = corners[runs["step_size"] == outlined]
    axes.add_collection(
        PolyCollection(
            best_one, facecolor="none", edgecolor=OUTLINE, linewidth=2, zorder=3, gid="best"
        )
    )
    for i in range(len(runs)):
        number = f"{100 * accuracy[i]:.1f}" if known[i] else ""
        word = "" if ended[i] in UNSAID else ended[i].replace(" ", "\n")
        fits = [
            text
            for text in (f"{number}\n{word}".strip(), number)
            if text_width(text, SIZE) < inches[i]
        ]
        if fits:
            dark = known[i] and colours.norm(errors[i]) > 0.5
            style = {"fontsize": SIZE, "color": "white" if dark else "black"}
            axes.text(ends[:, i].mean(), row, fits[0], ha="center", va="center", **style)


def _best_of(optimizer: str, chosen: pd.DataFrame) -> str:
    if optimizer not in chosen.index:
        return optimizer
    run = chosen.loc[optimizer]
    of_seeds = (run[f"final_test_accuracy_{each}"] for each in median_and_ends(run["seeds"]))
    median, low, high = (100 * share for share in of_seeds)
    spread = f" ({low:.1f}–{high:.1f})" if run["seeds"] > 1 else ""
    return f"{optimizer}\nα = {step_size_text(run['step_size'])}: {median:.1f}{spread}"


def _draw_colours(figure: Figure, axes: Axes, colours: ScalarMappable) -> None:
    """The scale, the best above, in accuracies."""
    bar = figure.colorbar(colours, ax=axes, label="final test accuracy (%)", aspect=12)
    label_scale(bar.ax.yaxis, colours.norm.vmin, colours.norm.vmax)
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{100 * (1 - share):.3g}")
    bar.ax.invert_yaxis()
    bar.ax.grid(visible=False)
    bar.outline.set_visible(False)
