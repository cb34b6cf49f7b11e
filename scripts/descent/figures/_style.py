"""What the figures share: type, colours, signs, and how a study is named on them."""

from collections.abc import Iterable
from itertools import cycle
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from descent.analysis.quantiles import range_text
from descent.analysis.status import majority_status

matplotlib.rcParams.update(
    {
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "0.9",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "legend.title_fontsize": 8,
        "lines.linewidth": 1.3,
        "figure.constrained_layout.use": True,
        "savefig.dpi": 200,
        "pdf.fonttype": 42,
    }
)

WIDTH = 7.5  # inches
MANY = 10  # step sizes; of more, a bar of colours tells which is which
LABELS_APART = 0.07  # of the length of the bar
RUN = ["optimizer", "step_size"]

# colour and mark of an optimizer, in all figures; colours that the colour-blind can tell apart
# (Okabe and Ito 2008) and, where there are many optimizers, two more
LOOKS = {"sgd": ("#0072B2", "o"), "gd": ("#D55E00", "s"), "sgd_replacement": ("#009E73", "^")}
OTHERS = tuple(
    zip(
        ("#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F4B1F", "#808080"),
        ("D", "v", "P", "X", "h", "p"),
        strict=True,
    )
)
AVERAGED = {"fillstyle": "none", "linestyle": (0, (4, 1.5))}

# the sign of a status, in all figures; mixed: no status is that of more than half of the seeds
SIGNS = {
    "diverged": r"$\times$",
    "oscillating": r"$\sim$",
    "plateau": "$-$",
    "descending": r"$\searrow$",
    "converged": "$✓$",
    "mixed": "$?$",
}
SIGN = {"linestyle": "none", "markersize": 6.5, "markeredgewidth": 0.3}
BARE = {"clip_on": False, "in_layout": False}  # of marks that may hang over an edge


def optimizer_looks(summary: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The colour and the marker of each optimizer; averages have those of what they average, with
    an open mark and a dashed line."""
    looks: dict[str, dict[str, Any]] = {}
    others = cycle(OTHERS)
    for name in summary["optimizer"].unique():
        averaged = looks.get(name.removesuffix("_average"))
        colour, marker = (None, None) if averaged else LOOKS.get(name) or next(others)
        looks[name] = averaged | AVERAGED if averaged else {"color": colour, "marker": marker}
    return looks


def statuses(summary: pd.DataFrame) -> pd.Series:
    """The status of most seeds, by optimizer and step size."""
    return summary.set_index(RUN)["status"].map(majority_status)


def name_signs(shown: Iterable[str]) -> list[Line2D]:
    """The signs of these statuses, for a legend."""
    return [
        Line2D([], [], color="0.2", marker=SIGNS[status], label=status, **SIGN)
        for status in SIGNS
        if status in set(shown)
    ]


def step_size_colours(
    step_sizes: pd.Series, shades: tuple[float, float] = (0, 0.92)
) -> dict[float, tuple]:
    """A colour for each step size: viridis, dark small to light large.

    shades: the part of viridis that is used; its lightest tenth is too pale on white.
    """
    distinct, place = _places(step_sizes)
    colours = map(tuple, matplotlib.colormaps["viridis"](np.interp(place, [0, 1], shades)))
    return dict(zip(distinct, colours, strict=True))


def _places(step_sizes: pd.Series) -> tuple[NDArray, NDArray]:
    """The distinct step sizes and the place of each on a bar of colours, from 0 to 1.

    Halfway between logarithmic and evenly spaced, so that close step sizes can be told apart.
    """
    distinct = np.unique(step_sizes)
    if len(distinct) == 1:
        return distinct, np.array([0.5])
    evenly = np.linspace(0, 1, len(distinct))
    return distinct, (LogNorm(distinct[0], distinct[-1])(distinct) + evenly) / 2


def step_size_bar(figure: Figure, step_sizes: pd.Series) -> Colorbar:
    """A bar of the colours of many step sizes beside the panels, with as many labels as fit."""
    colours = step_size_colours(step_sizes)
    distinct, place = _places(step_sizes)
    left, right = halfway(place)
    ends = np.clip(np.r_[left, right[-1]], 0, 1)
    of_place = ScalarMappable(BoundaryNorm(ends, len(place)), ListedColormap([*colours.values()]))
    bar = figure.colorbar(
        of_place, ax=figure.axes, spacing="proportional", aspect=40, label="step size α"
    )
    bar.minorticks_off()
    shown = _labelled(distinct, place)
    ticks = np.interp(np.log10(shown), np.log10(distinct), place)
    bar.set_ticks(ticks, labels=[f"{step_size:.3g}" for step_size in shown])
    return bar


def _labelled(distinct: NDArray, place: NDArray) -> NDArray:
    """What is written beside a bar: step sizes as far as they fit, of more the powers of ten."""
    first, last = np.log10(distinct[[0, -1]])
    decades = 10.0 ** np.arange(np.ceil(first), np.floor(last) + 1)
    if len(distinct) * LABELS_APART > 1 and 3 <= len(decades) <= 1 / LABELS_APART:
        return decades
    shown: list[int] = []
    for i in sorted(range(len(distinct)), key=lambda i: len(f"{distinct[i]:.3g}")):
        if all(abs(place[i] - place[other]) > LABELS_APART for other in shown):
            shown.append(i)  # 0.1 rather than 0.126
    return distinct[shown]


def halfway(place: ArrayLike, reach: float = np.inf) -> NDArray[np.float64]:
    """The left and right ends [2, n] of cells about ascending places, which meet halfway between
    them; reach: no farther than that from its place."""
    place = np.asarray(place, float)
    gaps = np.diff(place) if len(place) > 1 else np.array([min(reach, 0.5)])
    left = place - np.r_[gaps[:1], gaps][: len(place)] / 2
    right = place + np.r_[gaps, gaps[-1:]][-len(place) :] / 2
    return np.stack([np.maximum(left, place - reach), np.minimum(right, place + reach)])


def wrapped(
    figure: Figure | SubFigure, count: int, columns: int, x: str = "", y: str = "", **share: Any
) -> list[Axes]:
    """So many panels, at most so many in a row, with the label x below and y on the left."""
    grid = figure.subplots(ceil(count / columns), columns, squeeze=False, **share).ravel()
    for axes in grid[count:]:
        axes.remove()
    for place, axes in enumerate(grid[:count]):
        if place % columns == 0:
            axes.set_ylabel(y)
        if place + columns >= count:
            axes.set_xlabel(x)
            axes.tick_params(labelbottom=True)
    return list(grid[:count])


def step_size_text(step_size: float) -> str:
    """As a person writes it: 0.001, 1, 200."""
    return f"{step_size:.4g}"


def name_study(figure: Figure, summary: pd.DataFrame, shown: str | None = None) -> None:
    """Say above the figure which study it shows, and what of its seeds."""
    study = summary.iloc[0]
    over = shown or range_text(summary["seeds"].max())
    figure.suptitle(
        f"{study['study']}: {study['model']} on {study['dataset']}, {over}", fontsize=10
    )


def save(figure: Figure, path: Path) -> None:
    """Write PNG or PDF, by the ending: the same figure gives the same bytes."""
    metadata = {".png": {"Software": None}, ".pdf": {"CreationDate": None}}[path.suffix]
    figure.savefig(path, metadata=metadata)
