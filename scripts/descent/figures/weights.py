"""Weights of each class (rows of A) as images during training, for a small, the best and a too
large step size of the first optimizer, and misclassified test samples.

Blue pixels are evidence for a class, and red ones against it. All images of a run share a symmetric
scale, which ends at the largest weight of the last iterate (in the title); it is linear up to a
fiftieth of that weight and logarithmic above. Labels on the left give the epoch and the test
accuracy. The small step size is the smallest of the grid; the best has the best final median over
seeds, by the criterion in the title; the too large one is the largest above it that ends with
finite weights. The first two rows show the first seed, and the last row shows the seed with the
lowest final test accuracy. On the right: the first test samples that the last iterate of the best
run misclassifies, with true → predicted class.
"""

from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.figures import _style as style
from descent.figures._scales import percent
from descent.figures.recall import Runs, class_name, predictions
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates

CLASSES, WRONG = 10, 12  # largest numbers of classes, and of misclassified samples
MOMENTS = (0, 1e-2, 1e-1, 1)  # shown as shares of a run
CELL = 0.48  # height in inches of an image
LINEAR = 50  # largest weight, relative to that up to which the scale is linear
COLUMNS = 2  # of the samples
GAP, TEXT_GAP = 1 / 8, 0.4  # between images, and below samples with their text, in images
Shown = tuple[Iterates, int]  # a run, and the index of the seed to show


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    optimizer = summary["optimizer"].iloc[0]
    traces = traces[traces["optimizer"] == optimizer].set_index(["step_size", "seed", "step"])
    accuracies = traces["test_accuracy"].sort_index()
    shown = _shown(summary[summary["optimizer"] == optimizer], runs, accuracies)
    image = plugin("datasets", next(iter(runs.values())).provenance["dataset"]).SIZE.image
    rows = [moments(run.step) for run, _ in shown.values()]
    figure = Figure(figsize=(style.WIDTH, 0.6 + 0.4 * len(rows) + CELL * sum(map(len, rows))))
    ratios = {"width_ratios": (CLASSES + 1, 2 * COLUMNS), "height_ratios": [*map(len, rows)]}
    grid = figure.add_gridspec(len(shown), 2, **ratios)
    for row, ((name, (run, seed)), at) in enumerate(zip(shown.items(), rows, strict=True)):
        axes, step_size = figure.add_subplot(grid[row, 0]), run.provenance["step_size"]
        accuracy = accuracies[step_size, run.seed[seed]]
        labels = [f"epoch {run.epoch[i]:.3g}, {percent(accuracy[run.step[i]])} right" for i in at]
        weights = run.parameters["A"][seed, at, :CLASSES]
        largest = _draw_weights(axes, weights.reshape(*weights.shape[:2], *image), labels, data)
        of_seed = f", seed {run.seed[seed]}" if len(run.seed) > 1 else ""
        title = f"{name} step size, α = {style.step_size_text(step_size)}{of_seed}"
        axes.set_title(f"{title}: weights up to ±{largest:.2g}", loc="left")
    reference = shown.get("best") or next(iter(shown.values()))
    _draw_wrong(figure.add_subplot(grid[:, 1]), predictions(*reference, data, model), image, data)
    style.name_study(figure, summary, f"{optimizer}; best by {criterion(summary)}")
    return figure


def _shown(summary: pd.DataFrame, runs: Runs, accuracies: pd.Series) -> dict[str, Shown]:
    """Return the runs to show of an optimizer, by the name of their step size."""
    step_sizes, optimizer = sorted(summary["step_size"]), summary["optimizer"].iloc[0]
    chosen = best(summary)["step_size"].get(optimizer)
    if chosen is None:
        return {"smallest": (runs[optimizer, step_sizes[0]], 0)}
    shown = {"small": (runs[optimizer, step_sizes[0]], 0)} if step_sizes[0] < chosen else {}
    shown["best"] = runs[optimizer, chosen], 0
    for step_size in reversed(step_sizes[step_sizes.index(chosen) + 1 :]):
        run = runs[optimizer, step_size]
        finite = np.isfinite(run.parameters["A"][:, -1]).all((1, 2))
        if finite.any():
            last = accuracies[step_size].xs(run.step[-1], level="step")[run.seed].to_numpy()
            return shown | {"too large": (run, int(np.where(finite, last, np.inf).argmin()))}
    return shown


def moments(step: NDArray) -> list[int]:
    """Return the indices of the evaluated steps nearest to MOMENTS."""
    return sorted({int(np.abs(step - share * step[-1]).argmin()) for share in MOMENTS})


def mosaic(images: NDArray, row_gap: float = GAP) -> tuple[NDArray, NDArray, NDArray]:
    """Join images [rows, columns, height, width] with gaps of nan.

    Returns the joint image, and the centres of its rows and columns. row_gap: relative to height
    """
    rows, columns, height, width = images.shape
    step = height + max(1, int(height * row_gap)), width + max(1, int(width * GAP))
    framed = np.full((rows, columns, *step), np.nan)
    framed[..., :height, :width] = images
    joint = framed.swapaxes(1, 2).reshape(rows * step[0], columns * step[1])
    y, x = np.arange(rows) * step[0], np.arange(columns) * step[1]
    return joint[: y[-1] + height, : x[-1] + width], y + (height - 1) / 2, x + (width - 1) / 2


def _draw_weights(axes: Axes, weights: NDArray, labels: list[str], data: Data) -> float:
    """Draw weights [moments, classes, height, width], and return the largest at the end."""
    end = weights[-1][np.isfinite(weights[-1])]
    largest = float(np.abs(end).max(initial=0.0)) or 1.0
    pixels, y, x = mosaic(weights)
    axes.imshow(pixels, cmap="RdBu", norm=AsinhNorm(largest / LINEAR, -largest, largest))
    axes.set_yticks(y, labels)
    axes.set_xticks(x, [class_name(data, label) for label in range(len(x))])
    axes.xaxis.tick_top()
    _bare(axes)
    return largest


def _draw_wrong(axes: Axes, predicted: NDArray | None, image: tuple, data: Data) -> None:
    """Draw the first misclassified test samples."""
    _bare(axes)
    axes.set(xticks=[], yticks=[], anchor="N")
    if predicted is None:
        return
    wrong = np.flatnonzero(predicted != data.y_test)
    share = percent(len(wrong) / len(predicted))
    axes.set_title(f"{share} of test samples\nwrong at the best:\ntrue → predicted", fontsize=8)
    shown = wrong[:WRONG]
    if not len(shown):
        return
    rows = -(-len(shown) // COLUMNS)
    samples = np.full((rows * COLUMNS, *image), np.nan)
    samples[: len(shown)] = data.x_test[shown].reshape(-1, *image)
    pixels, y, x = mosaic(samples.reshape(rows, COLUMNS, *image), TEXT_GAP)
    axes.imshow(pixels, cmap="gray_r")
    for i, sample in enumerate(shown):
        classes = (class_name(data, label) for label in (data.y_test[sample], predicted[sample]))
        below = x[i % COLUMNS], y[i // COLUMNS] + image[0] / 2
        axes.text(*below, " → ".join(classes), ha="center", va="top", fontsize=8)


def _bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
