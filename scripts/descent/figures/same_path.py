"""While steps are small, all runs walk the same path: what counts is the step size times the number
of steps, α t, the way that each has gone along it.

Training objective, above that of the optimum where it is known, and test accuracy of a
classification, for all step sizes and optimizers at once, against α t on a logarithmic axis.
Runs whose steps are small lie on one curve, and end on it where their steps are spent (the mark,
drawn of at most ten step sizes); a step size that is too large leaves it. Of two optimizers the
second has wider lines. Averages of iterates are left out.

A line is the median over seeds; beside it, thin, is each seed where they are fewer than ten,
else the 10 % and the 90 % quantile. Colour is the step size. A line is dotted where most seeds
of a run diverged, dashed where their objective oscillates, dash-dotted where it gained nothing;
a cross marks where a median is no longer finite, a triangle where a run that diverged leaves the
frame.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from descent.figures._curves import (
    ACCURACY,
    accuracy_axis,
    draw_curves,
    losses,
    name_lines,
    name_step_sizes,
    of_seeds,
    with_error,
)
from descent.figures._style import MANY, WIDTH, name_study, optimizer_looks


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    names = set(summary["optimizer"])
    averages = {name for name in names if name.removesuffix("_average") in names - {name}}
    summary = summary[~summary["optimizer"].isin(averages)]
    traces = traces[~traces["optimizer"].isin(averages)]
    quantities = losses(traces)[:1]
    if "test_accuracy" in traces:
        traces, quantities = with_error(traces), [*quantities, ACCURACY]
    traces = traces.assign(path=traces["step_size"] * traces["step"])
    few = summary["step_size"].nunique() <= MANY
    optimizers = summary["optimizer"].unique()
    two = len(optimizers) == 2
    looks = {
        optimizer: ({"linewidth": 3.4, "zorder": 1.8, "alpha": 0.4} if two and i else {})
        | ({"marker": marker, "markevery": [-1], "markersize": 4} if few else {})
        for i, (optimizer, (_, marker)) in enumerate(
            zip(optimizers, optimizer_looks(), strict=False)
        )
    }
    figure = Figure(figsize=(WIDTH, 3.6))
    row = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axes, quantity in zip(row, quantities, strict=True):
        axes.set_xscale("log")
        draw_curves(dict.fromkeys(looks, axes), traces, summary, "path", quantity, looks)
        axes.set_xlabel("way α t: step size × steps")
        axes.set_ylabel(quantity.label)
        if quantity is ACCURACY:
            accuracy_axis(axes, traces)
    name_study(figure, summary, of_seeds(summary))
    told = looks if two or few else {}  # which line is which
    lines = [Line2D([], [], color="0.3", label=name, **look) for name, look in told.items()]
    name_lines(figure, summary, lines)
    name_step_sizes(figure, summary)
    return figure
