"""Predictions of theory, compared with measurements."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from descent.analysis.best import lowest_between
from descent.analysis.quantiles import jackknife, mean_and_error
from descent.analysis.status import FAR, majority_status
from descent.analysis.summary import last_quarter, measured_floors
from descent.run import FULL
from descent.store.iterates import ROUNDING
from descent.store.tables import RUN
from descent.theory.results import TheoryResults, expected_excess

COLUMNS = [
    *("study", "quantity", "optimizer", "step_size"),
    *("predicted", "measured", "error", "stable", "unstable", "ratio"),
]
NO_GRID = np.nan, np.nan  # stable, unstable: only limits are bracketed by two step sizes
UNSTABLE = {"diverged", "oscillating", "plateau"}  # statuses of full batches beyond their limit


def predictions(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> pd.DataFrame:
    """A table with COLUMNS and a row for each prediction.

    error is two standard errors, ratio is measured / predicted. Values of quantity:

    limit       the step size up to which an optimizer is stable near w*; `stable` and `unstable`
                are the neighbouring step sizes of the grid, `measured` is their geometric mean;
                `unstable` is inf if all are stable. A full-batch run is unstable if most seeds
                oscillate, diverge, stay on a plateau, or exceed their initial F in the last
                quarter; a mini-batch run if the mean over seeds of F - F* in the last quarter
                exceeds FAR times its value at the start
    excess      F - F* in the last quarter of the steps, mean over seeds
    rate        decrease of ln(F - F*) per step of a full-batch run, over the second half
    curvature   λ_max of the Hessian at the last step, compared with that at w*
    step_ratio  the best step size of a schedule divided by that of a constant step size, by the
                mean over seeds of the final F - F*, or of F if F* is not known
    """
    rows: list[tuple] = []
    with np.errstate(all="ignore"):  # a run may diverge or fall below rounding errors
        rows += _step_ratios(traces, theory)
        if not all(objective.why_no_minimiser for objective in theory.objectives.values()):
            rows += _limits(traces, summary, theory)
            rows += _excesses(traces, theory)
            rows += _rates(traces, theory)
            rows += _curvatures(traces, theory)
    table = pd.DataFrame(rows, columns=COLUMNS[1:-1])
    table["ratio"] = table["measured"] / table["predicted"]
    return table.assign(study=summary["study"].iloc[0])[COLUMNS]


def _limits(traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults) -> Iterator[tuple]:
    for optimizer, limit, below, above in measured_limits(traces, summary, theory):
        measured = np.sqrt(below * above) if np.isfinite(above) else np.nan
        yield "limit", optimizer, np.nan, limit, measured, np.nan, below, above


def measured_limits(
    traces: pd.DataFrame, summary: pd.DataFrame, theory: TheoryResults
) -> Iterator[tuple[str, float, float, float]]:
    """Optimizers with a predicted limit: name, limit, and the step sizes of the grid that bracket
    the measured limit."""
    for optimizer, runs in summary.groupby("optimizer", sort=False):
        predicted = theory.optimizers.get(str(optimizer))
        if predicted is None or predicted.limit is None:
            continue
        if predicted.batch_size == FULL:
            bursting = runs["step_size"].isin(_bursting(traces, optimizer))
            unstable = (runs["status"].map(majority_status).isin(UNSTABLE) | bursting).to_numpy()
        else:
            unstable = _grown(traces, optimizer)[runs["step_size"]].to_numpy()
        above = runs["step_size"][unstable].min() if unstable.any() else np.inf
        below = runs.loc[runs["step_size"] < above, "step_size"].max()
        yield str(optimizer), predicted.limit, below, above


def _bursting(traces: pd.DataFrame, optimizer: str) -> pd.Index:
    """Step sizes at which F exceeds its start in the last quarter of the steps, for most seeds."""
    run = traces[traces["optimizer"] == optimizer]
    start = run[run["step"] == 0].set_index(["step_size", "seed"])["excess"]
    highest = last_quarter(run).groupby(["step_size", "seed"])["excess"].max()
    bursts = highest.gt(start).groupby("step_size").mean() > 1 / 2
    return bursts.index[bursts]


def _grown(traces: pd.DataFrame, optimizer: str) -> pd.Series:
    """Whether the mean of F - F* over seeds has grown, by step size."""
    run = traces[traces["optimizer"] == optimizer]
    start = run[run["step"] == 0].groupby("step_size")["excess"].mean()
    end = measured_floors(run).droplevel("optimizer").mean(axis=1, skipna=False)
    return ~end.le(FAR * start)  # le aligns the step sizes; nan counts as grown


def _excesses(traces: pd.DataFrame, theory: TheoryResults) -> Iterator[tuple]:
    expected = theory.expected.assign(excess=expected_excess)
    measured, resolved = measured_floors(traces), _resolved(traces, theory)
    for run, rows in last_quarter(expected).groupby(RUN[3:5], sort=False):
        predicted = rows["excess"].mean()
        if predicted > resolved[run[0]]:
            over_seeds = mean_and_error(measured.loc[run])
            yield "excess", *run, predicted, *over_seeds, *NO_GRID


def _resolved(traces: pd.DataFrame, theory: TheoryResults) -> dict[str, float]:
    """The smallest F - F* of each optimizer that exceeds rounding errors of F*, or, if F* is 0, of
    the parameters, in which F is quadratic."""
    start = traces.loc[traces["step"] == 0, "excess"].median()
    minima = {name: theory.objective(name).minimum for name in traces["optimizer"].unique()}
    return {
        name: ROUNDING * max(minimum, ROUNDING * start)
        for name, minimum in minima.items()
        if minimum is not None
    }


def _rates(traces: pd.DataFrame, theory: TheoryResults) -> Iterator[tuple]:
    full = {name for name, known in theory.optimizers.items() if known.batch_size == FULL}
    resolved = _resolved(traces, theory)
    for (optimizer, step_size), rows in theory.expected.groupby(RUN[3:5], sort=False):
        if optimizer not in full or not expected_excess(rows).iloc[-1] > resolved[optimizer]:
            continue
        run = traces[(traces["optimizer"] == optimizer) & (traces["step_size"] == step_size)]
        seeds = run.pivot(index="step", columns="seed", values="excess")
        predicted = _rate(expected_excess(rows.set_index("step")))
        error = jackknife(_rate_of_mean, seeds)
        yield "rate", optimizer, step_size, predicted, _rate_of_mean(seeds), error, *NO_GRID


def _curvatures(traces: pd.DataFrame, theory: TheoryResults) -> Iterator[tuple]:
    if "curvature" not in traces:
        return
    for (optimizer, step_size), run in traces.groupby(RUN[3:5], sort=False):
        last = run.loc[run["step"] == run["step"].max(), "curvature"]
        if np.isfinite(last).all():
            predicted = theory.objective(optimizer).curvature
            over_seeds = mean_and_error(last)
            yield "curvature", optimizer, step_size, predicted, *over_seeds, *NO_GRID


def _step_ratios(traces: pd.DataFrame, theory: TheoryResults) -> Iterator[tuple]:
    seeds = final_seeds(traces)
    resolved = _resolved(traces, theory) if "excess" in traces else {}
    for name, known in theory.optimizers.items():
        if not known.step_ratio:
            continue
        pair = seeds.loc[[name, known.constant]]

        def ratio(seeds: pd.DataFrame, name: str = name, constant: str = known.constant) -> float:
            mean = seeds.mean(axis=1, skipna=False)
            return lowest_between(mean[name]) / lowest_between(mean[constant])

        lowest, measured = pair.mean(axis=1).min(), ratio(pair)
        if np.isfinite(measured) and lowest > resolved.get(name, -np.inf):
            error = jackknife(ratio, pair)
            yield "step_ratio", name, np.nan, known.step_ratio, measured, error, *NO_GRID


def final_seeds(traces: pd.DataFrame) -> pd.DataFrame:
    """F - F*, or F if F* is not known, at the last step, [(optimizer, step size), seed]."""
    metric = "excess" if "excess" in traces else "objective"
    last = traces[traces["step"] == traces.groupby(RUN[3:5])["step"].transform("max")]
    return last.pivot(index=RUN[3:5], columns="seed", values=metric)


def _rate_of_mean(seeds: pd.DataFrame) -> float:
    return _rate(seeds.mean(axis=1, skipna=False))


def _rate(excess: pd.Series) -> float:
    """-d ln(excess)/dt from the last evaluated step of the first half to the end."""
    step, excess = excess.index.to_numpy(), excess.to_numpy()
    half = np.searchsorted(step, step[-1] / 2, side="right") - 1
    return float(np.log(excess[half] / excess[-1]) / (step[-1] - step[half]))
