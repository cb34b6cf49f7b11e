"""What a schedule does to the best step size: how far above its minimum the objective ends, against
the base step size, a line for each schedule; where the minimum is not known, the objective itself.

A mark is the mean over seeds, its bar two standard errors. A triangle at the lower edge stands
where the parabola through the lowest mark and its neighbours is lowest, at the best step size. The
vertical line is the best step size as it was expected: that of the constant step size times a
factor that a bound for convex objectives gives from the schedule alone.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETUP

from descent.analysis.best import lowest_between
from descent.analysis.predictions import final_seeds
from descent.analysis.quantiles import mean_and_error
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.theory.results import TheoryResults

BEYOND = 30  # times the lowest mean: the axis shows nothing beyond
MEASURED, EXPECTED = {"marker": CARETUP, "markersize": 7}, {"linestyle": "--", "linewidth": 1}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    looks, groups, seeds = style.optimizer_looks(summary), _groups(theory), final_seeds(traces)
    figure = Figure(figsize=(style.WIDTH, 4.2))
    panels = style.wrapped(figure, len(groups), min(len(groups), 2), sharey=True)
    means = seeds.mean(axis=1, skipna=False)
    above = means[np.isfinite(means) & (means > 0)]
    lowest = above.min() if len(above) else 1.0  # all diverged
    for axes, (constant, names) in zip(panels, groups.items(), strict=True):
        scales.step_size_axis(axes, summary["step_size"], "base step size α")
        scales.value_axis(axes, lowest, BEYOND * lowest, "log")
        axes.set_title(constant if len(groups) > 1 else "")
        best = lowest_between(means[constant])
        for name in names:
            mean, colour = means[name], looks[name]["color"]
            _, error = mean_and_error(seeds.loc[name])
            look = {**looks[name], "markersize": 3, "elinewidth": 2, "ecolor": (colour, 0.35)}
            axes.errorbar(mean.index, mean, error, **look)
            bottom = {"color": colour, "linestyle": "none", **MEASURED, **style.OVER}
            axes.plot(lowest_between(mean), axes.get_ylim()[0], **bottom)
            expected = best * (theory.optimizers[name].step_ratio or np.nan)
            axes.axvline(expected, color=colour, **EXPECTED)
    panels[0].set_ylabel(r"final $F - F^\star$" if "excess" in traces else "final objective")
    handles = [
        Line2D([], [], label=name, markersize=4, **looks[name])
        for names in groups.values()
        for name in names
    ]
    handles += [
        Line2D([], [], color="0.4", linestyle="none", label="best step size, measured", **MEASURED),
        Line2D([], [], color="0.4", label="expected from that of a constant one", **EXPECTED),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    over = f"mean and two standard errors of {seeds.shape[1]} seeds"
    style.name_study(figure, summary, over)
    return figure


def _groups(theory: TheoryResults) -> dict[str, list[str]]:
    """Optimizers with a constant step size, each with itself and those compared with it."""
    groups: dict[str, list[str]] = {}
    for name, known in theory.optimizers.items():
        if known.constant:
            groups.setdefault(known.constant, [known.constant]).append(name)
    return groups
