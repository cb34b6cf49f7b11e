"""Stability limit of the step size against the batch size, for each update rule.

Lines join the limits computed before training, up to which the second moments of the iterates stay
bounded. Bars are measured: they span from the largest stable to the smallest unstable step size
that was tried; a triangle replaces a bar if all were stable. "full" is at the number of
training samples. Bars of the same batch size are shifted sideways to separate them.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.markers import CARETUP

from descent.analysis.predictions import measured_limits
from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.figures.batch_size import samples
from descent.theory.results import TheoryResults


def draw(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Figure:
    figure = Figure(figsize=(style.WIDTH, 4.2))
    axes = figure.subplots()
    columns = ["optimizer", "limit", "stable", "unstable"]
    limits = pd.DataFrame(measured_limits(traces, summary, theory), columns=columns)
    numbers = summary.assign(samples=samples(traces)).groupby("optimizer")
    named = numbers[["samples", "batch_size"]].first()
    limits = limits.join(named, on="optimizer")
    optimizers = [theory.optimizers[name] for name in limits["optimizer"]]
    several = len({known.l2 for known in optimizers}) > 1
    limits["rule"] = [f"{o.rule}, λ = {o.l2:g}" if several else o.rule for o in optimizers]
    rules = limits["rule"].drop_duplicates()
    looks = style.optimizer_looks(pd.DataFrame({"optimizer": rules}))
    for place, (rule, of_rule) in enumerate(limits.groupby("rule", sort=False)):
        of_rule, colour = of_rule.sort_values("samples"), looks[rule]["color"]
        axes.plot(of_rule["samples"], of_rule["limit"], color=colour, label=rule)
        x = of_rule["samples"] * 1.05 ** (place - (len(looks) - 1) / 2)  # next to each other
        resolved = np.isfinite(of_rule["unstable"])
        high = of_rule["unstable"].where(resolved, of_rule["stable"])
        axes.vlines(x, of_rule["stable"], high, color=colour, linewidth=4, alpha=0.5)
        axes.plot(x[~resolved], high[~resolved], color=colour, linestyle="none", marker=CARETUP)
    axes.set(xscale="log", xlabel="batch size", ylabel="limit of the step size α")
    tried = limits[["limit", "stable", "unstable"]].to_numpy()
    tried = tried[np.isfinite(tried)]
    scales.value_axis(axes, tried.min(), tried.max(), "log")
    ticks = limits.drop_duplicates("samples").sort_values("samples")
    axes.set_xticks(ticks["samples"], ticks["batch_size"])
    axes.minorticks_off()
    axes.legend(title="update rule")
    style.name_study(figure, summary, "line: computed before training, bar: measured")
    return figure
