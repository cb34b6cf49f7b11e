"""What the weights look like: the row of A of each class as an image, along training, for a small,
the best and a too large step size of the first optimizer; and test samples that the best run gets
wrong.

Blue pixels speak for a class, red ones against it. All images of a run share one symmetric scale,
up to its largest weight at the end, which the title tells; it is linear below a fiftieth of that,
and logarithmic above. Each row says how much of the test set is right there. The small step size is
the smallest; the best one has the best median over seeds at the end, by what the title says; the
too large one is the largest beyond it that ends in finite weights. The first two are of the first
seed, the last of the seed that ends with the lowest test accuracy. The samples are the first of
the test set that the last iterate of the best run gets wrong, with their true and their predicted
class.
"""

from collections.abc import Mapping
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
from descent.figures.recall import class_name, predictions
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates

CLASSES, WRONG = 10, 12  # shown at most
MOMENTS = (0, 1e-2, 1e-1, 1)  # shares of a run, of which the nearest evaluated steps are shown
CELL = 0.48  # inches: an image
LINEAR = 50  # as much smaller than the largest weight is where the scale is linear
COLUMNS = 2  # of the samples
GAP, FOR_WORDS = 1 / 8, 0.4  # between images, and between samples above each other, in images
Runs = Mapping[tuple[str, float], Iterates]
Shown = tuple[Iterates, int]  # a run, and the place of the seed of it that is shown


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
    for row, ((name, (run, place)), at) in enumerate(zip(shown.items(), rows, strict=True)):
        axes, step_size = figure.add_subplot(grid[row, 0]), run.provenance["step_size"]
        right = accuracies[step_size, run.seed[place]][run.step[at]]
        labels = [f"epoch {run.epoch[i]:.3g}, {percent(right[run.step[i]])} right" for i in at]
        weights = run.parameters["A"][place, at, :CLASSES]
        largest = _draw_weights(axes, weights.reshape(*weights.shape[:2], *image), labels, data)
        seed = f", seed {run.seed[place]}" if len(run.seed) > 1 else ""
        of_run = f"{name} step size, α = {style.step_size_text(step_size)}{seed}"
        axes.set_title(f"{of_run}: weights up to ±{largest:.2g}", loc="left")
    reference = shown.get("best") or next(iter(shown.values()))
    _draw_wrong(figure.add_subplot(grid[:, 1]), predictions(*reference, data, model), image, data)
    style.name_study(figure, summary, f"{optimizer}; best by {criterion(summary)}")
    return figure


def _shown(summary: pd.DataFrame, runs: Runs, accuracies: pd.Series) -> dict[str, Shown]:
    """What is shown of an optimizer, by what its step size is."""
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
    """Which of the evaluated steps are shown."""
    return sorted({int(np.abs(step - share * step[-1]).argmin()) for share in MOMENTS})


def mosaic(images: NDArray, apart: float = GAP) -> tuple[NDArray, NDArray, NDArray]:
    """Images [rows, columns, height, width] as one, with nan between them; where the middles of its
    rows and of its columns are. apart: how far rows are, in heights."""
    rows, columns, height, width = images.shape
    step = height + max(1, int(height * apart)), width + max(1, int(width * GAP))
    framed = np.full((rows, columns, *step), np.nan)
    framed[..., :height, :width] = images
    whole = framed.swapaxes(1, 2).reshape(rows * step[0], columns * step[1])
    y, x = np.arange(rows) * step[0], np.arange(columns) * step[1]
    return whole[: y[-1] + height, : x[-1] + width], y + (height - 1) / 2, x + (width - 1) / 2


def _draw_weights(axes: Axes, weights: NDArray, labels: list[str], data: Data) -> float:
    """A row for each moment, a column for each class; the largest weight of the last row."""
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
    """The first test samples that are predicted wrong."""
    _bare(axes)
    axes.set(xticks=[], yticks=[], anchor="N")
    if predicted is None:
        return
    wrong = np.flatnonzero(predicted != data.y_test)
    share = percent(len(wrong) / len(predicted))
    axes.set_title(f"{share} of test samples\nwrong at the best:\ntrue → predicted", fontsize=8)
    some = wrong[:WRONG]
    if not len(some):
        return
    rows = -(-len(some) // COLUMNS)
    samples = np.full((rows * COLUMNS, *image), np.nan)
    samples[: len(some)] = data.x_test[some].reshape(-1, *image)
    pixels, y, x = mosaic(samples.reshape(rows, COLUMNS, *image), FOR_WORDS)
    axes.imshow(pixels, cmap="gray_r")
    for i, sample in enumerate(some):
        classes = (class_name(data, label) for label in (data.y_test[sample], predicted[sample]))
        below = x[i % COLUMNS], y[i // COLUMNS] + image[0] / 2
        axes.text(*below, " → ".join(classes), ha="center", va="top", fontsize=8)


def _bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
