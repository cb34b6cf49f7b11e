"""Gradient descent on a bowl: the two weights, step by step, over the contours of the objective.

The cross is the optimum, a dot is an iterate. A path ends at the frame where it leaves it. In
words: a path creeps if more than half of its way is left at the end, oscillates if its steps go
back and forth, diverges if it ends farther from the optimum than it began, and converges otherwise.
Where two optimizers differ in nothing but their engine, the line below says how far apart their
iterates are.
"""

from collections.abc import Mapping
from itertools import combinations
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.data import Data
from descent.evaluators import numpy as evaluator
from descent.figures._style import OPTIMIZER_COLOURS, WIDTH, name_study, step_size_text
from descent.iterates import Iterates
from descent.metrics import optimum

NEEDS = ("regression", "optimum", "plane", "every step")
PLACE = 1
READS_ITERATES = True

GRID = 100  # points of the contours along each axis
PATH = OPTIMIZER_COLOURS[0]
_ENGINE = ("engine", "device", "versions")  # what of the provenance is about the engine
Runs = Mapping[tuple[str, float], Iterates]


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    optimizers = list(dict.fromkeys(optimizer for optimizer, _ in runs))
    engine = dict(zip(summary["optimizer"], summary["engine"], strict=True))
    step_sizes = np.unique(summary["step_size"])
    size = (max(WIDTH, 1.9 * len(step_sizes)), 0.6 + 2.1 * len(optimizers))
    figure = Figure(figsize=size)
    grid = figure.subplots(
        len(optimizers), len(step_sizes), sharex=True, sharey=True, squeeze=False
    )
    first = next(iter(runs.values()))
    bottom = optimum(first, data, model)["A"][0]
    contours = _contours(first, bottom, data, model)  # the same for all runs
    for row, optimizer in zip(grid, optimizers, strict=True):
        for axes, step_size in zip(row, step_sizes, strict=True):
            if (optimizer, step_size) in runs:
                _draw_contours(axes, *contours)
                _draw_path(axes, step_size, runs[optimizer, step_size], bottom)
            else:
                axes.axis("off")
        row[0].set_ylabel(f"{optimizer}\nengine {engine[optimizer]}\n$A_2$")
    for axes in grid[-1]:
        axes.set_xlabel("$A_1$")
    name_study(figure, summary)
    if difference := _difference_of_engines(runs):
        figure.supxlabel(difference, fontsize=8)
    return figure


def _draw_path(axes: Axes, step_size: float, run: Iterates, bottom: NDArray) -> None:
    """The path of the first seed, and the optimum."""
    path = run.parameters["A"][0, :, 0]
    axes.plot(*path.T, color=PATH, linewidth=0.8, marker=".", markersize=3.5)
    axes.plot(*bottom, "x", color="black", markersize=6, markeredgewidth=1.3)
    axes.set_title(f"α = {step_size_text(step_size)}: {behaviour(path, bottom)}")
    axes.grid(visible=False)


def behaviour(path: NDArray, bottom: NDArray) -> str:
    """What a path [steps, 2] does: creeping, converging, oscillating or diverging."""
    distance = np.linalg.norm(path - bottom, axis=1)
    if not distance[-1] <= distance[0]:
        return "diverging"
    steps = np.diff(path, axis=0)
    back = np.sum(steps[1:] * steps[:-1], axis=1) < 0
    if back.sum() > len(back) / 2:
        return "oscillating"
    return "creeping" if distance[-1] > 0.5 * distance[0] else "converging"


def _contours(
    run: Iterates, bottom: NDArray, data: Data, model: ModuleType
) -> tuple[NDArray, NDArray]:
    """The objective above its minimum [GRID, GRID], over a square around the optimum that holds the
    start of a run, and the ticks of its axes [2, GRID]."""
    half = 1.35 * np.abs(run.parameters["A"][0, 0, 0] - bottom).max()
    ticks = np.linspace(-half, half, GRID)
    A = bottom + np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    loss, _ = evaluator.means(model, {"A": A}, data.x_train, data.scale, data.y_train)
    objective = loss + run.provenance["l2"] / 2 * np.square(A).sum((1, 2))
    return (objective - objective.min()).reshape(GRID, GRID), bottom[:, None] + ticks


def _draw_contours(axes: Axes, above: NDArray, around: NDArray) -> None:
    levels = above.max() * 2.0 ** np.arange(-10, 1)
    axes.contour(*around, above, levels, colors="0.8", linewidths=0.8)
    axes.set_xlim(around[0, 0], around[0, -1])
    axes.set_ylim(around[1, 0], around[1, -1])
    axes.set_aspect("equal")


def _difference_of_engines(runs: Runs) -> str:
    """How far runs by different engines, the same otherwise, are apart while finite."""
    relative, engines = 0.0, set()
    for one, other in combinations(runs.values(), 2):
        first, second = ({k: run.provenance[k] for k in _ENGINE} for run in (one, other))
        if first["engine"] == second["engine"] or one.provenance | second != other.provenance:
            continue
        p, q = one.parameters["A"], other.parameters["A"]
        finite = np.isfinite(p) & np.isfinite(q)
        relative = max(relative, np.abs(p - q)[finite].max() / np.abs(p[finite]).max())
        engines |= {first["engine"], second["engine"]}
    if not engines:
        return ""
    names = " and ".join(sorted(engines))
    return f"engines {names} differ by at most {relative:.1e} of the largest weight"
