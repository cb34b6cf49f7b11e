"""Final suboptimality F − F* (or objective F, if the minimum is not known) against the base step
size, for each schedule of the step size.

Markers are means over seeds, with bars of two standard errors. A triangle at the lower edge is the
measured best step size: the minimum of the parabola through the lowest marker and its neighbours,
on logarithmic axes. The dashed vertical line is the predicted best step size: the measured one of
the constant schedule times a factor that a bound for convex objectives gives from the schedule
alone.
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

HIGHEST = 30  # end of the axis, relative to the lowest mean
MEASURED = {"linestyle": "none", "marker": CARETUP, "markersize": 7}
EXPECTED = {"linestyle": "--", "linewidth": 1}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    looks, groups, seeds = style.optimizer_looks(summary), _groups(theory), final_seeds(traces)
    figure = Figure(figsize=(style.WIDTH, 4.2))
    panels = style.wrapped(figure, len(groups), min(len(groups), 2), sharey=True)
    means = seeds.mean(axis=1, skipna=False)
    above = means[np.isfinite(means) & (means > 0)]
    lowest = above.min() if len(above) else 1.0  # all diverged
    for axes, (constant, names) in zip(panels, groups.items(), strict=True):
        scales.step_size_axis(axes, summary["step_size"], "base step size α")
        scales.value_axis(axes, lowest, HIGHEST * lowest, "log")
        axes.set_title(constant if len(groups) > 1 else "")
        best = lowest_between(means[constant])
        for name in names:
            mean, colour = means[name], looks[name]["color"]
            _, error = mean_and_error(seeds.loc[name])
            look = {**looks[name], "markersize": 3, "elinewidth": 2, "ecolor": (colour, 0.35)}
            axes.errorbar(mean.index, mean, error, **look)
            triangle = {"color": colour, **MEASURED, **style.OVER}
            axes.plot(lowest_between(mean), axes.get_ylim()[0], **triangle)
            expected = best * (theory.optimizers[name].step_ratio or np.nan)
            axes.axvline(expected, color=colour, **EXPECTED)
    panels[0].set_ylabel(r"final $F - F^\star$" if "excess" in traces else "final objective")
    shown = [name for names in groups.values() for name in names]
    handles = style.name_optimizers({name: looks[name] for name in shown})
    handles += [
        Line2D([], [], color="0.4", label="best step size, measured", **MEASURED),
        Line2D([], [], color="0.4", label="predicted from the constant schedule", **EXPECTED),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    style.name_study(figure, summary, f"mean and two standard errors of {seeds.shape[1]} seeds")
    return figure


def _groups(theory: TheoryResults) -> dict[str, list[str]]:
    """Return the optimizers to compare, by the one of them with a constant step size."""
    groups: dict[str, list[str]] = {}
    for name, known in theory.optimizers.items():
        if known.constant:
            groups.setdefault(known.constant, [known.constant]).append(name)
    return groups
