"""The floor of stochastic gradient descent with a fixed step size: how far above its minimum the
objective stays, F_t - F*, in the mean over the evaluated steps of the last quarter.

A mark is measured: the mean over seeds, its bar two standard errors. The line is what noise was
expected to add before training, from the covariance of the samples' gradients at the minimiser. The
dashed line adds what should be left of the way from the start: where it rises above the other, the
run was too short for its floor. Dotted is α tr C / (4B), which the floor of samples drawn with
replacement tends to for small step sizes; shuffled samples lie below it. Nothing is expected from
the limit of the step size on, which is marked at the top. There α is in units of 1/L, L the bound
of all curvature.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.analysis.quantiles import mean_and_error
from descent.figures._limits import units_of_bound
from descent.figures._style import WIDTH, logarithmic_step_sizes, name_study, optimizer_looks
from descent.run import FULL
from descent.theory.known import Known, height, late, measured_floors

STYLES = {"noise": "-", "noise and start": (0, (3, 2)), "α tr C / (4B)": ":"}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, known: Known) -> Figure:
    figure = Figure(figsize=(WIDTH, 3.8))
    axes = figure.subplots()
    noisy = [name for name, size in known.numbers["optimizers"].items() if size != FULL]
    batches = summary[summary["optimizer"].isin(noisy)]
    logarithmic_step_sizes(axes, batches["step_size"])
    axes.set_yscale("log")
    axes.set_ylabel(r"floor of $F_t - F^\star$")
    handles = []
    for name, (colour, marker) in zip(noisy, optimizer_looks(), strict=False):
        of_optimizer = (table[table["optimizer"] == name] for table in (traces, known.expected))
        _draw_measured(axes, next(of_optimizer), colour, marker)
        _draw_expected(axes, next(of_optimizer), known, name, colour)
        handles.append(Line2D([], [], color=colour, marker=marker, label=name))
    units_of_bound(axes, known)
    handles += [Line2D([], [], color="0.3", ls=STYLES[line], label=line) for line in STYLES]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    name_study(figure, summary, f"mean of {summary['seeds'].max()} seeds")
    return figure


def _draw_measured(axes: Axes, traces: pd.DataFrame, colour: str, marker: str) -> None:
    """Marks with bars, where the mean is finite."""
    seeds = measured_floors(traces).droplevel("optimizer")
    mean = seeds.mean(axis=1, skipna=False)
    shown = seeds[np.isfinite(mean) & (mean > 0)]
    look = {"fmt": marker, "color": colour, "markersize": 4, "elinewidth": 1}
    axes.errorbar(shown.index, *mean_and_error(shown), **look)


def _draw_expected(
    axes: Axes, expected: pd.DataFrame, known: Known, optimizer: str, colour: str
) -> None:
    """Lines through the step sizes below the limit, and the limit."""
    rows = late(expected).assign(height=height).groupby("step_size")[["from_noise", "height"]]
    of_runs = rows.mean()
    step_sizes = of_runs.index.to_numpy()
    small = step_sizes * known.numbers["noise_trace"] / (4 * int(known.batch_size(optimizer)))
    lines = zip(STYLES.values(), (of_runs["from_noise"], of_runs["height"], small), strict=True)
    for style, values in lines:
        axes.plot(step_sizes, values, color=colour, linestyle=style, linewidth=1.2)
    low, high = axes.get_xlim()
    if low < (limit := known.limit(optimizer)) < high:
        axes.plot(limit, 1, "v", color=colour, clip_on=False, transform=axes.get_xaxis_transform())
