"""Test accuracy against epochs: what a pass over the training data buys.

A line is the median over seeds, its band reaches from the 10 % to the 90 % quantile; colour is
the step size, dark small to light large within each panel. A dotted line is a run that diverged,
a dashed one a run whose objective oscillates at the end.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import curves, each_optimizer, panels

NEEDS = ("classification",)
PLACE = 4


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    figure, (row,) = panels(summary)
    for axes, own, runs in each_optimizer(row, traces, summary):
        curves(axes, own, runs, "epoch", "test_accuracy")
        axes.set_xlabel("epochs")
    row[0].set_ylabel("test accuracy")
    return figure
