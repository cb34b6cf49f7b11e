"""Data of a page: metadata of a study and its runs, and arrays of numbers."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from descent.analysis.best import best
from descent.analysis.headline import headline
from descent.analysis.quantiles import quantile, range_name, range_shares
from descent.explorer import Arrays, Metadata
from descent.explorer.downsampled import downsampled
from descent.explorer.questions import questions
from descent.figures._style import optimizer_looks, step_size_colours
from descent.run import FULL, SHUFFLED
from descent.store.tables import RUN
from descent.theory.results import ObjectiveTheory, TheoryResults, without_average

Run = tuple[str, float]  # optimizer and step size

BY_RUN = RUN[3:5]
NO_METRICS = {*RUN, "seed", "step", "epoch", "rises", "curvature_error"}
SHADES = ((0, 0.8), (0.25, 1))  # parts of viridis that are visible on white and on black
ON_BLACK = {"#000000": "#ffffff", "#7F4B1F": "#c08a58", "#0072B2": "#3d9ddb"}  # lighter colours
UNUSED = ("null", "{}")
QUADRATIC = "exact for full batches; with mini-batches it is the mean over many seeds"
NEARLY = "accurate near the minimiser, where the objective is nearly quadratic, and rough far away"


def content(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    theory: TheoryResults,
    records: Mapping[Run, Mapping[str, Any]],
    sampling: Mapping[str, str],
) -> tuple[Metadata, Arrays]:
    """Return the metadata of a page, for JSON, and its arrays.

    records: of each trained run, its provenance and further entries for the page; sampling: of each
    optimizer. The arrays step and epoch have a number for each step shown, run after run in the
    order of the summary. The array of a metric has a row for each step: low, median and high over
    seeds (as `range_shares` has them), then the value of each seed.
    """
    traces = _with_errors(traces)
    metrics = _metrics(traces)
    rows = dict(iter(traces.groupby(BY_RUN, sort=False)))
    names = summary["optimizer"].unique().tolist()
    colours = [step_size_colours(summary["step_size"], shades) for shades in SHADES]
    runs, parts, provenances = [], list[Arrays](), list[Any]()
    for row in summary.itertuples(index=False):
        key = row.optimizer, row.step_size
        parts.append(_shown(rows[key], metrics))
        record = dict(records.get(key) or records[without_average(row.optimizer), row.step_size])
        provenance = _facts(record.pop("provenance"))
        if provenance not in provenances:
            provenances.append(provenance)
        runs.append(
            record
            | {
                "optimizer": names.index(row.optimizer),
                "stepSize": row.step_size,
                "status": row.status,
                "gap": row.gap if np.isfinite(row.gap) else None,
                "steps": len(parts[-1]["step"]),
                "colours": [to_hex(shades[row.step_size]) for shades in colours],
                "number": record["number"] if key in records else None,  # panels omit averages
                "provenance": provenances.index(provenance),
            }
        )
    objective = _objective(theory)
    study, seeds = summary.iloc[0], sorted(map(int, traces["seed"].unique()))
    is_quadratic = study["model"] == "linear_regression"
    return {
        **{key: study[key] for key in ("study", "dataset", "model")},
        "seeds": seeds,
        "outer": range_name(len(seeds)),
        "headline": [line.removeprefix("- ") for line in headline(summary).splitlines()],
        "metrics": metrics,
        "minimum": objective.minimum,
        "prediction": objective.prediction,
        "validity": f"The prediction is {QUADRATIC if is_quadratic else NEARLY}.",
        "why": objective.why_no_minimiser,
        "optimizers": _optimizers(summary, theory, sampling, objective),
        "runs": runs,
        "provenance": provenances,
        "questions": questions(traces, summary, theory, metrics),
    }, {name: np.concatenate([_four_bytes(part[name]) for part in parts]) for name in parts[0]}


def _objective(theory: TheoryResults) -> ObjectiveTheory:
    """Return the theory of the objective, if the optimizers have the same."""
    if len(theory.objectives) == 1:
        return next(iter(theory.objectives.values()))
    return ObjectiveTheory("its optimizers have different penalties λ")


def _facts(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names and texts of a provenance, without keys that the run does not use."""
    facts = {**provenance["trained"], "evaluated by": provenance["evaluated"]}
    texts = {
        key: fact if isinstance(fact, str) else json.dumps(fact) for key, fact in facts.items()
    }
    return [(key.replace("_", " "), text) for key, text in texts.items() if text not in UNUSED]


def _optimizers(
    summary: pd.DataFrame,
    theory: TheoryResults,
    sampling: Mapping[str, str],
    objective: ObjectiveTheory,
) -> list[dict[str, Any]]:
    """Return marker, colours, best step size, limits and inputs of the prediction of optimizers."""
    looks, chosen, optimizers = optimizer_looks(summary), best(summary)["step_size"], []
    for name, batch_size in summary.groupby("optimizer", sort=False)["batch_size"].first().items():
        look, known = looks[name], theory.optimizers.get(name)
        predicted = None
        if known and known.is_plain and objective.prediction:
            predicted = {
                "batchSize": 0 if batch_size == FULL else int(batch_size),
                "shuffled": sampling[name] == SHUFFLED,
                "limit": known.limit,
            }
        optimizers.append(
            {
                "name": name,
                "mark": look["marker"],
                "open": "fillstyle" in look,
                "colours": [look["color"], ON_BLACK.get(look["color"], look["color"])],
                "batchSize": batch_size,
                "best": chosen.get(name),
                "limits": theory.limits(name),
                "predicted": predicted,
            }
        )
    return optimizers


def _with_errors(traces: pd.DataFrame) -> pd.DataFrame:
    """Replace accuracies by errors, which a logarithmic axis resolves better."""
    accuracies = [name for name in traces if name.endswith("_accuracy")]
    errors = {name: (1 - traces[name]).round(9) for name in accuracies}
    names = {name: name.replace("accuracy", "error") for name in accuracies}
    return traces.assign(**errors).rename(columns=names)


def _metrics(traces: pd.DataFrame) -> list[str]:
    """Return the metrics that have values, without duplicates of others."""
    metrics: list[str] = []
    for name in traces.columns:
        has_values = name not in NO_METRICS and traces[name].notna().any()
        if has_values and not any(traces[name].equals(traces[other]) for other in metrics):
            metrics.append(name)
    return metrics


def _shown(run: pd.DataFrame, metrics: list[str]) -> Arrays:
    """Return the arrays of a run at the steps that are shown."""
    first_seed = run[run["seed"] == run["seed"].iloc[0]]
    shown = downsampled(len(first_seed))
    arrays = {name: first_seed[name].to_numpy()[shown] for name in ("step", "epoch")}
    for name in metrics:
        seeds = run.pivot(index="step", columns="seed", values=name).to_numpy()[shown]
        low, high = range_shares(seeds.shape[1])
        quantiles = [quantile(seeds, share, name) for share in (low, 0.5, high)]
        arrays[name] = np.column_stack([*quantiles, seeds])
    return arrays


def _four_bytes(array: NDArray) -> NDArray:
    with np.errstate(over="ignore"):  # numbers beyond float32 become inf
        return array.astype(np.int32 if array.dtype.kind == "i" else np.float32).ravel()
