"""Gradient descent on a bowl: the two weights, step by step, over the contours of the objective.

The cross is the optimum, a dot is an iterate of the first seed. A picture whose path leaves it
fades at its frame. The words are those of the summary's status: how most seeds ended. Optimizers
that differ in nothing but their engine share a row where their iterates agree to a millionth of
the largest weight; the row says how far apart they are. Of more than ten step sizes ten are
shown, from the smallest to the largest.
"""

from collections.abc import Mapping
from math import ceil
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.status import majority_status
from descent.evaluation import numpy as evaluator
from descent.figures._style import OPTIMIZER_COLOURS, WIDTH, name_study, step_size_text
from descent.store.data import Data
from descent.store.iterates import Iterates

GRID = 100  # points of the contours along each axis
MOST, COLUMNS = 10, 5  # step sizes shown, panels in a row
AGREE = 1e-6  # of the largest weight
FADED = 0.15  # of half a picture, at its frame
PATH = OPTIMIZER_COLOURS[0]
_ENGINE = ("engine", "device", "versions")  # what of the provenance is about the engine
Runs = Mapping[tuple[str, float], Iterates]


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    rows = _rows(runs)
    step_sizes = np.unique(summary["step_size"])
    shown = step_sizes[np.unique(np.linspace(0, len(step_sizes) - 1, MOST).round().astype(int))]
    columns = min(COLUMNS, len(shown))
    lines = ceil(len(shown) / columns)
    panel = WIDTH / max(columns, 4) + 0.5  # inches, with its title
    figure = Figure(figsize=(WIDTH, 0.4 + panel * lines * len(rows)))
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    first = next(iter(runs.values()))
    of_first = first.provenance
    data = data.without_validation(of_first["validation"])
    x = data.inputs(data.x_train, "float64")
    bottom = model.optimum(x, data.y_train, of_first["l2"], **of_first["model_options"])["A"][0]
    contours = _contours(first, bottom, data, model)  # the same for all runs
    ended = summary.set_index(["optimizer", "step_size"])["status"].map(majority_status)
    for part, (optimizers, words) in zip(parts, rows.items(), strict=True):
        grid = part.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[len(shown) :]:
            axes.axis("off")
        for axes, step_size in zip(grid.flat, shown, strict=False):
            if (run := runs.get((optimizers[0], step_size))) is None:
                axes.axis("off")
                continue
            _draw_contours(axes, *contours)
            _draw_path(axes, run.parameters["A"][0, :, 0], bottom, contours[1])
            axes.set_title(f"α = {step_size_text(step_size)}: {ended[optimizers[0], step_size]}")
        for axes in grid[-1]:
            axes.set_xlabel("$A_1$")
        for axes in grid[:, 0]:
            axes.set_ylabel("$A_2$")
        part.suptitle(words, fontsize=9)
    of_seeds = "" if len(first.seed) == 1 else f"first of {len(first.seed)} seeds"
    name_study(figure, summary, shown=of_seeds or None)
    return figure


def _rows(runs: Runs) -> dict[tuple[str, ...], str]:
    """The optimizers of each row, and what the row says of them."""
    by_optimizer: dict[str, dict[float, Iterates]] = {}
    for (optimizer, step_size), run in runs.items():
        by_optimizer.setdefault(optimizer, {})[step_size] = run
    rows: dict[tuple[str, ...], float] = {}
    for optimizer, own in by_optimizer.items():
        for others, apart in rows.items():
            more = _apart(by_optimizer[others[0]], own)
            if more is not None and more < AGREE:
                del rows[others]
                rows[*others, optimizer] = max(apart, more)
                break
        else:
            rows[optimizer,] = 0.0
    return {row: _words(row, apart, by_optimizer) for row, apart in rows.items()}


def _words(row: tuple[str, ...], apart: float, runs: Mapping[str, Mapping[float, Iterates]]) -> str:
    engines = (next(iter(runs[optimizer].values())).provenance["engine"] for optimizer in row)
    words = " and ".join(f"{name} ({engine})" for name, engine in zip(row, engines, strict=True))
    if len(row) == 1:
        return words
    return f"{words}: the same to {apart:.0e} of the largest weight" if apart else f"{words}: equal"


def _apart(one: Mapping[float, Iterates], other: Mapping[float, Iterates]) -> float | None:
    """How far runs are apart while finite, relative to the largest weight; None where they differ
    in more than their engine."""
    relative = 0.0
    if one.keys() != other.keys():
        return None
    for step_size, run in one.items():
        engine = {key: other[step_size].provenance[key] for key in _ENGINE}
        if run.provenance | engine != other[step_size].provenance:
            return None
        p, q = run.parameters["A"], other[step_size].parameters["A"]
        finite = np.isfinite(p) & np.isfinite(q)
        relative = max(
            relative, np.abs(p - q)[finite].max() / np.abs(p[finite]).max(initial=1e-300)
        )
    return float(relative)


def _contours(
    run: Iterates, bottom: NDArray, data: Data, model: ModuleType
) -> tuple[NDArray, NDArray]:
    """The objective above its minimum [GRID, GRID], over a square around the optimum that holds the
    start of a run, and the ticks of its axes [2, GRID]."""
    half = 1.35 * np.abs(run.parameters["A"][0, 0, 0] - bottom).max()
    ticks = np.linspace(-half, half, GRID)
    A = bottom + np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    loss, *_ = evaluator.means(model, {"A": A}, data.x_train, data.scale, data.y_train)
    objective = loss + run.provenance["l2"] / 2 * np.square(A).sum((1, 2))
    return (objective - objective.min()).reshape(GRID, GRID), bottom[:, None] + ticks


def _draw_contours(axes: Axes, above: NDArray, around: NDArray) -> None:
    levels = above.max() * 2.0 ** np.arange(-10, 1)
    axes.contour(*around, above, levels, colors="0.8", linewidths=0.8)
    axes.set_aspect("equal")
    axes.grid(visible=False)


def _draw_path(axes: Axes, path: NDArray, bottom: NDArray, around: NDArray) -> None:
    """A path [steps, 2], and the optimum; white covers the edge of a picture that it leaves."""
    frame = [*around[0, [0, -1]], *around[1, [0, -1]]]
    axes.plot(*path.T, color=PATH, linewidth=0.8, marker=".", markersize=3.5)
    axes.plot(*bottom, "x", color="black", markersize=6, markeredgewidth=1.3)
    stays = (np.abs(path - bottom) < around[0, -1] - bottom[0]).all()
    if not stays:
        place = np.abs(np.linspace(-1, 1, GRID))
        white = np.ones((GRID, GRID, 4))
        white[..., 3] = np.clip((np.maximum.outer(place, place) - 1 + FADED) / FADED, 0, 1)
        axes.imshow(white, extent=frame, zorder=2.2, interpolation="bilinear")
    axes.axis(frame)
