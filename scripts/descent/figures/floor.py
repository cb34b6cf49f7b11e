"""Noise floor of stochastic gradient descent with a fixed step size: the suboptimality F_t − F*,
averaged over the evaluated steps of the last quarter, against the step size.

Open markers are measured means over seeds, with bars of two standard errors. A marker at the upper
edge is a mean above ten times the largest predicted value, or not finite. Solid lines are the
contribution of gradient noise, predicted before training from the covariance C of the per-sample
gradients at the minimiser. Dashed lines add the predicted remainder of the initial suboptimality:
where they rise above the solid lines, the run was too short to reach its floor. Dotted lines are
α tr C / (4B), with B the batch size, the floor in the limit of small step sizes if samples are
drawn with replacement; the floor of shuffled samples lies below it. There is no prediction beyond
the stability limit, the vertical line ("at most": only an upper bound is known). The upper axis
shows α L, where L bounds the curvature everywhere.
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
OPEN = {"linestyle": "none", "fillstyle": "none"}
HIGHEST = 10  # end of the axis, relative to the largest predicted value


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    figure = Figure(figsize=(style.WIDTH, 4.2))
    axes = figure.subplots()
    optimizers = theory.optimizers.items()
    noisy = [name for name, known in optimizers if known.limit and known.batch_size != FULL]
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
    shown = mean[(mean > 0) & (mean <= HIGHEST * expected["excess"].max())]
    values = np.r_[shown, noise] if len(shown) + len(noise) else np.array([1.0])
    scales.value_axis(axes, values.min(), values.max(), "log")
    looks, limits = style.optimizer_looks(summary), set[str]()
    for name in noisy:
        look = looks[name]
        _draw_measured(axes, measured.loc[name], look)
        if name in expected.index:
            batch_size = int(theory.optimizers[name].batch_size)
            slope = theory.objective(name).noise_trace / (4 * batch_size)
            _draw_expected(axes, expected.loc[name], slope, look["color"])
        limits |= scales.draw_limits(axes, theory, name, look["color"])
    scales.units_of_bound(axes, theory)
    markers = {f"{name}, measured": looks[name] | OPEN for name in noisy}
    handles = style.name_optimizers(markers)
    handles += [Line2D([], [], color="0.3", ls=STYLES[line], label=line) for line in STYLES]
    figure.legend(handles=handles + scales.name_limits(limits), loc="outside lower center", ncols=3)
    seeds = f"mean and two standard errors of {summary['seeds'].max()} seeds"
    style.name_study(figure, summary, seeds)
    return figure


def _draw_measured(axes: Axes, seeds: pd.DataFrame, look: Mapping) -> None:
    """Draw open markers with bars, at the upper edge if the mean is above it or not finite."""
    top = axes.get_ylim()[1]
    mean = seeds.mean(axis=1, skipna=False)
    shown = seeds[(mean > 0) & (mean <= top)]
    bars = {"markersize": 5, "markerfacecolor": "none", "elinewidth": 1, "capsize": 2, "zorder": 3}
    marker, colour = look["marker"], look["color"]
    axes.errorbar(shown.index, *mean_and_error(shown), fmt=marker, color=colour, **bars)
    off = seeds.index[~(mean <= top)]
    axes.plot(off, np.full(len(off), top), marker, color=colour, fillstyle="none", **style.OVER)


def _draw_expected(axes: Axes, expected: pd.DataFrame, slope: float, colour: str) -> None:
    """Draw the predictions at step sizes below the limit; slope: of the dotted line."""
    step_sizes = expected.index.to_numpy()
    lines = (expected["from_noise"], expected["excess"], slope * step_sizes)
    for dashes, values in zip(STYLES.values(), lines, strict=True):
        axes.plot(step_sizes, values, color=colour, linestyle=dashes, linewidth=1.2)
