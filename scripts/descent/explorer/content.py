"""What the explorer shows of a study: its runs in words, and columns of numbers."""

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
from descent.explorer.downsampled import downsampled
from descent.explorer.questions import questions
from descent.figures._style import optimizer_looks, step_size_colours
from descent.run import FULL, SHUFFLED
from descent.store.tables import RUN
from descent.theory.results import ObjectiveTheory, TheoryResults, without_average

Columns = dict[str, NDArray]
Run = tuple[str, float]  # optimizer and step size

OF_RUN = RUN[3:5]
NO_METRICS = {*RUN, "seed", "step", "epoch", "rises", "curvature_error"}
GROUNDS = ((0, 0.8), (0.25, 1))  # the shades of viridis that can be seen on white, on black
ON_BLACK = {"#000000": "#ffffff", "#7F4B1F": "#c08a58", "#0072B2": "#3d9ddb"}  # of too dark colours
UNUSED = ("null", "{}")
QUADRATIC = "exact for full batches; with mini-batches the mean that many seeds tend to"
NEARLY = "good near the minimiser, where the objective is nearly quadratic, and a guide far from it"


def content(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    theory: TheoryResults,
    made: Mapping[Run, Mapping[str, Any]],
    sampling: Mapping[str, str],
) -> tuple[dict[str, Any], Columns]:
    """The words of a page, as JSON can say them, and its columns.

    made: where each run comes from: its provenance, and what its entry in the page says besides;
    sampling: of each optimizer. The columns step and epoch have a number for each step shown, run
    after run in the order of the summary; a metric has a row for each of them: the median over
    seeds between what is told beside it, and the value of each seed.
    """
    traces = _with_errors(traces)
    metrics = _metrics(traces)
    rows = dict(iter(traces.groupby(OF_RUN, sort=False)))
    names = summary["optimizer"].unique().tolist()
    colours = [step_size_colours(summary["step_size"], shades) for shades in GROUNDS]
    runs, parts, provenances = [], list[Columns](), list[Any]()
    for row in summary.itertuples(index=False):
        key = row.optimizer, row.step_size
        parts.append(_shown(rows[key], metrics))
        own = dict(made.get(key) or made[without_average(row.optimizer), row.step_size])
        provenance = _facts(own.pop("provenance"))
        if provenance not in provenances:
            provenances.append(provenance)
        runs.append(
            own
            | {
                "optimizer": names.index(row.optimizer),
                "stepSize": row.step_size,
                "status": row.status,
                "gap": row.gap if np.isfinite(row.gap) else None,
                "steps": len(parts[-1]["step"]),
                "colours": [to_hex(of[row.step_size]) for of in colours],
                "number": own["number"] if key in made else None,  # panels show no averages
                "provenance": provenances.index(provenance),
            }
        )
    objective = _objective(theory)
    study, seeds = summary.iloc[0], sorted(map(int, traces["seed"].unique()))
    return {
        **{key: study[key] for key in ("study", "dataset", "model")},
        "seeds": seeds,
        "outer": range_name(len(seeds)),
        "headline": [line.removeprefix("- ") for line in headline(summary).splitlines()],
        "metrics": metrics,
        "minimum": objective.minimum,
        "prediction": objective.prediction,
        "exact": f"The prediction is {QUADRATIC if _is_quadratic(study) else NEARLY}.",
        "why": objective.why_no_minimiser,
        "optimizers": _optimizers(summary, theory, sampling, objective),
        "runs": runs,
        "provenance": provenances,
        "questions": questions(traces, summary, theory, metrics),
    }, {name: np.concatenate([_four_bytes(part[name]) for part in parts]) for name in parts[0]}


def _objective(theory: TheoryResults) -> ObjectiveTheory:
    """The theory of the study's objective."""
    if len(theory.objectives) == 1:
        return next(iter(theory.objectives.values()))
    return ObjectiveTheory("its optimizers have penalties λ of their own")


def _facts(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What trained and evaluated a run, in words; without keys that the run does not use."""
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
    """Name, looks, best step size, limits, and what a prediction takes of each optimizer."""
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


def _is_quadratic(study: pd.Series) -> bool:
    return study["model"] == "linear_regression"


def _with_errors(traces: pd.DataFrame) -> pd.DataFrame:
    """With errors in place of accuracies, as a logarithmic axis shows them."""
    accuracies = [name for name in traces if name.endswith("_accuracy")]
    errors = {name: (1 - traces[name]).round(9) for name in accuracies}
    names = {name: name.replace("accuracy", "error") for name in accuracies}
    return traces.assign(**errors).rename(columns=names)


def _metrics(traces: pd.DataFrame) -> list[str]:
    """The metrics that differ from each other and are known of a step at least."""
    metrics: list[str] = []
    for name in traces.columns:
        known = name not in NO_METRICS and traces[name].notna().any()
        if known and not any(traces[name].equals(traces[other]) for other in metrics):
            metrics.append(name)
    return metrics


def _shown(run: pd.DataFrame, metrics: list[str]) -> Columns:
    """The columns of a run at the steps that are shown."""
    of_seed = run[run["seed"] == run["seed"].iloc[0]]
    shown = downsampled(len(of_seed))
    columns = {name: of_seed[name].to_numpy()[shown] for name in ("step", "epoch")}
    for name in metrics:
        seeds = run.pivot(index="step", columns="seed", values=name).to_numpy()[shown]
        low, high = range_shares(seeds.shape[1])
        middle = [quantile(seeds, share, name) for share in (low, 0.5, high)]
        columns[name] = np.column_stack([*middle, seeds])
    return columns


def _four_bytes(column: NDArray) -> NDArray:
    """Beyond float32 is inf."""
    with np.errstate(over="ignore"):
        return column.astype(np.int32 if column.dtype.kind == "i" else np.float32).ravel()
