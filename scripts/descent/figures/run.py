"""One run from its first step to its last: of the first optimizer, the step size with the best
median of the final accuracy, on validation samples where some are held out, else on test
samples.

Above: test accuracy; the axis is logarithmic in the errors that are left. Below: how far each
parameter is from where it ends, ‖A_t - A_T‖ and ‖b_t - b_T‖ in the Frobenius norm, on a
logarithmic axis. A distance plunges at its end by construction, and so do the dotted lines, of
which each walks straight there from the same start at an even pace and settles nowhere: only a
curve well below its dotted line slows down. The last point, where the distance is zero, is left
out.

A thick line is the median over seeds; beside it, thin, is each seed where they are fewer than
ten, else the 10 % and the 90 % quantile. Dots are the evaluated steps, where they are at most
60. A cross marks where a median is no longer finite. Where most seeds diverged, oscillate or
gained nothing, the line is dotted, dashed or dash-dotted, and the legend says so.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from descent.analysis.best import best
from descent.figures._curves import (
    ACCURACY,
    Quantity,
    accuracy_axis,
    draw_curves,
    name_lines,
    norm,
    of_seeds,
    parameters,
    with_error,
)
from descent.figures._style import OPTIMIZER_COLOURS, WIDTH, name_study, step_size_text

FEW_STEPS = 60


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    first = summary[summary["optimizer"] == summary["optimizer"].iloc[0]]
    rows = best(first).reset_index()
    run = first[first["step_size"] == rows["step_size"].iloc[0]] if len(rows) else first[:1]
    optimizer, step_size = run[["optimizer", "step_size"]].iloc[0]
    chosen = (traces["optimizer"] == optimizer) & (traces["step_size"] == step_size)
    traces = with_error(traces[chosen])
    figure = Figure(figsize=(WIDTH, 5))
    above, below = figure.subplots(2, 1, sharex=True)
    dots = {"marker": "." if traces["step"].nunique() <= FEW_STEPS else None, "markersize": 4}
    looks = {optimizer: dots | {"color": "0.15"}}
    draw_curves({optimizer: above}, traces, run, "step", ACCURACY, looks)
    accuracy_axis(above, traces)
    above.set_ylabel(ACCURACY.label)
    last = traces["step"].max()
    moving = traces[traces["step"] < last]
    # to draw_curves a parameter is what an optimizer is elsewhere: lines of one look
    names = parameters(traces, "distance_")
    looks = {p: dots | {"color": c} for p, c in zip(names, OPTIMIZER_COLOURS, strict=False)}
    distance = pd.concat(
        moving.assign(optimizer=p, distance=moving[f"distance_{p}"]) for p in names
    )
    as_runs = pd.concat(run.assign(optimizer=p) for p in names)
    to_the_end = Quantity("distance", "distance to the last iterate")
    draw_curves(dict.fromkeys(names, below), distance, as_runs, "step", to_the_end, looks)
    step = np.linspace(0, last, 500)[:-1]
    for p, look in looks.items():
        start = traces.loc[traces["step"] == 0, f"distance_{p}"].median()
        below.plot(step, start * (1 - step / last), ":", color=look["color"], linewidth=0.9)
        below.plot([], [], label=norm(p, "_t", "_T"), **look)
    below.plot([], [], ":", color="0.3", label="straight there at an even pace")
    below.legend(loc="lower left")
    below.set_ylabel(to_the_end.label)
    below.set_xlabel("steps")
    name_lines(figure, run)
    shown = f"{optimizer} at α = {step_size_text(step_size)}, {of_seeds(summary)}"
    name_study(figure, summary, shown)
    return figure
