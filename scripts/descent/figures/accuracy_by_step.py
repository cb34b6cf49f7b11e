"""Test accuracy against steps, on a logarithmic axis: what a parameter update buys, and what the
first updates do. The initial parameters are left out.

A line is the median over seeds, its band reaches from the 10 % to the 90 % quantile; colour is
the step size, dark small to light large within each panel. A dotted line is a run that diverged,
a dashed one a run whose objective oscillates at the end.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from descent.figures._curves import curves, each_optimizer, panels

NEEDS = ("classification",)
PLACE = 5


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    figure, (row,) = panels(summary)
    for axes, own, runs in each_optimizer(row, traces[traces["step"] > 0], summary):
        curves(axes, own, runs, "step", "test_accuracy")
        axes.set_xscale("log")
        axes.set_xlim(0.8, 1.25 * own["step"].max())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("steps")
    row[0].set_ylabel("test accuracy")
    return figure
