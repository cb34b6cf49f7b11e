"""Questions of the quiz, which the page asks before it shows the results of a study.

Keys of a question: text; plot ("sweep" or "curves"), whose x axis takes the answer; metric;
optimizer; run, the row of one of its runs in the summary; low and high, the interval of correct
answers; truth, the result; reason, its explanation; and optionally target, a value of the metric.
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

OPTIMIZERS = 2  # largest number of optimizers to ask about
TARGET = 0.1  # remaining share of the initial gap to the lowest objective
LARGEST = 1e300  # for infinity, which JSON lacks
UNSTABLE = ("diverged", "oscillating")
Question = dict[str, Any]


def questions(
    traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults, metrics: list[str]
) -> list[Question]:
    """Return questions about the first optimizers of different batch sizes that have at least three
    step sizes, one of which is best.

    metrics: those of the page
    """
    asked, several = [], summary.groupby("optimizer").filter(lambda runs: len(runs) > 2)
    chosen = best(summary).drop_duplicates("batch_size")
    for name in chosen.index[chosen.index.isin(several["optimizer"])][:OPTIMIZERS]:
        runs = summary[summary["optimizer"] == name].sort_values("step_size")
        step_size = chosen.loc[name, "step_size"]
        found = (
            *_best(runs, step_size, criterion(summary), metrics),
            *_limit(runs, theory.optimizers.get(name)),
            *_steps(traces, runs, step_size),
        )
        asked += [{"optimizer": name, **question} for question in found]
    return asked


def _best(
    runs: pd.DataFrame, best_size: float, chosen_by: str, metrics: list[str]
) -> Iterator[Question]:
    sizes = runs["step_size"].to_numpy()
    place, halfway = int((sizes < best_size).sum()), np.sqrt(sizes[1:] * sizes[:-1])
    metric = f"test_{chosen_by.split()[1]}".replace("accuracy", "error")
    edges = [0.0, *halfway.tolist(), LARGEST]
    reason = ""
    if place:
        reason = f"Smaller step sizes are too slow: at {sizes[0]:g}, "
        reason += f"{100 * runs['gap'].iloc[0]:.0f} % of the initial gap is left. "
    if place < len(sizes) - 1:
        status = majority_status(runs["status"].iloc[-1])
        reason += f"Larger ones do worse: at {sizes[-1]:g} {DO[status]}."
    yield {
        "plot": "sweep",
        "metric": metric if metric in metrics else "objective",
        "run": int(runs.index[place]),
        "text": f"Which of {len(sizes)} step sizes of {_name(runs)} is best, by {chosen_by}?",
        "low": edges[place],
        "high": edges[place + 1],
        "truth": f"α = {best_size:g} is best.",
        "reason": reason,
    }


def _limit(runs: pd.DataFrame, known: OptimizerTheory | None) -> Iterator[Question]:
    sizes = runs["step_size"].to_numpy()
    unstable = runs["status"].map(majority_status).isin(UNSTABLE).to_numpy()
    first = int(unstable.argmax())
    if first:
        after = sizes[first + 1] if first + 1 < len(sizes) else LARGEST
        reason = ""
        if known is None or known.is_plain:
            reason = "In the direction of the largest curvature h, a step multiplies the distance"
            reason += " to the minimum by 1 − αh, whose magnitude exceeds 1 beyond α = 2/h. "
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


def _steps(traces: pd.DataFrame, runs: pd.DataFrame, best_size: float) -> Iterator[Question]:
    name = _name(runs)
    run = traces[(traces["optimizer"] == name) & (traces["step_size"] == best_size)]
    objective = over_seeds(run, ["step"], "objective")["median"]
    lowest = reference_of(run if "excess" in run else traces)
    start = traces.loc[traces["step"] == 0, "objective"].median()
    target = lowest + TARGET * (start - lowest)
    reached = objective.index[objective <= target]
    if len(reached) and (steps := int(reached[0])):
        yield {
            "plot": "curves",
            "metric": "objective",
            "run": int(runs.index[runs["step_size"] == best_size][0]),
            "target": float(target),
            "text": f"How many steps does {name} need at α = {best_size:g} to reach the dashed"
            " line, where a tenth of the initial gap is left? A factor of two is close enough.",
            "low": steps / 2,
            "high": steps * 2,
            "truth": f"It needs {steps} steps.",
            "reason": f"Progress depends on α t, here {best_size * steps:.3g}: while steps are"
            " small, half the step size needs twice as many.",
        }


def _name(runs: pd.DataFrame) -> str:
    return runs["optimizer"].iloc[0]
