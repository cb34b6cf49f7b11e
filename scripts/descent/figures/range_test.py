"""Step sizes suggested by a learning-rate finder, compared with a sweep.

Upper panel: the range test, in which the step size grows by the same factor in every step; each
line is the training objective of one seed against the current step size. Triangles are the
suggested step sizes of each seed. Filled: where its smoothed objective falls fastest. Open: a tenth
of the step size where its smoothed objective is lowest. Lower panel: the sweep, in which the step
size is fixed; squares are medians over seeds of the final objective, and bars span all seeds if
there are fewer than ten, and the 10 % to 90 % quantiles otherwise. The vertical line is the best
step size of the sweep, by the criterion in the title.
"""

from collections.abc import Mapping
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWN
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.analysis.finder import suggestions
from descent.analysis.quantiles import median_and_ends
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates

TEST, SWEEP = style.LOOKS["sgd"][0], style.LOOKS["gd"][0]
SUGGESTED = {  # markers, by the name of the suggestion
    name: {"color": TEST, "marker": CARETDOWN, "linestyle": "none", "fillstyle": fill}
    for name, fill in (("steepest", "full"), ("minimum / 10", "none"))
}
HIGHEST = 3  # end of the axes, relative to the start


def draw(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    runs: Mapping[tuple[str, float], Iterates],
    data: Data,
    model: ModuleType,
) -> Figure:
    schedules = {run: iterates.provenance["schedule"] for run, iterates in runs.items()}
    (test_run,) = (run for run, schedule in schedules.items() if schedule == "range_test")
    fixed = {name for (name, _), schedule in schedules.items() if schedule == "constant"}
    (optimizer, largest), sweep = test_run, summary[summary["optimizer"].isin(fixed)]
    figure = Figure(figsize=(style.WIDTH, 5))
    above, below = figure.subplots(2, 1, sharex=True)
    growing = step_sizes(runs[test_run])[1:]
    scales.step_size_axis(below, [growing[0], largest])
    start = traces.loc[traces["step"] == 0, "objective"].median()
    test = traces[(traces["optimizer"] == optimizer) & (traces["step_size"] == largest)]
    seeds = test.pivot(index="step", columns="seed", values="objective").to_numpy()[1:].T
    ends = sweep[[f"final_objective_{end}" for end in median_and_ends(sweep["seeds"].max())]]
    for axes, values in ((above, seeds), (below, ends.to_numpy())):
        inside = values[values <= HIGHEST * start]
        low, high = inside.min(initial=start), inside.max(initial=start)
        scales.value_axis(axes, low, high)
        axes.set_ylabel("training objective" if axes is above else "final training objective")
    for seed in seeds:
        above.plot(growing, seed, color=TEST, linewidth=0.7, alpha=0.6)
        for rule, step_size in suggestions(growing, seed).items():
            above.plot(step_size, above.get_ylim()[1], **SUGGESTED[rule], **style.OVER)
    for _, runs in sweep.sort_values("step_size").groupby("optimizer"):
        a, (median, low, high) = runs["step_size"], ends.loc[runs.index].to_numpy().T
        below.vlines(a, low, high, color=SWEEP, alpha=0.35, linewidth=3)
        below.plot(a, median, color=SWEEP, marker="s", markersize=3)
    chosen = best(sweep)["step_size"]
    for axes in (above, below):
        for step_size in chosen:
            axes.axvline(step_size, color=SWEEP, linestyle="--", linewidth=1)
    handles = [
        Line2D([], [], label=f"suggested: {rule}", **mark) for rule, mark in SUGGESTED.items()
    ]
    handles.append(Line2D([], [], color=SWEEP, linestyle="--", label="best of the sweep"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    seeds_text = f"{len(seeds)} seeds" if len(seeds) > 1 else "one seed"
    style.name_study(figure, summary, f"{seeds_text}; best by {criterion(sweep)}")
    return figure


def step_sizes(iterates: Iterates) -> NDArray[np.float64]:
    """Return the step size at each evaluated step [S]."""
    run, step = iterates.provenance, iterates.step.astype(float)
    schedule = plugin("schedules", run["schedule"])
    return run["step_size"] * schedule.factor(step, step[-1], **run["schedule_options"])
