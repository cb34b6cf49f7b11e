"""Gradient descent on a bowl: the two weights, step by step, over the contours of the objective.

The cross is the optimum, a dot is an iterate. A path ends at the frame where it leaves it. In
words: a path creeps if more than half of its way is left at the end, oscillates if its steps go
back and forth, diverges if it ends farther from the optimum than it began, and converges otherwise.
Where two optimizers have the same step sizes, the line below says how far apart their iterates are.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.data import Data
from descent.evaluators import numpy as evaluator
from descent.figures._style import OPTIMIZER_COLOURS, WIDTH, name_study, step_size_text
from descent.iterates import Iterates
from descent.models import linear_regression

NEEDS = ("regression", "plane")
READS_ITERATES = True

GRID = 100  # points of the contours along each axis
PATH = OPTIMIZER_COLOURS[0]
Runs = Mapping[tuple[str, float], Iterates]


def draw(traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data) -> Figure:
    optimizers = summary["optimizer"].unique()
    step_sizes = np.unique(summary["step_size"])
    size = (max(WIDTH, 1.9 * len(step_sizes)), 0.6 + 2.1 * len(optimizers))
    figure = Figure(figsize=size)
    grid = figure.subplots(
        len(optimizers), len(step_sizes), sharex=True, sharey=True, squeeze=False
    )
    for row, optimizer in zip(grid, optimizers, strict=True):
        for axes, step_size in zip(row, step_sizes, strict=True):
            if (optimizer, step_size) in runs:
                _draw_path(axes, step_size, runs[optimizer, step_size], data)
            else:
                axes.axis("off")
        row[0].set_ylabel(f"{optimizer}\n$A_2$")
    for axes in grid[-1]:
        axes.set_xlabel("$A_1$")
    name_study(figure, summary)
    if difference := _largest_difference(runs, optimizers):
        figure.supxlabel(difference, fontsize=8)
    return figure


def _draw_path(axes: Axes, step_size: float, run: Iterates, data: Data) -> None:
    """The path of the first seed over contours of the objective."""
    path, optimum = run.parameters["A"][0, :, 0], _optimum(run, data)
    _draw_contours(axes, run, data, optimum)
    axes.plot(*path.T, color=PATH, linewidth=0.8, marker=".", markersize=3.5)
    axes.plot(*optimum, "x", color="black", markersize=6, markeredgewidth=1.3)
    axes.set_title(f"α = {step_size_text(step_size)}: {behaviour(path, optimum)}")
    axes.grid(visible=False)


def behaviour(path: NDArray, optimum: NDArray) -> str:
    """What a path [steps, 2] does: creeping, converging, oscillating or diverging."""
    distance = np.linalg.norm(path - optimum, axis=1)
    if not distance[-1] <= distance[0]:
        return "diverging"
    steps = np.diff(path, axis=0)
    if np.mean(np.sum(steps[1:] * steps[:-1], axis=1) < 0) > 0.5:
        return "oscillating"
    return "creeping" if distance[-1] > 0.5 * distance[0] else "converging"


def _optimum(run: Iterates, data: Data) -> NDArray:
    made = run.provenance
    x = data.inputs(data.x_train, "float64")
    return linear_regression.optimum(x, data.y_train, made["l2"], **made["model_options"])["A"][0]


def _draw_contours(axes: Axes, run: Iterates, data: Data, optimum: NDArray) -> None:
    """Contours of the objective, over a square around the optimum that holds the start."""
    start = run.parameters["A"][0, 0, 0]
    half = 1.35 * np.abs(start - optimum).max()
    ticks = np.linspace(-half, half, GRID)
    offsets = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    A = optimum + offsets
    loss, _ = evaluator.means(linear_regression, {"A": A}, data.x_train, data.scale, data.y_train)
    objective = loss + run.provenance["l2"] / 2 * np.square(A).sum((1, 2))
    above = (objective - objective.min()).reshape(GRID, GRID)
    levels = above.max() * 2.0 ** np.arange(-10, 1)
    axes.contour(
        optimum[0] + ticks, optimum[1] + ticks, above, levels, colors="0.8", linewidths=0.8
    )
    axes.set_xlim(optimum[0] - half, optimum[0] + half)
    axes.set_ylim(optimum[1] - half, optimum[1] + half)
    axes.set_aspect("equal")


def _largest_difference(runs: Runs, optimizers: Sequence[str]) -> str:
    """What separates the first two optimizers, relative to how far their iterates are from zero."""
    if len(optimizers) < 2:
        return ""
    one, other = optimizers[:2]
    shared = [s for name, s in runs if name == one and (other, s) in runs]
    pairs = [(runs[one, s].parameters["A"], runs[other, s].parameters["A"]) for s in shared]
    if not pairs or any(p.shape != q.shape for p, q in pairs):
        return ""
    relative = max(np.abs(p - q).max() / np.abs(p).max() for p, q in pairs)
    return f"{one} and {other} differ by at most {relative:.1e} of the largest weight"
