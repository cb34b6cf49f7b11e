"""What a schedule does to the best step size: how far above its minimum the objective ends, against
the base step size, a line for each schedule; where the minimum is not known, the objective itself.

A mark is the median over seeds, a bar reaches over the seeds (from ten seeds on from the 10 % to
the 90 % quantile). A triangle at the lower edge stands where the parabola through the lowest mark
and its neighbours is lowest, at the best step size. The vertical line is the best step size as it
was expected: that of the constant step size times a factor that a bound for convex objectives gives
from the schedule alone.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETUP

from descent.analysis.best import between_step_sizes
from descent.analysis.quantiles import median_and_ends
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.theory.results import TheoryResults

BEYOND = 30  # times the lowest median: the axis shows nothing beyond
MEASURED, EXPECTED = {"marker": CARETUP, "markersize": 7}, {"linestyle": "--", "linewidth": 1}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    metric = "excess" if "excess" in traces else "objective"
    looks = style.optimizer_looks(summary)
    groups = _groups(theory)
    figure = Figure(figsize=(style.WIDTH, 3.8))
    panels = style.wrapped(figure, len(groups), min(len(groups), 2), sharey=True)
    ends = summary[[f"final_{metric}_{end}" for end in median_and_ends(summary["seeds"].max())]]
    medians = ends.iloc[:, 0]
    lowest = medians[np.isfinite(medians) & (medians > 0)].min()
    lowest = lowest if lowest > 0 else 1.0  # all diverged
    for axes, (constant, names) in zip(panels, groups.items(), strict=True):
        scales.step_size_axis(axes, summary["step_size"], "base step size α")
        scales.value_axis(axes, lowest, BEYOND * lowest, "log")
        axes.set_title(constant if len(groups) > 1 else "")
        runs = {name: summary[summary["optimizer"] == name] for name in names}
        best = {name: between_step_sizes(of, metric) for name, of in runs.items()}
        for name, of in runs.items():
            colour, of = looks[name]["color"], of.sort_values("step_size")
            median, low, high = ends.loc[of.index].to_numpy().T
            axes.vlines(of["step_size"], low, high, color=colour, alpha=0.35, linewidth=2)
            axes.plot(of["step_size"], median, **looks[name], markersize=3, label=name)
            bottom = {"color": colour, "linestyle": "none", **MEASURED, **style.OVER}
            axes.plot(best[name], axes.get_ylim()[0], **bottom)
            expected = best[constant] * (theory.optimizers[name].step_ratio or np.nan)
            axes.axvline(expected, color=colour, **EXPECTED)
        axes.legend(loc="upper right")
    panels[0].set_ylabel(r"final $F - F^\star$" if metric == "excess" else "final objective")
    handles = [
        Line2D([], [], color="0.4", linestyle="none", label="best step size, measured", **MEASURED),
        Line2D([], [], color="0.4", label="expected from that of a constant one", **EXPECTED),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    style.name_study(figure, summary)
    return figure


def _groups(theory: TheoryResults) -> dict[str, list[str]]:
    """Optimizers with a constant step size, each with itself and those compared with it."""
    groups: dict[str, list[str]] = {}
    for name, known in theory.optimizers.items():
        if known.constant:
            groups.setdefault(known.constant, [known.constant]).append(name)
    return groups
