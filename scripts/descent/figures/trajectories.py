"""Gradient descent on a bowl: the two weights, step by step, over the contours of the objective.

The cross is the minimiser, a dot is an iterate of the first seed. A picture whose path leaves it
fades at its frame. The sign and the word say how most seeds ended. Optimizers that differ in
nothing but their engine share a row where their iterates agree to a millionth of the largest
weight; the row says how far apart they are. Of more than ten step sizes ten are shown, from the
smallest to the largest.

Below: what a step multiplies the distance to the minimiser by, in the direction of the largest
curvature L, |1 - αL|, and in that of the smallest μ, |1 - αμ|. The larger one decides: it is least
at α = 2/(L + μ), and beyond α = 2/L, where it is above 1, descent diverges. A mark is measured: the
mean factor over the last quarter of the steps that the distance is more than rounding.
"""

from collections.abc import Mapping
from math import ceil
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.evaluation import numpy as evaluator
from descent.figures._style import (
    LOOKS,
    SIGNS,
    WIDTH,
    name_study,
    optimizer_looks,
    statuses,
    step_size_text,
    wrapped,
)
from descent.store.data import Data
from descent.store.iterates import Iterates

GRID = 100  # points of the contours along each axis
MOST, COLUMNS = 10, 5  # step sizes shown, panels in a row
AGREE = 1e-6  # of the largest weight
ROUNDING = 1e-12  # of the distance at the start
FADED = 0.15  # of half a picture, at its frame
FACTORS = 2.4  # inches
PATH = LOOKS["sgd"][0]
_ENGINE = ("engine", "device", "versions")  # what of the provenance is about the engine
Runs = Mapping[tuple[str, float], Iterates]


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    rows = _rows(runs)
    step_sizes = np.unique(summary["step_size"])
    shown = step_sizes[np.unique(np.linspace(0, len(step_sizes) - 1, MOST).round().astype(int))]
    columns = min(COLUMNS, len(shown))
    panel = (WIDTH / max(columns, 4) + 0.5) * ceil(len(shown) / columns)  # inches, with titles
    figure = Figure(figsize=(WIDTH, 0.4 + panel * len(rows) + FACTORS))
    *parts, below = figure.subfigures(
        len(rows) + 1, 1, height_ratios=[*[panel] * len(rows), FACTORS]
    )
    first = next(iter(runs.values()))
    of_first = first.provenance
    data = data.without_validation(of_first["validation"])
    x = data.inputs(data.x_train, "float64")
    bottom = model.optimum(x, data.y_train, of_first["l2"], **of_first["model_options"])["A"][0]
    contours = _contours(first, bottom, data, model)  # the same for all runs
    for part, (optimizers, words) in zip(parts, rows.items(), strict=True):
        share = {"x": "$A_1$", "y": "$A_2$", "sharex": True, "sharey": True}
        for axes, step_size in zip(wrapped(part, len(shown), columns, **share), shown, strict=True):
            if (run := runs.get((optimizers[0], step_size))) is None:
                axes.axis("off")
                continue
            _draw_contours(axes, *contours)
            _draw_path(axes, run.parameters["A"][0, :, 0], bottom, contours[1])
            ended = statuses(summary)[optimizers[0], step_size]
            axes.set_title(f"α = {step_size_text(step_size)}: {ended} {SIGNS[ended]}")
        part.suptitle(words, fontsize=9)
    curvatures = np.linalg.eigvalsh(_hessian(x, bottom, of_first["l2"], model))
    _draw_factors(below.subplots(), runs, bottom, curvatures, optimizer_looks(summary))
    of_seeds = "" if len(first.seed) == 1 else f"first of {len(first.seed)} seeds"
    name_study(figure, summary, shown=of_seeds or None)
    return figure


def _hessian(x: NDArray, bottom: NDArray, l2: float, model: ModuleType) -> NDArray:
    weights = model.score_hessian(bottom[None] @ x.T)[:, 0, 0]
    return (x.T * weights) @ x / len(x) + l2 * np.eye(2)


def _draw_factors(
    axes: Axes, runs: Runs, bottom: NDArray, curvatures: NDArray, looks: Mapping[str, Mapping]
) -> None:
    """The factors of a step against the step size, and those of the runs."""
    smallest, largest = curvatures
    a = np.linspace(0, 1.05 * max(2 / largest, *(step_size for _, step_size in runs)), 500)
    for curvature, style, name in ((largest, "-", "L"), (smallest, "--", r"\mu")):
        label = rf"$|1 - \alpha {name}|$, ${name}$ = {curvature:.3g}"
        axes.plot(a, np.abs(1 - a * curvature), style, color="0.4", label=label)
    best = 2 / (largest + smallest)
    axes.axvline(best, color="0.4", linestyle=":", linewidth=1)
    axes.annotate(
        rf"$2/(L + \mu)$ = {best:.3g}", (best, 0.1), (-4, 0), textcoords="offset points", ha="right"
    )
    axes.axhline(1, color="0.4", linewidth=0.8)
    for optimizer, look in looks.items():
        measured = {
            step_size: _measured(run.parameters["A"][0, :, 0] - bottom)
            for (name, step_size), run in runs.items()
            if name == optimizer
        }
        marks = {"linestyle": "none", "fillstyle": "none", "label": f"{optimizer}, measured"}
        axes.plot([*measured], [*measured.values()], **look | marks, clip_on=False)
    axes.set(xlim=(0, a[-1]), ylim=(0, None), xlabel="step size α", ylabel="factor per step")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _measured(path: NDArray) -> float:
    """The mean factor over the last quarter of the steps of a path [steps, 2] about its end."""
    distance = np.linalg.norm(path, axis=1)
    distance = distance[np.isfinite(distance) & (distance > ROUNDING * distance[0])]
    late = distance[3 * (len(distance) - 1) // 4 :]
    return float((late[-1] / late[0]) ** (1 / (len(late) - 1))) if len(late) > 1 else np.nan


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
