"""Training objective and test loss against steps, on a logarithmic axis: how far down a step size
gets, and how soon. The initial parameters are left out.

Where the optimum is known, the objective is drawn as its height above it, F_t - F*. An axis is
logarithmic where the best run lowers a loss to less than a tenth, linear otherwise.

A line is the median over seeds; beside it, thin, is each seed where they are fewer than ten,
else the 10 % and the 90 % quantile. Colour is the step size, the same in every panel. A line is
dotted where most seeds of a run diverged, dashed where their objective oscillates, dash-dotted
where it gained nothing; a cross marks where a median is no longer finite, a triangle where a run
that diverged leaves the frame.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import losses, panels_of_curves


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    figure, _ = panels_of_curves(traces, summary, "step", losses(traces), x_scale="log")
    return figure
