"""What the step size decides: test accuracy (of a classification) and test loss at the end of every
run, against its step size.

A mark is a seed, a line the median over seeds, a band the range from the 10 % to the 90 %
quantile. An open mark at the top, off the scale, belongs to a seed whose value is not finite, or
a loss over ten times that of the initial parameters. Losses that span more than a factor of ten
have a logarithmic axis.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from descent.figures._style import (
    BAND,
    WIDTH,
    logarithmic_step_sizes,
    name_study,
    optimizer_looks,
)
from descent.seeds import over_seeds

NEEDS = ()
PLACE = 1
METRICS = {"test_accuracy": "final test accuracy", "test_loss": "final test loss"}
DOTS = {"markersize": 3.5, "markeredgewidth": 0, "alpha": 0.7}


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    metrics = {metric: text for metric, text in METRICS.items() if metric in traces}
    figure = Figure(figsize=(WIDTH, 3.4))
    final = traces[traces["step"] == traces.groupby("optimizer")["step"].transform("max")]
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    beyond = 10 * traces.loc[traces["step"] == 0, "test_loss"].max()
    final = final.assign(test_loss=final["test_loss"].where(final["test_loss"] < beyond))
    for axes, (metric, text) in zip(panels, metrics.items(), strict=True):
        by_optimizer = final.groupby("optimizer", sort=False)
        for (optimizer, runs), look in zip(by_optimizer, optimizer_looks(), strict=False):
            _draw_optimizer(axes, runs, metric, optimizer, *look)
        finite = final[metric][np.isfinite(final[metric])]
        if metric == "test_loss" and len(finite) and finite.max() > 10 * finite.min() > 0:
            axes.set_yscale("log")
        logarithmic_step_sizes(axes, summary["step_size"])
        axes.set_ylabel(text)
    panels[-1].legend()
    name_study(figure, summary)
    return figure


def _draw_optimizer(
    axes: Axes, runs: pd.DataFrame, metric: str, optimizer: str, colour: str, marker: str
) -> None:
    of_runs = over_seeds(runs, ["step_size"], metric)
    low, median, high = of_runs["low"], of_runs["median"], of_runs["high"]
    finite = np.isfinite(runs[metric])
    axes.plot(median.index, median, color=colour)
    axes.fill_between(median.index, low, high, color=colour, alpha=BAND, linewidth=0)
    axes.plot(runs["step_size"][finite], runs[metric][finite], marker, color=colour, **DOTS)
    axes.plot([], [], marker=marker, color=colour, markersize=3.5, label=optimizer)
    off_scale = np.unique(runs["step_size"][~finite])
    if len(off_scale):
        axes.plot(
            off_scale,
            np.ones(len(off_scale)),
            marker,
            color=colour,
            fillstyle="none",
            clip_on=False,
            transform=axes.get_xaxis_transform(),
            label=f"{optimizer}, off the scale",
        )
