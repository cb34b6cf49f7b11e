"""What the explorer shows of a study: its runs in words, and columns of numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from descent.analysis.best import best, criterion
from descent.analysis.headline import headline
from descent.analysis.quantiles import FEW, quantile
from descent.analysis.summary import last_quarter
from descent.explorer.thinned import kept
from descent.figures._style import step_size_colours
from descent.store.iterates import AVERAGE
from descent.store.tables import RUN
from descent.theory.results import TheoryResults, expected_excess

Columns = dict[str, NDArray]
Run = tuple[str, float]  # optimizer and step size

OF_RUN = RUN[3:5]
NO_METRICS = {*RUN, "seed", "step", "epoch", "rises", "curvature_error"}
GROUNDS = ((0, 0.92), (0.25, 1))  # the shades of viridis that can be seen on white, on black


def content(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    theory: TheoryResults,
    made: Mapping[Run, Mapping[str, Any]],
) -> tuple[dict[str, Any], Columns]:
    """The words of a page, as JSON can say them, and its columns.

    made: where each run comes from: its provenance, and what its entry in the page says besides.
    The columns step, epoch, expected and expected_noise (F - F*, nan where it is not known) have a
    number for each step shown, run after run in the order of the summary; a metric has [steps,
    seeds] of them.
    """
    metrics = _metrics(traces)
    rows = dict(iter(traces.groupby(OF_RUN, sort=False)))
    expected = theory.expected.assign(height=expected_excess).set_index([*OF_RUN, "step"])
    noise = last_quarter(theory.expected.dropna()).groupby(OF_RUN)["from_noise"]
    floors = noise.mean().to_dict()
    colours = [step_size_colours(summary["step_size"], shades) for shades in GROUNDS]
    runs, parts, provenances = [], list[Columns](), list[Any]()
    for optimizer, step_size, status in summary[[*OF_RUN, "status"]].itertuples(index=False):
        of_run = _shown(rows[optimizer, step_size], metrics)
        index = pd.MultiIndex.from_product([[optimizer], [step_size], of_run["step"]])
        heights = expected.reindex(index)
        of_run["expected"] = heights["height"].to_numpy()
        of_run["expected_noise"] = heights["from_noise"].to_numpy()
        parts.append(of_run)
        of_average = optimizer.removesuffix(f"_{AVERAGE[:-1]}"), step_size
        plain = made.get((optimizer, step_size))
        own = dict(plain or made[of_average])
        if not plain:  # the pictures show nothing of averages
            del own["number"]
        provenance = own.pop("provenance")
        if provenance not in provenances:
            provenances.append(provenance)
        runs.append(
            {
                "optimizer": optimizer,
                "stepSize": step_size,
                "status": status,
                "steps": len(of_run["step"]),
                "colours": [to_hex(of[step_size]) for of in colours],
                "floor": floors.get((optimizer, step_size)),
                "provenance": provenances.index(provenance),
                **own,
            }
        )
    study = summary.iloc[0]
    minima = {objective.minimum for objective in theory.objectives.values()}
    chosen = best(summary)["step_size"]
    return {
        **{key: study[key] for key in ("study", "dataset", "model")},
        "seeds": sorted(map(int, traces["seed"].unique())),
        "few": FEW,
        "headline": headline(summary).splitlines(),
        "criterion": criterion(summary),
        "metrics": metrics,
        "optimum": minima.pop() if len(minima) == 1 else None,
        "optimizers": [
            {
                "name": name,
                "batchSize": batch_size,
                "best": chosen.get(name),
                "limits": theory.limits(name),
            }
            for name, batch_size in summary.groupby("optimizer", sort=False)["batch_size"]
            .first()
            .items()
        ],
        "runs": runs,
        "provenance": provenances,
    }, {name: np.concatenate([_four_bytes(part[name]) for part in parts]) for name in parts[0]}


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
    by_seed = {name: run.pivot(index="step", columns="seed", values=name) for name in metrics}
    objective = by_seed["objective"]
    shown = kept(objective.index.to_numpy(), quantile(objective, 0.5, "objective"))
    epoch = run.loc[run["seed"] == run["seed"].iloc[0], "epoch"]
    return {
        "step": objective.index.to_numpy()[shown],
        "epoch": epoch.to_numpy()[shown],
        **{name: values.to_numpy()[shown] for name, values in by_seed.items()},
    }


def _four_bytes(column: NDArray) -> NDArray:
    """Beyond float32 is inf."""
    with np.errstate(over="ignore"):
        return column.astype(np.int32 if column.dtype.kind == "i" else np.float32).ravel()
