"""What the weights look like: the row of A of each class as an image, along training, for a small,
the best and a too large step size of the first optimizer and the first seed; and test samples that
the best run gets wrong.

Blue pixels speak for a class, red ones against it. All images share one symmetric scale, up to the
largest weight at the end of the best run, beyond which all weights are as dark; it is linear below
a fiftieth of that, and logarithmic above. Each row says how much of the test set is right there;
the start, epoch 0, is the same for all. The small step size is the smallest; the best one has the
best median over seeds at the end, by what the title says; the too large one is the largest beyond
it that ends in finite weights. The samples are the first of the test set that the last iterate of
the best run gets wrong, with their true and their predicted class.
"""

from collections.abc import Callable, Mapping
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.figures._error import percent
from descent.figures._style import name_study, step_size_text
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import AVERAGE, Iterates

CLASSES, WRONG = 10, 12  # shown at most
MOMENTS = (0, 1e-2, 1e-1, 1)  # shares of a run, of which the nearest evaluated steps are shown
WIDTH, CELL = 8.0, 0.5  # inches: the figure, an image
LINEAR = 50  # as much smaller than the largest weight is where the scale is linear
COLUMNS = 2  # of the samples
FOR_WORDS = 0.4  # heights of an image between their rows
Runs = Mapping[tuple[str, float], Iterates]


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    optimizer = summary["optimizer"].iloc[0]
    shown = _shown(summary[summary["optimizer"] == optimizer], runs)
    reference = shown.get("best") or next(iter(shown.values()))
    image = plugin("datasets", reference.provenance["dataset"]).SIZE.image
    end = reference.parameters["A"][0, -1]
    largest = np.abs(end[np.isfinite(end)]).max(initial=0.0) or 1.0
    colours = ScalarMappable(AsinhNorm(largest / LINEAR, -largest, largest, clip=True), "RdBu")
    accuracies = traces[(traces["optimizer"] == optimizer) & (traces["seed"] == reference.seed[0])]
    accuracies = accuracies.set_index(["step_size", "step"])["test_accuracy"]

    rows = [moments(run.step) for run in shown.values()]
    rows = [rows[0], *(row[1:] for row in rows[1:])]  # all begin alike
    figure = Figure(figsize=(WIDTH, 1.2 + 0.4 * len(rows) + CELL * sum(map(len, rows))))
    ratios = {"width_ratios": (CLASSES + 1, 2 * COLUMNS), "height_ratios": [*map(len, rows)]}
    grid = figure.add_gridspec(len(shown), 2, **ratios)
    panels = [figure.add_subplot(grid[row, 0]) for row in range(len(shown))]
    for axes, (word, run), at in zip(panels, shown.items(), rows, strict=True):
        step_size = run.provenance["step_size"]
        axes.set_title(f"{word} step size, α = {step_size_text(step_size)}", loc="left")
        _draw_run(axes, run, at, image, data, colours, accuracies[step_size])
    bar = {"location": "bottom", "shrink": 0.5, "aspect": 40}
    ticks = 10.0 ** np.floor(np.log10(largest)) * np.array([-1, 0, 1])
    figure.colorbar(colours, ax=panels, label="weight", ticks=ticks, format="{x:g}", **bar)
    _draw_wrong(figure.add_subplot(grid[:, 1]), reference, image, data, model)
    of_seeds = "" if len(reference.seed) == 1 else f", first of {len(reference.seed)} seeds"
    name_study(figure, summary, shown=f"{optimizer}{of_seeds}; best by {criterion(summary)}")
    return figure


def _shown(summary: pd.DataFrame, runs: Runs) -> dict[str, Iterates]:
    """The runs of an optimizer that are shown, by what their step size is."""
    step_sizes = sorted(summary["step_size"])
    optimizer = summary["optimizer"].iloc[0]
    chosen = best(summary)["step_size"].get(optimizer)
    if chosen is None:
        return {"smallest": runs[optimizer, step_sizes[0]]}
    shown = {"small": runs[optimizer, step_sizes[0]]} if step_sizes[0] < chosen else {}
    shown["best"] = runs[optimizer, chosen]
    for step_size in reversed(step_sizes[step_sizes.index(chosen) + 1 :]):
        run = runs[optimizer, step_size]
        if np.isfinite(run.parameters["A"][0, -1]).all():
            return shown | {"too large": run}
    return shown


def moments(step: NDArray) -> list[int]:
    """Which of the evaluated steps are shown."""
    return sorted({int(np.abs(step - share * step[-1]).argmin()) for share in MOMENTS})


def mosaic(images: NDArray, apart: float = 1 / 8) -> NDArray:
    """Images [rows, columns, height, width] as one, with nan between them.

    apart: how far rows are, in heights.
    """
    rows, columns, height, width = images.shape
    below, beside = _gap(height, apart), _gap(width)
    framed = np.full((rows, columns, height + below, width + beside), np.nan)
    framed[..., :height, :width] = images
    return framed.swapaxes(1, 2).reshape(rows * (height + below), -1)[:-below, :-beside]


def _gap(size: int, apart: float = 1 / 8) -> int:
    return max(1, int(size * apart))


def _centres(size: int, count: int, apart: float = 1 / 8) -> NDArray:
    """Where the images of a mosaic are along an axis."""
    return np.arange(count) * (size + _gap(size, apart)) + (size - 1) / 2


def _draw_run(
    axes: Axes,
    run: Iterates,
    at: list[int],
    image: tuple[int, int],
    data: Data,
    colours: ScalarMappable,
    accuracy: pd.Series,
) -> None:
    """A row for each moment, a column for each class."""
    weights = run.parameters["A"][0, at, :CLASSES]
    axes.imshow(
        mosaic(weights.reshape(*weights.shape[:2], *image)), cmap=colours.cmap, norm=colours.norm
    )
    labels = [f"epoch {run.epoch[i]:.3g}, {percent(accuracy[run.step[i]])} right" for i in at]
    axes.set_yticks(_centres(image[0], len(at)), labels)
    classes = list(map(_class_names(data), range(weights.shape[1])))
    axes.set_xticks(_centres(image[1], len(classes)), classes)
    axes.xaxis.tick_top()
    _bare(axes)


def _draw_wrong(
    axes: Axes, run: Iterates, image: tuple[int, int], data: Data, model: ModuleType
) -> None:
    """The first test samples that the last iterate gets wrong."""
    predicted = predictions(run, data, model)
    wrong = np.flatnonzero(predicted != data.y_test)
    share = percent(len(wrong) / len(predicted))
    axes.set_title(f"{share} of test samples wrong\nat the best: true → predicted", fontsize=8)
    some = wrong[:WRONG]
    rows = -(-len(some) // COLUMNS)
    samples = np.full((rows * COLUMNS, *image), np.nan)
    samples[: len(some)] = data.x_test[some].reshape(-1, *image)
    if len(some):
        axes.imshow(mosaic(samples.reshape(rows, COLUMNS, *image), FOR_WORDS), cmap="gray_r")
    name = _class_names(data)
    x, y = _centres(image[1], COLUMNS), _centres(image[0], rows, FOR_WORDS) + image[0] / 2
    for i, sample in enumerate(some):
        words = f"{name(data.y_test[sample])} → {name(predicted[sample])}"
        axes.text(x[i % COLUMNS], y[i // COLUMNS], words, ha="center", va="top", fontsize=8)
    axes.set(xticks=[], yticks=[], anchor="N")
    _bare(axes)


def predictions(run: Iterates, data: Data, model: ModuleType) -> NDArray:
    """The class of each test sample by the last iterate of the first seed: the largest score."""
    last = {name: p[0, -1] for name, p in run.parameters.items() if not name.startswith(AVERAGE)}
    x = data.inputs(data.x_test, last["A"].dtype.name)
    return model.scores(last, x).argmax(0)


def _class_names(data: Data) -> Callable[[int], str]:
    return lambda number: str(data.classes[number] if data.classes.size else number)


def _bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
