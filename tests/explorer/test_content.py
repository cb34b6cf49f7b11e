"""The content of the page of a study, compared with made-up tables."""

import json

import numpy as np
import pandas as pd
import pytest
from made_up import NAMED, NOTHING

from descent.analysis.quantiles import quantile
from descent.analysis.summary import summary
from descent.explorer.content import content
from descent.theory.results import ObjectiveTheory, OptimizerTheory, TheoryResults

SEEDS = [8, 3, 5]
# optimizer, step size: evaluated steps
RUNS = {("sgd", 0.1): 251, ("sgd", 1.0): 251, ("sgd_average", 0.1): 90, ("gd", 100.0): 7}
OPTIMIZERS = {
    "gd": OptimizerTheory("plain", True, 0.0, "full", 2.0, limit_from_anywhere=0.5),
    "sgd": OptimizerTheory("plain", True, 0.0, "4", 0.3),
}


def rows(optimizer: str, step_size: float, number: int) -> pd.DataFrame:
    random = np.random.default_rng(number)
    step = 3 * np.arange(number) + (400 if "average" in optimizer else 0)
    loss = 2 * np.exp(np.cumsum(random.normal(scale=0.1, size=(3, number)), axis=1))
    if optimizer == "gd":
        loss[:, 4:] = np.nan
    loss, step = loss.ravel(), np.tile(step, 3)
    table = {"seed": np.repeat(SEEDS, number), "step": step, "epoch": step / 9, "objective": loss}
    table |= {"train_loss": loss, "test_loss": loss + 1, "train_accuracy": 1 / (1 + loss)}
    table |= {"test_accuracy": 1 / (2 + loss), "gradient_norm": 1e30 * loss**2}
    table |= {"rises": step, "distance_A": np.nan, "excess": loss - 0.1}
    batch_size = "full" if optimizer == "gd" else "4"
    named = {"optimizer": optimizer, "step_size": step_size, "batch_size": batch_size}
    return pd.DataFrame(table).assign(**named)


TRACES = pd.concat([rows(*run, number) for run, number in RUNS.items()], ignore_index=True)
TRACES = TRACES.assign(**NAMED)
SUMMARY = summary(TRACES)
OBJECTIVES = {"0.0": ObjectiveTheory(minimum=0.1, prediction={"samples": 9})}


MADE = {
    run: {
        "number": number,
        "label": repr(run[1]),
        "provenance": {"trained": {"by": run[0], "l2": None}, "evaluated": {"on": "cpu"}},
    }
    for number, run in enumerate(run for run in RUNS if "average" not in run[0])
}
SAMPLING = {"sgd": "with_replacement", "gd": "shuffled"}


def made(theory: TheoryResults = NOTHING, traces: pd.DataFrame = TRACES, **records) -> tuple:
    return content(traces, SUMMARY, theory, MADE | records.get("records", {}), SAMPLING)


def parts(metadata, columns, name: str) -> dict[tuple[str, float], np.ndarray]:
    """A column by run."""
    ends = np.cumsum([run["steps"] for run in metadata["runs"]])
    values = np.split(columns[name].reshape(ends[-1], -1), ends[:-1])
    names = [metadata["optimizers"][run["optimizer"]]["name"] for run in metadata["runs"]]
    sizes = [run["stepSize"] for run in metadata["runs"]]
    return dict(zip(zip(names, sizes, strict=True), values, strict=True))


def test_numbers_are_those_of_the_traces_at_the_steps_that_are_shown():
    """The columns of a metric are minimum, median and maximum, then the seeds."""
    metadata, columns = made()
    steps = parts(metadata, columns, "step")
    assert metadata["seeds"] == sorted(SEEDS)
    assert metadata["outer"] == "range"
    for metric in metadata["metrics"]:
        for (optimizer, step_size), values in parts(metadata, columns, metric).items():
            of_run = TRACES[(TRACES["optimizer"] == optimizer) & (TRACES["step_size"] == step_size)]
            name = metric.replace("error", "accuracy")
            table = of_run.pivot(index="step", columns="seed", values=name)
            seeds = table.loc[steps[optimizer, step_size][:, 0]].to_numpy()
            seeds = 1 - seeds if "error" in metric else seeds
            ends = [quantile(seeds, share, metric) for share in (0, 0.5, 1)]
            with np.errstate(over="ignore"):
                expected = np.column_stack([*ends, seeds]).astype(np.float32)
            np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-9)
    for run, epochs in parts(metadata, columns, "epoch").items():
        np.testing.assert_array_equal(epochs, np.float32(steps[run] / 9))


def test_metrics_are_all_that_differ_and_are_known():
    """train_loss equals the objective, distance_A is never known, rises are no metric."""
    metrics = ["objective", "test_loss", "train_error", "test_error", "gradient_norm"]
    metadata, columns = made()
    assert metadata["metrics"] == [*metrics, "excess"]
    assert columns.keys() == {*metadata["metrics"], "step", "epoch"}
    metadata, _ = made(traces=TRACES.assign(train_loss=TRACES["train_loss"] + 1e-9))
    assert "train_loss" in metadata["metrics"]


def test_runs_come_as_in_the_summary_and_averages_have_the_provenance_of_their_run():
    metadata, columns = made()
    assert list(parts(metadata, columns, "step")) == list(RUNS)
    assert [run["status"] for run in metadata["runs"]] == SUMMARY["status"].tolist()
    assert [run["number"] for run in metadata["runs"]] == [0, 1, None, 2]
    final = SUMMARY.set_index(["optimizer", "step_size"])["final_test_accuracy_median"]
    best = [optimizer["best"] for optimizer in metadata["optimizers"]]
    assert best == [final["sgd"].idxmax(), 0.1, None]
    by = [dict(metadata["provenance"][run["provenance"]])["by"] for run in metadata["runs"]]
    assert by == ["sgd", "sgd", "sgd", "gd"]
    assert metadata["provenance"][0] == [("by", "sgd"), ("evaluated by", '{"on": "cpu"}')]
    own = {("sgd_average", 0.1): MADE["sgd", 0.1] | {"number": 7}}  # an optimizer with this name
    metadata, _ = made(records=own)
    assert metadata["runs"][2]["number"] == 7


def test_the_minimum_the_limits_and_the_prediction_are_those_of_the_theory():
    metadata, _ = made(TheoryResults(OBJECTIVES, OPTIMIZERS))
    assert json.loads(json.dumps(metadata, allow_nan=False))["minimum"] == 0.1
    assert metadata["prediction"] == {"samples": 9}
    assert "nearly quadratic" in metadata["validity"]
    of_gd = {"near the minimiser": 2.0, "from anywhere": 0.5}
    limits = [{"near the minimiser": 0.3}, {}, of_gd]
    assert [optimizer["limits"] for optimizer in metadata["optimizers"]] == limits
    assert [optimizer["predicted"] for optimizer in metadata["optimizers"]] == [
        {"batchSize": 4, "shuffled": False, "limit": 0.3},
        None,
        {"batchSize": 0, "shuffled": True, "limit": 2.0},
    ]


DIFFERENT = TheoryResults(OBJECTIVES | {"0.1": ObjectiveTheory()}, OPTIMIZERS)


@pytest.mark.parametrize(
    ("theory", "why"),
    [(NOTHING, "it is made up"), (DIFFERENT, "its optimizers have different penalties λ")],
)
def test_why_there_is_no_prediction(theory, why):
    metadata, _ = made(theory)
    json.dumps(metadata, allow_nan=False)
    assert (metadata["minimum"], metadata["prediction"], metadata["why"]) == (None, None, why)
    assert [optimizer["predicted"] for optimizer in metadata["optimizers"]] == [None] * 3
    assert metadata["optimizers"][2]["limits"] == theory.limits("gd")
