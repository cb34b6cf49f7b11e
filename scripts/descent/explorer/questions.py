"""Questions about a study, which its page asks before it shows what happened.

A question: its text; plot, "sweep" or "curves", whose axis holds the answer; metric; optimizer, and
run, the place of one of its runs in the summary; low and high, between which an answer is right;
truth, what happened; reason, why; target, a value of the metric, or nothing.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from descent.analysis.best import best, criterion
from descent.analysis.headline import DO
from descent.analysis.quantiles import over_seeds
from descent.analysis.status import majority_status
from descent.analysis.summary import reference_of
from descent.theory.results import OptimizerTheory, TheoryResults

OPTIMIZERS = 2  # that are asked about, at most
TARGET = 0.1  # of the way from the start to the lowest objective is left
AWAY = 1e300  # JSON has no infinity
UNSTABLE = ("diverged", "oscillating")
Question = dict[str, Any]


def questions(
    traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults, metrics: list[str]
) -> list[Question]:
    """The questions about the first optimizers, of different batch sizes, that have a best one of
    several step sizes.

    metrics: those that the page has.
    """
    asked, several = [], summary.groupby("optimizer").filter(lambda runs: len(runs) > 2)
    chosen = best(summary).drop_duplicates("batch_size")
    for name in chosen.index[chosen.index.isin(several["optimizer"])][:OPTIMIZERS]:
        runs = summary[summary["optimizer"] == name].sort_values("step_size")
        size, known = chosen.loc[name, "step_size"], theory.optimizers.get(name)
        found = (
            *_best(runs, size, criterion(summary), metrics),
            *_limit(runs, known),
            *_steps(traces, runs, size),
        )
        asked += [{"optimizer": name, **question} for question in found]
    return asked


def _best(
    runs: pd.DataFrame, size: float, chosen_by: str, metrics: list[str]
) -> Iterator[Question]:
    sizes = runs["step_size"].to_numpy()
    place, halfway = int((sizes < size).sum()), np.sqrt(sizes[1:] * sizes[:-1])
    metric = f"test_{chosen_by.split()[1]}".replace("accuracy", "error")
    edges = [0.0, *halfway.tolist(), AWAY]
    reason = ""
    if place:
        left = runs["gap"].iloc[0]
        reason = (
            f"Smaller steps do not arrive in time: at {sizes[0]:g}, {100 * left:.0f} % of the way"
        )
        reason += " down is left. "
    if place < len(sizes) - 1:
        ends = majority_status(runs["status"].iloc[-1])
        reason += f"Larger ones do worse: at {sizes[-1]:g} {DO[ends]}."
    yield {
        "plot": "sweep",
        "metric": metric if metric in metrics else "objective",
        "run": int(runs.index[place]),
        "text": f"Which of {len(sizes)} step sizes of {_name(runs)} ends best, by {chosen_by}?",
        "low": edges[place],
        "high": edges[place + 1],
        "truth": f"α = {size:g} ends best.",
        "reason": reason,
    }


def _limit(runs: pd.DataFrame, known: OptimizerTheory | None) -> Iterator[Question]:
    sizes = runs["step_size"].to_numpy()
    unstable = runs["status"].map(majority_status).isin(UNSTABLE).to_numpy()
    first = int(unstable.argmax())
    if first:
        after = sizes[first + 1] if first + 1 < len(sizes) else AWAY
        reason = ""
        if known is None or known.is_plain:
            reason = "In the direction of the largest curvature h a step multiplies what is left"
            reason += " by 1 − αh, whose size exceeds 1 beyond α = 2/h. "
        if known and known.limit:
            reason += f"Theory puts the limit at {known.limit:.3g}."
        yield {
            "plot": "sweep",
            "metric": "objective",
            "run": int(runs.index[first]),
            "text": f"From which step size on do most seeds of {_name(runs)} oscillate or diverge?",
            "low": float(sizes[first - 1]),
            "high": float(after),
            "truth": f"{sizes[first]:g} is the first; at {sizes[first - 1]:g} most seeds do not.",
            "reason": reason,
        }


def _steps(traces: pd.DataFrame, runs: pd.DataFrame, size: float) -> Iterator[Question]:
    name = _name(runs)
    run = traces[(traces["optimizer"] == name) & (traces["step_size"] == size)]
    objective = over_seeds(run, ["step"], "objective")["median"]
    lowest = reference_of(run if "excess" in run else traces)
    start = traces.loc[traces["step"] == 0, "objective"].median()
    target = lowest + TARGET * (start - lowest)
    reached = objective.index[objective <= target]
    if len(reached) and (steps := int(reached[0])):
        yield {
            "plot": "curves",
            "metric": "objective",
            "run": int(runs.index[runs["step_size"] == size][0]),
            "target": float(target),
            "text": f"How many steps does {name} take at α = {size:g} to the dashed line, where a"
            " tenth of the way from the start down is left? Within a factor of two is right.",
            "low": steps / 2,
            "high": steps * 2,
            "truth": f"it takes {steps} steps.",
            "reason": f"What counts is α t, here {size * steps:.3g}: while steps are small, half"
            " the step size takes twice as many.",
        }


def _name(runs: pd.DataFrame) -> str:
    return runs["optimizer"].iloc[0]
