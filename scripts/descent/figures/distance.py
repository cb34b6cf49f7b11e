"""How far each parameter still is from where it ends: the distance to the last iterate, ‖A_t - A_T‖
and ‖b_t - b_T‖ in the Frobenius norm, against epochs.

The axis of the distance is logarithmic; the last point, where the distance is zero by definition,
is left out, so a curve that dives at the right end shows only that its end is its own yardstick. A
line is the median over seeds, its band reaches from the 10 % to the 90 % quantile; colour is the
step size, on a logarithmic scale within each optimizer.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import curves, each_optimizer, panels

PREFIX = "distance_"


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    parameters = [c.removeprefix(PREFIX) for c in traces.columns if c.startswith(PREFIX)]
    figure, rows = panels(summary, len(parameters), sharey="row")
    last = traces.groupby("optimizer")["step"].transform("max")
    before_last = traces[traces["step"] < last]
    for parameter, row in zip(parameters, rows, strict=True):
        for axes, of_optimizer, runs in each_optimizer(row, before_last, summary):
            first = parameter == parameters[0]
            curves(axes, of_optimizer, runs, "epoch", f"{PREFIX}{parameter}", legend=first)
            axes.set_yscale("log")
        row[0].set_ylabel(rf"$\Vert {parameter}_t - {parameter}_T \Vert$")
    for axes in rows[-1]:
        axes.set_xlabel("epochs")
    return figure
