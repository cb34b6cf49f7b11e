"""Gradient descent on a bowl: the two weights, step by step, over the contours of the objective.

The cross is the minimiser, a dot is an iterate of the first seed. The sign and the word say how
most seeds ended. Optimizers whose iterates agree to a millionth of the largest weight share a row,
which says how far apart they are. Of more than ten step sizes ten are shown, from the smallest to
the largest.

Below: what a step multiplies the distance to the minimiser by, in the direction of the largest
curvature L, |1 - αL|, and in that of the smallest μ, |1 - αμ|. The larger one decides: it is least
at α = 2/(L + μ), and beyond α = 2/L, where it is above 1, descent diverges. A mark is measured: the
mean factor over the last quarter of the steps in which the distance is more than rounding. Early
steps may do otherwise: a path that ends by diverging comes nearer while μ's part of it shrinks.
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
from descent.figures import _style as style
from descent.store.data import Data
from descent.store.iterates import Iterates

GRID = 100  # points of the contours along each axis
MOST, COLUMNS = 10, 5  # step sizes shown, panels in a row
AGREE = 1e-6  # of the largest weight
ROUNDING = 1e-12  # of the distance at the start
FACTORS = 2.4  # inches
Runs = Mapping[tuple[str, float], Iterates]


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    looks = style.optimizer_looks(summary)
    paths = {run: iterates.parameters["A"][0, :, 0] for run, iterates in runs.items()}
    rows = _rows({name: {a: path for (o, a), path in paths.items() if o == name} for name in looks})
    shown = style.some(summary["step_size"], MOST)
    columns = min(COLUMNS, len(shown))
    panel = (style.WIDTH / max(columns, 4) + 0.5) * ceil(len(shown) / columns)  # with titles
    heights = [*[panel] * len(rows), FACTORS]
    figure = Figure(figsize=(style.WIDTH, 0.4 + sum(heights)))
    *parts, below = figure.subfigures(len(heights), 1, height_ratios=heights)
    first = next(iter(runs.values()))
    l2, options = first.provenance["l2"], first.provenance["model_options"]
    data = data.without_validation(first.provenance["validation"])
    x = data.inputs(data.x_train, "float64")
    bottom = model.optimum(x, data.y_train, l2, **options)["A"][0]
    contours = _contours(first, bottom, data, model)  # the same for all runs
    share = {"x": "$A_1$", "y": "$A_2$", "sharex": True, "sharey": True}
    for part, (optimizer, words) in zip(parts, rows.items(), strict=True):
        panels = style.wrapped(part, len(shown), columns, **share)
        for axes, run in zip(panels, ((optimizer, a) for a in shown), strict=True):
            if run not in paths:
                axes.axis("off")
                continue
            _draw_path(axes, paths[run], bottom, *contours)
            ended = style.statuses(summary)[run]
            alpha = style.step_size_text(run[1])
            axes.set_title(f"α = {alpha}: {ended} {style.SIGNS[ended]}")
        part.suptitle(words, fontsize=9)
    axes, bends = below.subplots(), model.score_hessian(bottom[None] @ x.T)[:, 0, 0]
    curvatures = np.linalg.eigvalsh((x.T * bends) @ x / len(x) + l2 * np.eye(2))
    _draw_factors(axes, max(a for _, a in paths), *curvatures)
    for name, look in looks.items():
        marks = {a: _measured(path - bottom) for (o, a), path in paths.items() if o == name}
        mark = {"linestyle": "none", "fillstyle": "none", "label": f"{name}, measured"}
        axes.plot([*marks], [*marks.values()], **look | mark, **style.OVER)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    of_seeds = "one seed" if len(first.seed) == 1 else f"first of {len(first.seed)} seeds"
    style.name_study(figure, summary, of_seeds)
    return figure


def _rows(paths: Mapping[str, Mapping[float, NDArray]]) -> dict[str, str]:
    """The optimizer whose paths each row shows, and what the row says."""
    rows: dict[str, str] = {}
    for name, own in paths.items():
        for other in rows:
            apart = _apart(paths[other], own)
            if apart < AGREE:
                rows[other] += f" and {name}, the same to {apart:.0e} of the largest weight"
                break
        else:
            rows[name] = name
    return rows


def _apart(some: Mapping[float, NDArray], others: Mapping[float, NDArray]) -> float:
    """How far paths are apart while finite, relative to the largest weight."""
    if some.keys() != others.keys() or any(some[a].shape != others[a].shape for a in some):
        return np.inf
    relative = [0.0]
    for a, path in some.items():
        finite = np.isfinite(path) & np.isfinite(others[a])
        largest = np.abs(path[finite]).max(initial=1e-300)
        relative.append(float(np.abs(path - others[a])[finite].max(initial=0) / largest))
    return max(relative)


def _contours(
    run: Iterates, bottom: NDArray, data: Data, model: ModuleType
) -> tuple[NDArray, NDArray]:
    """The objective above its minimum [GRID, GRID], over a square around the minimiser that holds
    the start of a run, and the ticks of its axes [2, GRID]."""
    half = 1.35 * np.abs(run.parameters["A"][0, 0, 0] - bottom).max()
    ticks = np.linspace(-half, half, GRID)
    A = bottom + np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    loss, *_ = evaluator.means(model, {"A": A}, data.x_train, data.scale, data.y_train)
    objective = loss + run.provenance["l2"] / 2 * np.square(A).sum((1, 2))
    return (objective - objective.min()).reshape(GRID, GRID), bottom[:, None] + ticks


def _draw_path(axes: Axes, path: NDArray, bottom: NDArray, above: NDArray, around: NDArray) -> None:
    """A path [steps, 2] and the minimiser, over the contours."""
    levels = above.max() * 2.0 ** np.arange(-10, 1)
    axes.contour(*around, above, levels, colors="0.8", linewidths=0.8)
    axes.plot(*path.T, color=style.LOOKS["sgd"][0], linewidth=0.8, marker=".", markersize=3.5)
    axes.plot(*bottom, "x", color="black", markersize=6, markeredgewidth=1.3)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.axis([*around[0, [0, -1]], *around[1, [0, -1]]])


def _draw_factors(axes: Axes, most: float, smallest: float, largest: float) -> None:
    """The factors of a step against the step size."""
    a = np.linspace(0, 1.05 * max(2 / largest, most), 500)
    for curvature, line, name in ((largest, "-", "L"), (smallest, "--", r"\mu")):
        label = rf"$|1 - \alpha {name}|$, ${name}$ = {curvature:.3g}"
        axes.plot(a, np.abs(1 - a * curvature), line, color="0.4", label=label)
    best = 2 / (largest + smallest)
    axes.axvline(best, color="0.4", linestyle=":", linewidth=1)
    text = {"textcoords": "offset points", "ha": "right"}
    axes.annotate(rf"$2/(L + \mu)$ = {best:.3g}", (best, 0.1), (-4, 0), **text)
    axes.axhline(1, color="0.4", linewidth=0.8)
    axes.set(xlim=(0, a[-1]), ylim=(0, None), xlabel="step size α", ylabel="factor per step")


def _measured(path: NDArray) -> float:
    """The mean factor over the last quarter of the steps of a path [steps, 2] about its end."""
    distance = np.linalg.norm(path, axis=1)
    distance = distance[np.isfinite(distance) & (distance > ROUNDING * distance[0])]
    late = distance[3 * (len(distance) - 1) // 4 :]
    return float((late[-1] / late[0]) ** (1 / (len(late) - 1))) if len(late) > 1 else np.nan
