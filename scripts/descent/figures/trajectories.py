"""Paths of gradient descent in the plane of two weights, over contours of a quadratic objective.

Upper panels: dots are the iterates of the first seed, and the cross is the minimiser. F − F* halves
from each contour to the next one inside. Titles show the status of most seeds. Optimizers whose
iterates agree to a millionth of the largest weight share a row, whose title states their largest
difference. At most ten step sizes are shown, from the smallest to the largest.

Lower panel: the factor by which a step multiplies the distance to the minimiser in the directions
of the largest curvature L and of the smallest μ, |1 − αL| and |1 − αμ|. The larger factor dominates
in the long run. It is smallest at α = 2/(L + μ), the dotted line, and above 1, the horizontal line,
where α > 2/L and descent diverges. Open markers are measured: the mean factor over the last quarter
of the steps at which the distance exceeds rounding errors. Early steps may differ: a diverging run
approaches the minimiser while its component along μ shrinks.
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
from descent.figures.recall import Runs
from descent.store.data import Data
from descent.store.iterates import Iterates

GRID = 100  # points of the contours along each axis
MOST, COLUMNS = 10, 5  # step sizes, and panels in a row
AGREE = 1e-6  # largest difference of paths that share a row, relative to the largest weight
ROUNDING = 1e-12  # relative to the initial distance
FACTORS = 2.4  # height in inches


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    looks = style.optimizer_looks(summary)
    paths = {run: iterates.parameters["A"][0, :, 0] for run, iterates in runs.items()}
    rows = _rows({name: {a: path for (o, a), path in paths.items() if o == name} for name in looks})
    shown = style.evenly_chosen(summary["step_size"], MOST)
    columns = min(COLUMNS, len(shown))
    panel = (style.WIDTH / max(columns, 4) + 0.5) * ceil(len(shown) / columns)  # with titles
    heights = [*[panel] * len(rows), FACTORS]
    figure = Figure(figsize=(style.WIDTH, 0.4 + sum(heights)))
    *parts, below = figure.subfigures(len(heights), 1, height_ratios=heights)
    first = next(iter(runs.values()))
    l2, options = first.provenance["l2"], first.provenance["model_options"]
    data = data.without_validation(first.provenance["validation"])
    x = data.inputs(data.x_train, "float64")
    minimiser = model.optimum(x, data.y_train, l2, **options)["A"][0]
    contours = _contours(first, minimiser, data, model)  # the same for all runs
    share = {"x": "$A_1$", "y": "$A_2$", "sharex": True, "sharey": True}
    for part, (optimizer, title) in zip(parts, rows.items(), strict=True):
        panels = style.wrapped(part, len(shown), columns, **share)
        for axes, run in zip(panels, ((optimizer, a) for a in shown), strict=True):
            if run not in paths:
                axes.axis("off")
                continue
            _draw_path(axes, paths[run], minimiser, *contours)
            ended = style.statuses(summary)[run]
            alpha = style.step_size_text(run[1])
            axes.set_title(f"α = {alpha}: {ended} {style.SIGNS[ended]}")
        part.suptitle(title, fontsize=9)
    axes, weights = below.subplots(), model.score_hessian(minimiser[None] @ x.T)[:, 0, 0]
    curvatures = np.linalg.eigvalsh((x.T * weights) @ x / len(x) + l2 * np.eye(2))
    _draw_factors(axes, max(a for _, a in paths), *curvatures)
    for name, look in looks.items():
        factors = {a: _measured(path - minimiser) for (o, a), path in paths.items() if o == name}
        mark = {"linestyle": "none", "fillstyle": "none", "label": f"{name}, measured"}
        axes.plot([*factors], [*factors.values()], **look | mark, **style.OVER)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    seeds = "one seed" if len(first.seed) == 1 else f"first of {len(first.seed)} seeds"
    style.name_study(figure, summary, seeds)
    return figure


def _rows(paths: Mapping[str, Mapping[float, NDArray]]) -> dict[str, str]:
    """Return the title of each row, by the optimizer whose paths it shows."""
    rows: dict[str, str] = {}
    for name in paths:
        for other in rows:
            difference = _largest_difference(paths[other], paths[name])
            if difference < AGREE:
                rows[other] += f" and {name}, the same to {difference:.0e} of the largest weight"
                break
        else:
            rows[name] = name
    return rows


def _largest_difference(paths: Mapping[float, NDArray], others: Mapping[float, NDArray]) -> float:
    """Return the largest difference of paths while finite, relative to their largest weight."""
    if paths.keys() != others.keys() or any(paths[a].shape != others[a].shape for a in paths):
        return np.inf
    differences = [0.0]
    for a, path in paths.items():
        finite = np.isfinite(path) & np.isfinite(others[a])
        largest = np.abs(path[finite]).max(initial=1e-300)
        differences.append(float(np.abs(path - others[a])[finite].max(initial=0) / largest))
    return max(differences)


def _contours(
    run: Iterates, minimiser: NDArray, data: Data, model: ModuleType
) -> tuple[NDArray, NDArray]:
    """Return F − F* [GRID, GRID] over a square around the minimiser that contains the start of a
    run, and the coordinates of its points [2, GRID]."""
    half = 1.35 * np.abs(run.parameters["A"][0, 0, 0] - minimiser).max()
    ticks = np.linspace(-half, half, GRID)
    A = minimiser + np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    loss, *_ = evaluator.means(model, {"A": A}, data.x_train, data.scale, data.y_train)
    objective = loss + run.provenance["l2"] / 2 * np.square(A).sum((1, 2))
    return (objective - objective.min()).reshape(GRID, GRID), minimiser[:, None] + ticks


def _draw_path(axes: Axes, path: NDArray, minimiser: NDArray, excess: NDArray, w: NDArray) -> None:
    """Draw a path [steps, 2] and the minimiser over the contours; excess, w: of `_contours`."""
    levels = excess.max() * 2.0 ** np.arange(-10, 1)
    axes.contour(*w, excess, levels, colors="0.8", linewidths=0.8)
    axes.plot(*path.T, color=style.LOOKS["sgd"][0], linewidth=0.8, marker=".", markersize=3.5)
    axes.plot(*minimiser, "x", color="black", markersize=6, markeredgewidth=1.3)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.axis([*w[0, [0, -1]], *w[1, [0, -1]]])


def _draw_factors(axes: Axes, most: float, smallest: float, largest: float) -> None:
    """Draw the factors of a step against the step size."""
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
    """Return the mean factor over the last quarter of the steps of a path [steps, 2] to 0."""
    distance = np.linalg.norm(path, axis=1)
    distance = distance[np.isfinite(distance) & (distance > ROUNDING * distance[0])]
    tail = distance[3 * (len(distance) - 1) // 4 :]
    return float((tail[-1] / tail[0]) ** (1 / (len(tail) - 1))) if len(tail) > 1 else np.nan
