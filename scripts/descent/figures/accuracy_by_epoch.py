"""Test accuracy against epochs: what a pass over the training data buys.

The axis of accuracies is logarithmic in the errors that are left: 98 and 99 % are as far apart
as 80 and 90 %.

A line is the median over seeds; beside it, thin, is each seed where they are fewer than ten,
else the 10 % and the 90 % quantile. Colour is the step size, the same in every panel. A line is
dotted where most seeds of a run diverged, dashed where their objective oscillates, dash-dotted
where it gained nothing; a cross marks where a median is no longer finite.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import ACCURACY, accuracy_axis, panels_of_curves, with_error


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    traces = with_error(traces)
    figure, panels = panels_of_curves(traces, summary, "epoch", [ACCURACY])
    accuracy_axis(next(iter(panels.values())), traces)
    return figure
