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

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.figures._scales import percent
from descent.figures._style import WIDTH, name_study, step_size_text
from descent.figures.recall import predictions
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates

CLASSES, WRONG = 10, 12  # shown at most
MOMENTS = (0, 1e-2, 1e-1, 1)  # shares of a run, of which the nearest evaluated steps are shown
CELL = 0.48  # inches: an image
LINEAR = 50  # as much smaller than the largest weight is where the scale is linear
COLUMNS = 2  # of the samples
GAP, FOR_WORDS = 1 / 8, 0.4  # between images, and between samples above each other, in images


class Shown(NamedTuple):
    """A run of which one seed is shown, the one in this place."""

    name: str
    run: Iterates
    place: int


def draw(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    runs: Mapping[tuple[str, float], Iterates],
    data: Data,
    model: ModuleType,
) -> Figure:
    optimizer = summary["optimizer"].iloc[0]
    traces = traces[traces["optimizer"] == optimizer].set_index(["step_size", "seed", "step"])
    accuracies = traces["test_accuracy"]
    shown = _shown(summary[summary["optimizer"] == optimizer], runs, accuracies)
    image = plugin("datasets", shown[0].run.provenance["dataset"]).SIZE.image
    rows = [moments(each.run.step) for each in shown]
    figure = Figure(figsize=(WIDTH, 0.6 + 0.4 * len(rows) + CELL * sum(map(len, rows))))
    ratios = {"width_ratios": (CLASSES + 1, 2 * COLUMNS), "height_ratios": [*map(len, rows)]}
    grid = figure.add_gridspec(len(shown), 2, **ratios)
    for row, (each, at) in enumerate(zip(shown, rows, strict=True)):
        step_size, seed = each.run.provenance["step_size"], each.run.seed[each.place]
        accuracy = accuracies[step_size, seed]
        _draw_run(figure.add_subplot(grid[row, 0]), each, at, image, data, accuracy)
    reference = next((each for each in shown if each.name == "best"), shown[0])
    _draw_wrong(figure.add_subplot(grid[:, 1]), reference, image, data, model)
    name_study(figure, summary, shown=f"{optimizer}; best by {criterion(summary)}")
    return figure


def _shown(
    summary: pd.DataFrame, runs: Mapping[tuple[str, float], Iterates], accuracies: pd.Series
) -> list[Shown]:
    """What is shown of an optimizer."""
    step_sizes = sorted(summary["step_size"])
    optimizer = summary["optimizer"].iloc[0]
    chosen = best(summary)["step_size"].get(optimizer)
    if chosen is None:
        return [Shown("smallest", runs[optimizer, step_sizes[0]], 0)]
    small = [Shown("small", runs[optimizer, step_sizes[0]], 0)] if step_sizes[0] < chosen else []
    shown = [*small, Shown("best", runs[optimizer, chosen], 0)]
    for step_size in reversed(step_sizes[step_sizes.index(chosen) + 1 :]):
        run = runs[optimizer, step_size]
        finite = np.isfinite(run.parameters["A"][:, -1]).all((1, 2))
        if finite.any():
            last = accuracies[step_size].xs(run.step[-1], level="step")[run.seed].to_numpy()
            return [*shown, Shown("too large", run, int(np.where(finite, last, np.inf).argmin()))]
    return shown


def moments(step: NDArray) -> list[int]:
    """Which of the evaluated steps are shown."""
    return sorted({int(np.abs(step - share * step[-1]).argmin()) for share in MOMENTS})


def mosaic(images: NDArray, apart: float = GAP) -> NDArray:
    """Images [rows, columns, height, width] as one, with nan between them.

    apart: how far rows are, in heights.
    """
    rows, columns, height, width = images.shape
    below, beside = max(1, int(height * apart)), max(1, int(width * GAP))
    framed = np.full((rows, columns, height + below, width + beside), np.nan)
    framed[..., :height, :width] = images
    return framed.swapaxes(1, 2).reshape(rows * (height + below), -1)[:-below, :-beside]


def _centres(size: int, count: int, apart: float = GAP) -> NDArray:
    """Where the images of a mosaic are along an axis."""
    return np.arange(count) * (size + max(1, int(size * apart))) + (size - 1) / 2


def _draw_run(
    axes: Axes,
    shown: Shown,
    at: list[int],
    image: tuple[int, int],
    data: Data,
    accuracy: pd.Series,
) -> None:
    """A row for each moment, a column for each class."""
    run, place = shown.run, shown.place
    weights = run.parameters["A"][place, at, :CLASSES]
    end = weights[-1][np.isfinite(weights[-1])]
    largest = np.abs(end).max(initial=0.0) or 1.0
    pixels = mosaic(weights.reshape(*weights.shape[:2], *image))
    axes.imshow(pixels, cmap="RdBu", norm=AsinhNorm(largest / LINEAR, -largest, largest))
    seed = f", seed {run.seed[place]}" if len(run.seed) > 1 else ""
    name = f"{shown.name} step size, α = {step_size_text(run.provenance['step_size'])}{seed}"
    axes.set_title(f"{name}: weights up to ±{largest:.2g}", loc="left")
    labels = [f"epoch {run.epoch[i]:.3g}, {percent(accuracy[run.step[i]])} right" for i in at]
    axes.set_yticks(_centres(image[0], len(at)), labels)
    classes = list(map(_class_names(data), range(weights.shape[1])))
    axes.set_xticks(_centres(image[1], len(classes)), classes)
    axes.xaxis.tick_top()
    _bare(axes)


def _draw_wrong(
    axes: Axes, shown: Shown, image: tuple[int, int], data: Data, model: ModuleType
) -> None:
    """The first test samples that the last iterate gets wrong."""
    predicted = predictions(shown.run, shown.place, data, model)
    wrong = np.flatnonzero(predicted != data.y_test)  # all, where there are no predictions
    share = percent(len(wrong) / len(data.y_test))
    title = f"{share} of test samples\nwrong at the best:\ntrue → predicted"
    axes.set_title(title, fontsize=8)
    some = wrong[:WRONG] if predicted is not None else wrong[:0]
    rows = -(-len(some) // COLUMNS)
    samples = np.full((rows * COLUMNS, *image), np.nan)
    samples[: len(some)] = data.x_test[some].reshape(-1, *image)
    if len(some):
        pixels = mosaic(samples.reshape(rows, COLUMNS, *image), FOR_WORDS)
        axes.imshow(pixels, cmap=matplotlib.colormaps["gray_r"])
    name = _class_names(data)
    x, y = _centres(image[1], COLUMNS), _centres(image[0], rows, FOR_WORDS) + image[0] / 2
    for i, sample in enumerate(some):
        words = f"{name(data.y_test[sample])} → {name(predicted[sample])}"
        axes.text(x[i % COLUMNS], y[i // COLUMNS], words, ha="center", va="top", fontsize=8)
    axes.set(xticks=[], yticks=[], anchor="N")
    _bare(axes)


def _class_names(data: Data) -> Callable[[int], str]:
    return lambda number: str(data.classes[number] if data.classes.size else number)


def _bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
