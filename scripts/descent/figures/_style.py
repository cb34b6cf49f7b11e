"""Style of all figures: fonts, colours, markers, signs, legends, titles."""

from collections.abc import Iterable, Mapping
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

matplotlib.rcdefaults()  # ignore the user's matplotlibrc
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
MAX_NAMED = 12  # step sizes in a legend
RUN = ["optimizer", "step_size"]
# colours and markers of optimizers, the same in all studies: a palette for colour-blind readers
# (Okabe and Ito 2008), and two further colours for studies of many optimizers
LOOKS = {"sgd": ("#0072B2", "o"), "gd": ("#D55E00", "s"), "sgd_replacement": ("#009E73", "^")}
OTHERS = (
    *(("#CC79A7", "D"), ("#E69F00", "v"), ("#56B4E9", "P")),
    *(("#000000", "X"), ("#7F4B1F", "h"), ("#808080", "p")),
)
AVERAGED = {"fillstyle": "none", "linestyle": (0, (4, 1.5))}
# signs of statuses; mixed: no status has more than half of the seeds
SIGNS = {
    "diverged": r"$\times$",
    "oscillating": r"$\sim$",
    "plateau": "$-$",
    "descending": r"$\searrow$",
    "converged": "$✓$",
    "mixed": "$?$",
}
SIGN = {"linestyle": "none", "markersize": 6.5, "markeredgewidth": 0.3}
OVER = {"clip_on": False, "in_layout": False}  # for markers at the edge of a panel


def optimizer_looks(summary: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the colour and marker of each optimizer; averages have those of the optimizer that
    they average, with an open marker and a dashed line."""
    looks: dict[str, dict[str, Any]] = {}
    names = summary["optimizer"].unique()
    others = cycle([*OTHERS, *(look for name, look in LOOKS.items() if name not in names)])
    for name in names:
        if averaged := looks.get(without_average(name)):
            looks[name] = averaged | AVERAGED
        else:
            colour, marker = LOOKS.get(name) or next(others)
            looks[name] = {"color": colour, "marker": marker}
    return looks


def statuses(summary: pd.DataFrame) -> pd.Series:
    """Return the status of most seeds, by optimizer and step size."""
    return summary.set_index(RUN)["status"].map(majority_status)


def name_signs(shown: Iterable[str]) -> list[Line2D]:
    """Return legend handles of the signs of these statuses."""
    return [
        Line2D([], [], color="0.2", marker=SIGNS[status], label=status, **SIGN)
        for status in SIGNS
        if status in set(shown)
    ]


def step_size_colours(
    step_sizes: pd.Series, shades: tuple[float, float] = (0, 0.92)
) -> dict[float, tuple]:
    """Return a colour for each step size: viridis, from dark (small) to light (large).

    Places on the colour map are the mean of logarithmic and even spacing, so that close step sizes
    differ visibly. shades: the part of viridis to use; its lightest tenth is too pale on white.
    """
    distinct = np.unique(step_sizes)
    place = np.array([0.5])
    if len(distinct) > 1:
        evenly = np.linspace(0, 1, len(distinct))
        place = (LogNorm(distinct[0], distinct[-1])(distinct) + evenly) / 2
    colours = map(tuple, matplotlib.colormaps["viridis"](np.interp(place, [0, 1], shades)))
    return dict(zip(distinct, colours, strict=True))


def name_optimizers(looks: Mapping[str, Mapping[str, Any]]) -> list[Line2D]:
    """Return legend handles of optimizers."""
    return [Line2D([], [], markersize=4, label=name, **look) for name, look in looks.items()]


def name_step_sizes(figure: Figure, step_sizes: pd.Series) -> None:
    """Add a legend of the colours of at most MAX_NAMED step sizes."""
    colours = step_size_colours(step_sizes)
    named = evenly_chosen([*colours], MAX_NAMED)[::-1]
    lines = [Line2D([], [], color=colours[a], label=step_size_text(a)) for a in named]
    count = f"\n({len(named)} of {len(colours)})" if len(named) < len(colours) else ""
    figure.legend(handles=lines, title=f"step size α{count}", loc="outside center right")


def evenly_chosen(step_sizes: ArrayLike, most: int) -> list[float]:
    """Return at most `most` distinct step sizes, evenly from the smallest to the largest."""
    distinct = np.unique(step_sizes)
    return list(distinct[np.unique(np.linspace(0, len(distinct) - 1, most).round().astype(int))])


def step_size_text(step_size: float) -> str:
    """Format a step size: 0.001, 1, 200."""
    return f"{step_size:.4g}"


def spaced(places: ArrayLike, least: float) -> list[int]:
    """Return the indices of places [n] or [n, 2] that are apart by more than `least` from all that
    were chosen before them."""
    places, chosen = np.asarray(places, float), list[int]()
    for i, place in enumerate(places):
        if all(np.abs(place - places[j]).max() > least for j in chosen):
            chosen.append(i)
    return chosen


def cell_edges(centres: ArrayLike, reach: float = np.inf) -> NDArray[np.float64]:
    """Return the left and right edges [2, n] of cells about ascending centres.

    Edges are halfway between neighbours, but at most `reach` from their centre.
    """
    centres = np.asarray(centres, float)
    gaps = np.diff(centres) if len(centres) > 1 else np.array([min(reach, 0.5)])
    left = centres - np.r_[gaps[:1], gaps][: len(centres)] / 2
    right = centres + np.r_[gaps, gaps[-1:]][-len(centres) :] / 2
    return np.stack([np.maximum(left, centres - reach), np.minimum(right, centres + reach)])


def wrapped(
    figure: Figure | SubFigure, count: int, columns: int, x: str = "", y: str = "", **share: Any
) -> list[Axes]:
    """Add `count` panels in rows of `columns`, labelled x below and y on the left."""
    grid = figure.subplots(ceil(count / columns), columns, squeeze=False, **share).ravel()
    for axes in grid[count:]:
        axes.remove()
    for place, axes in enumerate(grid[:count]):
        axes.set_ylabel(y if place % columns == 0 else "")
        axes.set_xlabel(x if place + columns >= count else "")
        axes.tick_params(labelbottom=place + columns >= count or not share.get("sharex"))
    return list(grid[:count])


def name_study(figure: Figure, summary: pd.DataFrame, seeds: str = "") -> None:
    """Add the title: the study, and how its seeds are shown."""
    study, seeds = summary.iloc[0], seeds or range_text(summary["seeds"].max())
    title = f"{study['study']}: {study['model']} on {study['dataset']}, {seeds}"
    figure.suptitle(title, fontsize=10)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG or PDF, the same figure as the same bytes."""
    metadata = {".png": {"Software": None}, ".pdf": {"CreationDate": None}}[path.suffix]
    figure.savefig(path, metadata=metadata)
