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
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from descent.analysis.quantiles import range_text
from descent.analysis.status import majority_status
from descent.theory.results import without_average

matplotlib.rcdefaults()  # not a user's matplotlibrc
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
NAMED = 12  # step sizes in a legend, at most
RUN = ["optimizer", "step_size"]
# colour and mark of an optimizer, in all figures of all studies; colours that the colour-blind can
# tell apart (Okabe and Ito 2008) and, where there are many optimizers, two more
LOOKS = {"sgd": ("#0072B2", "o"), "gd": ("#D55E00", "s"), "sgd_replacement": ("#009E73", "^")}
OTHERS = (
    *(("#CC79A7", "D"), ("#E69F00", "v"), ("#56B4E9", "P")),
    *(("#000000", "X"), ("#7F4B1F", "h"), ("#808080", "p")),
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
OVER = {"clip_on": False, "in_layout": False}  # of marks that may hang over an edge


def optimizer_looks(summary: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The colour and the marker of each optimizer; averages have those of what they average, with
    an open mark and a dashed line."""
    looks: dict[str, dict[str, Any]] = {}
    others = cycle(OTHERS)
    for name in summary["optimizer"].unique():
        if averaged := looks.get(without_average(name)):
            looks[name] = averaged | AVERAGED
        else:
            colour, marker = LOOKS.get(name) or next(others)
            looks[name] = {"color": colour, "marker": marker}
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
    """A colour for each step size: viridis, dark small to light large; halfway between logarithmic
    and evenly spaced, so that close step sizes can be told apart.

    shades: the part of viridis that is used; its lightest tenth is too pale on white.
    """
    distinct = np.unique(step_sizes)
    place = np.array([0.5])
    if len(distinct) > 1:
        evenly = np.linspace(0, 1, len(distinct))
        place = (LogNorm(distinct[0], distinct[-1])(distinct) + evenly) / 2
    colours = map(tuple, matplotlib.colormaps["viridis"](np.interp(place, [0, 1], shades)))
    return dict(zip(distinct, colours, strict=True))


def name_step_sizes(figure: Figure, step_sizes: pd.Series) -> None:
    """A legend of the colours of step sizes; of many, of some from the smallest to the largest."""
    colours = step_size_colours(step_sizes)
    named = some([*colours], NAMED)[::-1]
    lines = [Line2D([], [], color=colours[a], label=step_size_text(a)) for a in named]
    of = f"\n({len(named)} of {len(colours)})" if len(named) < len(colours) else ""
    figure.legend(handles=lines, title=f"step size α{of}", loc="outside center right")


def some(step_sizes: ArrayLike, most: int) -> list[float]:
    """At most so many of these step sizes, evenly, from the smallest to the largest."""
    distinct = np.unique(step_sizes)
    return list(distinct[np.unique(np.linspace(0, len(distinct) - 1, most).round().astype(int))])


def step_size_text(step_size: float) -> str:
    """As a person writes it: 0.001, 1, 200."""
    return f"{step_size:.4g}"


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
        axes.set_ylabel(y if place % columns == 0 else "")
        axes.set_xlabel(x if place + columns >= count else "")
        axes.tick_params(labelbottom=place + columns >= count or not share.get("sharex"))
    return list(grid[:count])


def name_study(figure: Figure, summary: pd.DataFrame, shown: str = "") -> None:
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
