"""The floor of stochastic gradient descent with a fixed step size: how far above its minimum the
objective stays, F_t - F*, in the mean over the evaluated steps of the last quarter.

A mark is measured: the mean over seeds, its bar two standard errors; at the upper edge, where the
mean lies above ten times what noise adds anywhere. The line is what noise was expected to add
before training, from the covariance of the samples' gradients at the minimiser. The dashed line
adds what should be left of the start: where it rises above the other, the run was too short for its
floor. Dotted is α tr C / (4B), which the floor of samples drawn with replacement tends to for small
step sizes; shuffled samples lie below it. Nothing is expected from the limit of the step size on,
the vertical line ("at most", where only an upper bound of it is known). At the top α is in units of
1/L, L the bound of all curvature.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.analysis.quantiles import mean_and_error
from descent.analysis.summary import last_quarter, measured_floors
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.run import FULL
from descent.theory.results import TheoryResults, expected_excess

STYLES = {"noise": "-", "noise and start": (0, (3, 2)), "α tr C / (4B)": ":"}
ABOVE = 10  # times the largest expected floor


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    figure = Figure(figsize=(style.WIDTH, 4.2))
    axes = figure.subplots()
    noisy = [
        name
        for name, known in theory.optimizers.items()
        if known.limit and known.batch_size != FULL
    ]
    scales.step_size_axis(axes, summary.loc[summary["optimizer"].isin(noisy), "step_size"])
    axes.set_ylabel(r"floor of $F_t - F^\star$")
    measured = measured_floors(traces[traces["optimizer"].isin(noisy)])
    expected = (
        last_quarter(theory.expected)
        .assign(excess=expected_excess)
        .groupby(style.RUN)[["from_noise", "excess"]]
    )
    expected = expected.mean().query("optimizer in @noisy")
    mean, noise = measured.mean(axis=1, skipna=False), expected["from_noise"].dropna()
    shown = mean[(mean > 0) & (mean <= ABOVE * expected["excess"].max())]
    values = np.r_[shown, noise] if len(shown) + len(noise) else np.array([1.0])
    scales.value_axis(axes, values.min(), values.max(), "log")
    looks, limits = style.optimizer_looks(summary), set[str]()
    for name in noisy:
        look = looks[name]
        _draw_measured(axes, measured.loc[name], look)
        if name in expected.index:
            small = theory.objective(name).noise_trace / (
                4 * int(theory.optimizers[name].batch_size)
            )
            _draw_expected(axes, expected.loc[name], small, look["color"])
        limits |= scales.draw_limits(axes, theory, name, look["color"])
    scales.units_of_bound(axes, theory)
    handles = [
        Line2D([], [], label=f"{name}, measured", markersize=4, **looks[name]) for name in noisy
    ]
    handles += [Line2D([], [], color="0.3", ls=STYLES[line], label=line) for line in STYLES]
    figure.legend(handles=handles + scales.name_limits(limits), loc="outside lower center", ncols=3)
    style.name_study(
        figure, summary, f"mean and two standard errors of {summary['seeds'].max()} seeds"
    )
    return figure


def _draw_measured(axes: Axes, seeds: pd.DataFrame, look: Mapping) -> None:
    """Open marks with bars; at the upper edge, where the mean is not finite or above it."""
    top = axes.get_ylim()[1]
    mean = seeds.mean(axis=1, skipna=False)
    shown = seeds[(mean > 0) & (mean <= top)]
    bars = {"markersize": 5, "markerfacecolor": "none", "elinewidth": 1, "capsize": 2, "zorder": 3}
    marker, colour = look["marker"], look["color"]
    axes.errorbar(shown.index, *mean_and_error(shown), fmt=marker, color=colour, **bars)
    off = seeds.index[~(mean <= top)]
    axes.plot(off, np.full(len(off), top), marker, color=colour, fillstyle="none", **style.OVER)


def _draw_expected(axes: Axes, expected: pd.DataFrame, small: float, colour: str) -> None:
    """Lines through the step sizes below the limit; small: the slope of the dotted one."""
    step_sizes = expected.index.to_numpy()
    lines = (expected["from_noise"], expected["excess"], small * step_sizes)
    for dashes, values in zip(STYLES.values(), lines, strict=True):
        axes.plot(step_sizes, values, color=colour, linestyle=dashes, linewidth=1.2)
