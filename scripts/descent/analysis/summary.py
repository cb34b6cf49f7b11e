"""The summary of a study: the final metrics and status of every run, over its seeds."""

import re

import numpy as np
import pandas as pd

from descent.analysis.quantiles import QUANTILES, quantile
from descent.analysis.status import describe_statuses, majority_status, status
from descent.store.tables import RUN

LAST_SHARE = 1 / 20  # final share of the steps in which a target must not be missed
METRICS = "objective|(test|validation)_(loss|accuracy)|excess|optimum_distance_.*"


def summary(traces: pd.DataFrame, target: float | None = None) -> pd.DataFrame:
    """A row for each (optimizer, step size), in the order of the traces.

    seeds: the number of seeds
    final_<metric>_<quantile>: median, 10 % and 90 % quantiles and range over seeds, where the final
    value of a seed is the median of its rows `at_end`
    best_test_accuracy, best_test_accuracy_step: the median test accuracy at the first step with the
    best median accuracy on the samples named by chosen_by: validation if held out, else test
    gap, status: as in analysis/status.py; gap is the median over seeds
    steps_to_target_<quantile>, if a target is set in config.yaml: the first evaluated step after
    which the target is always met; inf if it is missed in the last twentieth of the steps, since a
    run that does not converge may meet it by chance
    """
    start = float(traces.loc[traces["step"] == 0, "objective"].median())
    optimum = "excess" in traces
    reference = reference_of(traces)
    rows = []
    for _, of_optimizer in traces.groupby("optimizer", sort=False):
        if optimum:  # F* depends on λ, which may differ between optimizers
            reference = reference_of(of_optimizer)
        for key, run in of_optimizer.groupby(RUN, sort=False):
            ended = _ended(run, start, reference, optimum)
            row = _final(at_end(run, ended["status"])) | _best(run)
            if target is not None:
                row |= _steps_to(target, run, reference)
            rows.append({**dict(zip(RUN, key, strict=True)), **row, **ended})
    return pd.DataFrame(rows)


def reference_of(traces: pd.DataFrame) -> float:
    """F*, or the lowest objective if F* is not known."""
    objective = traces["objective"].to_numpy()
    lowest = np.where(np.isfinite(objective), objective, np.inf).argmin()
    excess = traces["excess"].iloc[lowest] if "excess" in traces else 0.0
    return float(objective[lowest] - excess)  # the lowest objective has the least cancellation


def _steps_to(target: float, run: pd.DataFrame, minimum: float) -> dict[str, float]:
    if "excess" in run:
        met = run["excess"] <= target * minimum
    elif "test_accuracy" in run:
        met = run["test_accuracy"] >= target
    else:
        met = run["test_loss"] <= target
    last_miss = run["step"].where(~met, -1).groupby(run["seed"]).max().to_numpy()
    steps = np.unique(run["step"])
    after = np.append(steps, np.inf)[np.searchsorted(steps, last_miss, side="right")]
    after[last_miss > (1 - LAST_SHARE) * steps[-1]] = np.inf
    return {
        f"steps_to_target_{name}": float(quantile(after, share, "steps"))
        for name, share in QUANTILES.items()
    }


def at_end(run: pd.DataFrame, statuses: str) -> pd.DataFrame:
    """The rows that define the final values of a run: the last step, or the last quarter of the
    steps if most seeds oscillate."""
    oscillates = majority_status(statuses) == "oscillating"
    return last_quarter(run) if oscillates else run[run["step"] == run["step"].max()]


def last_quarter(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last quarter of the steps of each run."""
    last = table.groupby(["optimizer", "step_size"])["step"].transform("max")
    return table[table["step"] > 3 / 4 * last]


def measured_floors(traces: pd.DataFrame) -> pd.DataFrame:
    """F - F*, the mean over the last quarter, [(optimizer, step size), seed]; values that are not
    finite are not skipped."""
    by_seed = last_quarter(traces).groupby(["optimizer", "step_size", "seed"], sort=False)["excess"]
    return by_seed.agg(lambda excess: np.mean(excess.to_numpy())).unstack("seed")


def _final(end: pd.DataFrame) -> dict[str, float]:
    row: dict[str, float] = {"seeds": end["seed"].nunique()}
    for metric in (column for column in end if re.fullmatch(METRICS, column)):
        by_seed = end.pivot(index="seed", columns="step", values=metric)
        medians = quantile(by_seed, 0.5, metric)
        for name, share in QUANTILES.items():
            row[f"final_{metric}_{name}"] = float(quantile(medians, share, metric))
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
    statuses, gaps = [], []
    for _, seed in run.groupby("seed"):
        step, objective, rises = (seed[n].to_numpy() for n in ("step", "objective", "rises"))
        counted = None if np.isnan(rises).any() else rises
        word, gap = status(step, objective, start, reference, optimum, counted)
        statuses.append(word)
        gaps.append(gap)
    return {"gap": float(quantile(gaps, 0.5, "gap")), "status": describe_statuses(statuses)}
