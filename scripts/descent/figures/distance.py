"""How far each parameter still is from where it ends: the distance to the last iterate, ‖A_t - A_T‖
and ‖b_t - b_T‖ in the Frobenius norm, against epochs.

Every curve ends at zero by construction, whether or not the run has settled. On the logarithmic
axis, where this last point is left out, that looks like a plunge; so below it is what is left of
the way, on a linear axis: 1 at the start, 0 at the end. The grey line is a run that walks
straight there at an even pace and settles nowhere; only a curve well below it slows down. A line
is the median over seeds; beside it, thin, is each seed where they are fewer than ten, else the
10 % and the 90 % quantile. Colour is the step size, the same in every panel. A line is dotted
where most seeds of a run diverged, dashed where their objective oscillates, dash-dotted where it
gained nothing; a cross marks where a median is no longer finite, a triangle where a run that
diverged leaves the frame. What is below a hundred-millionth of the largest distance is left out.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.figures._curves import RUN, Quantity, norm, panels_of_curves, parameters

EVEN = {"color": "0.65", "linewidth": 1, "zorder": 1.5, "label": "straight there at an even pace"}


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    runs = traces.groupby([*RUN, "seed"])
    quantities, shares = [], {}
    for p in parameters(traces, "distance_"):
        column, share = f"distance_{p}", f"share_of_{p}"
        shares[share] = traces[column] / runs[column].transform("first")
        way = norm(p, "_t", "_T")
        quantities += [Quantity(column, way), Quantity(share, f"{way}\nover its start", "linear")]
    moving = traces["step"] < traces.groupby("optimizer")["step"].transform("max")
    even = Line2D([0, 1], [1, 0], **EVEN)
    figure, panels = panels_of_curves(
        traces.assign(**shares)[moving], summary, "epoch", quantities, further=[even]
    )
    for (optimizer, column), axes in panels.items():
        if column in shares:
            epochs = traces.loc[traces["optimizer"] == optimizer, "epoch"]
            axes.plot([epochs.min(), epochs.max()], [1, 0], **EVEN)
            axes.set_ylim(bottom=0)
    return figure
