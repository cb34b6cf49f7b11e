"""How far above its minimum the objective is, F_t - F*, and, as thin black lines, how far it was
expected to be before training.

Expected is what the quadratic about the minimiser says of gradient descent with a fixed step size:
what is left of the way from the start, direction by direction, and what the noise of batches adds,
in the mean over seeds. It is exact for full batches on a quadratic. Elsewhere it holds near the
minimiser: a path that begins far from it, where the objective is curved otherwise, lies beside its
black line until noise decides. Step sizes beyond their limit have none.

A line is the mean over seeds; beside it, thin, is each seed where they are fewer than ten, else the
10 % and the 90 % quantile. Colour is the step size, the same in every panel. A line is dotted where
most seeds of a run diverged, dashed where their objective oscillates, dash-dotted where it gained
nothing; a cross marks where a mean is no longer finite, a triangle where a run that diverged leaves
the frame.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.figures._curves import Quantity, panels_of_curves
from descent.theory.known import Known, height

EXPECTED = {"color": "black", "linewidth": 0.7, "zorder": 3}


def draw(traces: pd.DataFrame, summary: pd.DataFrame, known: Known) -> Figure:
    excess = Quantity("excess", r"objective $F_t - F^\star$")
    legend = Line2D([], [], label="expected before training", **EXPECTED)
    figure, panels = panels_of_curves(
        traces, summary, "epoch", [excess], further=[legend], middle="mean"
    )
    steps = traces.groupby(["optimizer", "step_size", "step"])["epoch"].first()
    for (optimizer, step_size), rows in known.expected.groupby(["optimizer", "step_size"]):
        epochs = steps[optimizer, step_size][rows["step"]]
        panels[optimizer, "excess"].plot(epochs, height(rows), **EXPECTED)
    return figure
