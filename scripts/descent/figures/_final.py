"""Final values of runs against their step size."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from descent.analysis.quantiles import quantile, range_shares
from descent.analysis.summary import at_end
from descent.figures import _style as style

SEEDS = {"linestyle": "none", "markersize": 3, "alpha": 0.6}
STAR = {"marker": "*", "markersize": 10, "markeredgecolor": "black", "markeredgewidth": 0.6}
BAR, ALL_BARS = 3, 200  # points: largest width of a bar, and of all bars of an optimizer
SIGNS_APART = 0.016  # smallest distance of two signs, as a share of the axis


def ends(traces: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of the traces that count as the end of each run."""
    status = summary.set_index(style.RUN)["status"]
    runs = traces.groupby(style.RUN, sort=False)
    return pd.concat(at_end(run, status[key]) for key, run in runs)


def draw_ends(
    axes: Axes, end: pd.DataFrame, runs: pd.DataFrame, metric: str, look: Mapping[str, Any]
) -> None:
    """Draw the final values of a metric: seeds, their median, and bars over all rows of a run.

    A seed that is not finite, or beyond the axis, is a cross at the worse edge.
    end, runs: rows of `ends` and of the summary, of one optimizer
    """
    low, high = axes.get_ylim()
    worst = low if "accuracy" in metric else high
    colour, runs = look["color"], runs.sort_values("step_size")
    values = [run.to_numpy() for _, run in end.groupby("step_size")[metric]]
    shares = range_shares(runs["seeds"].max())
    bars = np.array([[quantile(run, q, metric) for run in values] for q in shares])
    bars = np.clip(np.where(np.isfinite(bars), bars, worst), low, high)
    width = min(BAR, ALL_BARS / len(runs))
    axes.vlines(runs["step_size"], *bars, color=colour, alpha=0.35, linewidth=width)
    medians = runs[f"final_{metric}_median"]
    medians = medians.where(np.isfinite(medians)).clip(low, high)
    axes.plot(runs["step_size"], medians, **{**look, "marker": None})
    seeds = end.groupby(["step_size", "seed"])[metric]
    seeds = seeds.agg(lambda rows: float(quantile(rows, 0.5, metric))).droplevel("seed")
    on_axis = np.isfinite(seeds) & (("accuracy" in metric) | (seeds <= high))
    edge = {"markeredgewidth": 0.6 if "fillstyle" in look else 0}
    axes.plot(seeds[on_axis].clip(low, high), **{**look, **SEEDS, **edge})
    off = seeds.index[~on_axis].unique()
    cross = {"color": colour, "marker": style.SIGNS["diverged"]}
    axes.plot(off, np.full(len(off), worst), **style.SIGN, **style.OVER, **cross)


def draw_statuses(axes: Axes, summary: pd.DataFrame, looks: Mapping[str, Mapping]) -> set[str]:
    """Draw a row of signs for each optimizer, without overlaps, and return their statuses."""
    low, high = np.log10(axes.get_xlim())
    for row, (optimizer, look) in enumerate(looks.items()):
        ended = style.statuses(summary)[optimizer].sort_index()
        place = (np.log10(ended.index) - low) / (high - low)
        unchanged = np.r_[False, ended.to_numpy()[1:] == ended.to_numpy()[:-1]]
        order = np.argsort(unchanged, kind="stable")  # changes of status have priority
        for i in order[style.spaced(place[order], SIGNS_APART)]:
            sign = {"marker": style.SIGNS[ended.iloc[i]], "color": look["color"]}
            axes.plot(ended.index[i], row, **style.SIGN, **style.OVER, **sign)
    axes.set_yticks(range(len(looks)), looks)
    axes.set_ylim(len(looks) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    return set(style.statuses(summary))
