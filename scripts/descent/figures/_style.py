"""What the figures share: type, colours, and how a study is named on them."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.analysis.quantiles import range_text

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
# statuses that are shown, and the line of a run
MARKED = {"diverged": ":", "oscillating": "--"}

# colour-blind-safe colours for what has no order (Okabe and Ito 2008)
OPTIMIZER_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
OPTIMIZER_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


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
    edges = np.r_[0, (place[:-1] + place[1:]) / 2, 1]
    of_place = ScalarMappable(BoundaryNorm(edges, len(place)), ListedColormap([*colours.values()]))
    bar = figure.colorbar(
        of_place, ax=figure.axes, spacing="proportional", aspect=40, label="step size α"
    )
    bar.minorticks_off()
    shown = _thinned(distinct, place)
    bar.set_ticks(np.interp(np.log10(shown), np.log10(distinct), place))
    bar.set_ticklabels([step_size_text(float(f"{step_size:.3g}")) for step_size in shown])
    return bar


def _thinned(distinct: NDArray, place: NDArray) -> list[float]:
    """What is written beside a bar: step sizes as far as they fit, of more the powers of ten."""
    first, last = np.log10(distinct[[0, -1]])
    decades = 10.0 ** np.arange(np.ceil(first), np.floor(last) + 1)
    if len(distinct) * LABELS_APART > 1 and 3 <= len(decades) <= 1 / LABELS_APART:
        return list(decades)
    shown: list[int] = []
    for i in sorted(
        range(len(distinct)), key=lambda i: len(f"{distinct[i]:.3g}")
    ):  # 0.1, not 0.126
        if all(abs(place[i] - place[other]) > LABELS_APART for other in shown):
            shown.append(i)
    return list(distinct[shown])


def optimizer_looks() -> Iterator[tuple[str, str]]:
    """A colour and a marker for one optimizer after the other."""
    return zip(cycle(OPTIMIZER_COLOURS), cycle(OPTIMIZER_MARKERS), strict=False)


def step_size_text(step_size: float) -> str:
    """As a person writes it: 0.001, 1, 200."""
    return f"{step_size:g}"


def name_study(figure: Figure, summary: pd.DataFrame, shown: str | None = None) -> None:
    """Say above the figure which study it shows, and what of its seeds."""
    study = summary.iloc[0]
    over = shown or range_text(summary["seeds"].max())
    figure.suptitle(
        f"{study['study']}: {study['model']} on {study['dataset']}, {over}", fontsize=10
    )


def logarithmic_step_sizes(axes: Axes, step_sizes: pd.Series) -> None:
    """A logarithmic axis of step sizes."""
    low, high = np.log10(step_sizes.min()), np.log10(step_sizes.max())
    margin = max(0.2, 0.05 * (high - low))
    axes.set_xscale("log")
    axes.set_xlim(10 ** max(low - margin, -300), 10 ** (high + margin))  # 0 is on no such axis
    axes.set_xlabel("step size α")


def save(figure: Figure, path: Path) -> None:
    """Write PNG or PDF, by the ending: the same figure gives the same bytes."""
    metadata = {".png": {"Software": None}, ".pdf": {"CreationDate": None}}[path.suffix]
    figure.savefig(path, metadata=metadata)
