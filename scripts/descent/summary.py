"""The summary of a study: how every step size of every optimizer ended, over its seeds."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from descent.columns import QUANTILES, RUN

STATUSES = ("diverged", "oscillating", "descending", "converged")  # the worst first

ROUNDING = 1e-7  # relative change of the objective that is rounding (float32), not a rise


def status(step: NDArray, objective: NDArray, full_batch: bool) -> str:
    """How the objective of one seed ended, by its values at the evaluated steps.

    diverged: it is not finite somewhere, or ends above its start; oscillating (full batch): it
    rises in more than a tenth of the evaluated steps of the last quarter; descending: it fell by
    more than 1 % over the last quarter; converged: none of these. Rounding is no rise.
    """
    if not np.isfinite(objective).all() or _rises(objective[0], objective[-1]):
        return "diverged"
    last = objective[np.flatnonzero(step <= 0.75 * step[-1])[-1] :]  # and what it starts from
    rises = _rises(last[:-1], last[1:])
    if full_batch and rises.size and rises.mean() > 0.1:
        return "oscillating"
    if last[0] - last[-1] > 0.01 * abs(last[0]):
        return "descending"
    return "converged"


def _rises(before: NDArray, after: NDArray) -> NDArray[np.bool_]:
    return after - before > ROUNDING * np.abs(before)


def summarise(traces: pd.DataFrame) -> pd.DataFrame:
    """A row for each (optimizer, step size), in the order of the traces.

    seeds: their number; median, q10 and q90 (quantiles over seeds) of the final objective, test
    loss and test accuracy; best_test_accuracy and best_test_accuracy_step: the largest median over
    seeds at an evaluated step, and the first step that has it; status: the worst over seeds.
    """
    return pd.DataFrame(
        {**dict(zip(RUN, key, strict=True)), **_summarise_run(run)}
        for key, run in traces.groupby(RUN, sort=False)
    )


def _summarise_run(run: pd.DataFrame) -> dict[str, object]:
    final = run[run["step"] == run["step"].max()]
    metrics = [name for name in ("objective", "test_loss", "test_accuracy") if name in run]
    row: dict[str, object] = {"seeds": len(final)}
    for metric in metrics:
        for name, quantile in QUANTILES.items():
            row[f"final_{metric}_{name}"] = _quantile(final[metric], quantile)
    if "test_accuracy" in run:
        medians = run.groupby("step")["test_accuracy"].median()
        best = medians.idxmax() if medians.notna().any() else medians.index[0]
        row |= {"best_test_accuracy": medians[best], "best_test_accuracy_step": best}
    full_batch = bool((run["step"] == run["epoch"]).all())
    by_seed = [
        status(seed["step"].to_numpy(), seed["objective"].to_numpy(), full_batch)
        for _, seed in run.groupby("seed")
    ]
    return row | {"status": min(by_seed, key=STATUSES.index)}


def _quantile(values: pd.Series, quantile: float) -> float:
    """Quantile that interpolates linearly; nan where a value is nan."""
    with np.errstate(invalid="ignore"):
        return float(np.quantile(values, quantile))
