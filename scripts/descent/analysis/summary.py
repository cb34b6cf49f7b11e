"""The summary of a study: how every step size of every optimizer ended, over its seeds."""

import re

import numpy as np
import pandas as pd

from descent.analysis.quantiles import QUANTILES, quantile
from descent.analysis.status import describe_statuses, status
from descent.store.tables import RUN

METRICS = "objective|(test|validation)_(loss|accuracy)|excess|optimum_distance_.*"


def summary(traces: pd.DataFrame) -> pd.DataFrame:
    """A row for each (optimizer, step size), in the order of the traces.

    seeds: their number; of the final objective, losses and accuracies, and of what is measured
    against the optimum, the median, the 10 % and 90 % quantiles and the range over seeds;
    best_test_accuracy and best_test_accuracy_step: the median at the first step whose median is
    best, by chosen_by (validation, where samples are held out, else test); gap and status as
    analysis/status.py has them, gap the median over seeds.
    """
    start = float(traces.loc[traces["step"] == 0, "objective"].median())
    objective, optimum = traces["objective"].to_numpy(), "excess" in traces
    lowest = np.where(np.isfinite(objective), objective, np.inf).argmin()
    reference = float(objective[lowest])
    if optimum:  # the same for all; of larger objectives rounding would take it
        reference -= float(traces["excess"].iloc[lowest])
    return pd.DataFrame(
        {
            **dict(zip(RUN, key, strict=True)),
            **_final(run),
            **_best(run),
            **_ended(run, start, reference, optimum),
        }
        for key, run in traces.groupby(RUN, sort=False)
    )


def _final(run: pd.DataFrame) -> dict[str, float]:
    final = run[run["step"] == run["step"].max()]
    row: dict[str, float] = {"seeds": len(final)}
    for metric in (column for column in run if re.fullmatch(METRICS, column)):
        for name, share in QUANTILES.items():
            row[f"final_{metric}_{name}"] = float(quantile(final[metric], share, metric))
    return row


def _best(run: pd.DataFrame) -> dict[str, object]:
    if "test_accuracy" not in run:
        return {}
    by = "validation" if "validation_accuracy" in run else "test"
    medians = {}
    for metric in (f"{by}_accuracy", "test_accuracy"):
        by_step = run.pivot(index="step", columns="seed", values=metric)
        medians[metric] = pd.Series(quantile(by_step, 0.5, metric), by_step.index)
    chosen = medians[f"{by}_accuracy"].fillna(-np.inf).idxmax()
    return {
        "best_test_accuracy": medians["test_accuracy"][chosen],
        "best_test_accuracy_step": chosen,
        "chosen_by": by,
    }


def _ended(run: pd.DataFrame, start: float, reference: float, optimum: bool) -> dict[str, object]:
    words, gaps = [], []
    for _, seed in run.groupby("seed"):
        columns = (seed[name].to_numpy() for name in ("step", "objective", "rises"))
        step, objective, rises = columns
        counted = None if np.isnan(rises).any() else rises
        word, gap = status(step, objective, start, reference, optimum, counted)
        words.append(word)
        gaps.append(gap)
    return {"gap": float(quantile(gaps, 0.5, "gap")), "status": describe_statuses(words)}
