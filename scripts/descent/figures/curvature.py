"""The curvature of the objective along the paths of gradient descent: λ_max, the largest eigenvalue
of the Hessian, at every evaluated step, and the same in units of 2/α.

Where λ_max is above 2/α, at 1 in the second panel, a step of size α overshoots in the sharpest
direction. A path that converges ends below. That of a neural network may rise to 2/α and stay
there, while its loss goes up and down and yet falls: progressive sharpening, and the edge of
stability (Cohen et al. 2021). Where the loss is a cross-entropy, λ_max falls again as the samples
become certain; where it is convex, a path ends at the curvature of the minimiser.

A line is the median over seeds; beside it, thin, is each seed where they are fewer than ten, else
the 10 % and the 90 % quantile. The band is two standard errors, by the samples that the Hessian is
a mean of. Colour is the step size. A line is dotted where most seeds of a run diverged, dashed
where their objective oscillates, dash-dotted where it gained nothing; a cross marks where a median
is no longer finite, a triangle where a run that diverged leaves the frame.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.figures._curves import Quantity, panels_of_curves
from descent.figures._style import step_size_colours

EDGE = {"color": "0.3", "linestyle": "-", "linewidth": 0.8}
BAND = {"alpha": 0.2, "linewidth": 0}


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    measured = traces.groupby("optimizer")["curvature"].count()  # none of averages
    shown = measured.index[measured > 0]
    traces, summary = (table[table["optimizer"].isin(shown)] for table in (traces, summary))
    traces = traces.assign(sharpness=traces["curvature"] * traces["step_size"] / 2)
    quantities = [
        Quantity("curvature", r"$\lambda_{\max}$"),
        Quantity("sharpness", r"$\lambda_{\max}$ in units of $2/\alpha$"),
    ]
    edge = Line2D([], [], label=r"$2/\alpha$", **EDGE)
    figure, panels = panels_of_curves(traces, summary, "step", quantities, further=[edge])
    colours = step_size_colours(summary["step_size"])
    for optimizer in summary["optimizer"].unique():
        panels[optimizer, "sharpness"].axhline(1, **EDGE)
    for (optimizer, step_size), run in traces.groupby(["optimizer", "step_size"]):
        middle = run.groupby("step")[["curvature", "curvature_error"]].median()
        error = 2 * middle["curvature_error"]
        low, high = middle["curvature"] - error, middle["curvature"] + error
        panels[optimizer, "curvature"].fill_between(
            middle.index, low, high, color=colours[step_size], **BAND
        )
    return figure
