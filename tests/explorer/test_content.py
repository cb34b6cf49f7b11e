"""What the page shows of a study, against made-up tables."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from descent.analysis.quantiles import quantile
from descent.analysis.summary import summary
from descent.explorer.content import content
from descent.figures._style import optimizer_looks
from descent.theory.results import ObjectiveTheory, OptimizerTheory, TheoryResults

NAMED = {"study": "made_up", "dataset": "d", "model": "m", "engine": "e"}
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
    parts = []
    for seed in SEEDS:
        loss = 2 * np.exp(np.cumsum(random.normal(scale=0.1, size=number)))
        if optimizer == "gd":
            loss[4:] = np.nan
        of_seed = {"seed": seed, "step": step, "epoch": step / 9, "objective": loss}
        of_seed |= {"train_loss": loss, "test_loss": loss + 1, "train_accuracy": 1 / (1 + loss)}
        of_seed |= {"test_accuracy": 1 / (2 + loss), "gradient_norm": 1e30 * loss**2}
        of_seed |= {"rises": step, "distance_A": np.nan, "excess": loss - 0.1}
        parts.append(pd.DataFrame(of_seed))
    batch_size = "full" if optimizer == "gd" else "4"
    return pd.concat(parts).assign(optimizer=optimizer, step_size=step_size, batch_size=batch_size)


TRACES = pd.concat([rows(*run, number) for run, number in RUNS.items()], ignore_index=True)
TRACES = TRACES.assign(**NAMED)
SUMMARY = summary(TRACES)


def known() -> TheoryResults:
    objective = ObjectiveTheory(minimum=0.1, prediction={"samples": 9})
    return TheoryResults({"0.0": objective}, OPTIMIZERS)


UNKNOWN = TheoryResults({"0.0": ObjectiveTheory("it is made up")})
MADE = {
    run: {
        "number": number,
        "label": repr(run[1]),
        "provenance": {"trained": {"by": run[0], "l2": None}, "evaluated": {"on": "cpu"}},
    }
    for number, run in enumerate(run for run in RUNS if "average" not in run[0])
}
SAMPLING = {"sgd": "with_replacement", "gd": "shuffled"}


def made(theory: TheoryResults = UNKNOWN, **changes) -> tuple[dict, dict]:
    return content(TRACES, SUMMARY, theory, MADE | changes.get("made", {}), SAMPLING)


def parts(words, columns, name: str) -> dict[tuple[str, float], np.ndarray]:
    """A column in parts, one of each run."""
    ends = np.cumsum([run["steps"] for run in words["runs"]])
    values = np.split(columns[name].reshape(ends[-1], -1), ends[:-1])
    names = [words["optimizers"][run["optimizer"]]["name"] for run in words["runs"]]
    sizes = [run["stepSize"] for run in words["runs"]]
    return dict(zip(zip(names, sizes, strict=True), values, strict=True))


def test_numbers_are_those_of_the_traces_at_the_steps_that_are_shown():
    """Of a metric: the range over few seeds about the median, then the seeds."""
    words, columns = made()
    steps = parts(words, columns, "step")
    assert words["seeds"] == sorted(SEEDS)
    assert words["outer"] == "range"
    for metric in words["metrics"]:
        for (optimizer, step_size), values in parts(words, columns, metric).items():
            of_run = TRACES[(TRACES["optimizer"] == optimizer) & (TRACES["step_size"] == step_size)]
            name = metric.replace("error", "accuracy")
            table = of_run.pivot(index="step", columns="seed", values=name)
            seeds = table.loc[steps[optimizer, step_size][:, 0]].to_numpy()
            seeds = 1 - seeds if "error" in metric else seeds
            ends = [quantile(seeds, share, metric) for share in (0, 0.5, 1)]
            with np.errstate(over="ignore"):
                expected = np.column_stack([*ends, seeds]).astype(np.float32)
            np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-9)
    for run, epochs in parts(words, columns, "epoch").items():
        np.testing.assert_array_equal(epochs, np.float32(steps[run] / 9))
    assert {column.dtype.name for column in columns.values()} == {"int32", "float32"}


def test_metrics_are_all_that_differ_and_are_known():
    """train_loss is the objective, distance_A is never known, rises are no metric."""
    metrics = ["objective", "test_loss", "train_error", "test_error", "gradient_norm"]
    words, columns = made()
    assert words["metrics"] == [*metrics, "excess"]
    assert columns.keys() == {*words["metrics"], "step", "epoch"}
    differs = TRACES.assign(train_loss=TRACES["train_loss"] + 1e-9)
    words, _ = content(differs, SUMMARY, UNKNOWN, MADE, SAMPLING)
    assert "train_loss" in words["metrics"]


def test_runs_come_as_in_the_summary_and_averages_from_their_run():
    words, columns = made()
    assert list(parts(words, columns, "step")) == list(RUNS)
    assert [run["status"] for run in words["runs"]] == SUMMARY["status"].tolist()
    assert [run["number"] for run in words["runs"]] == [0, 1, None, 2]
    by = [dict(words["provenance"][run["provenance"]])["by"] for run in words["runs"]]
    assert by == ["sgd", "sgd", "sgd", "gd"]
    assert words["provenance"][0] == [("by", "sgd"), ("evaluated by", '{"on": "cpu"}')]


def test_an_optimizer_may_be_called_an_average():
    own = {("sgd_average", 0.1): MADE["sgd", 0.1] | {"number": 7}}
    words, _ = made(made=own)
    assert words["runs"][2]["number"] == 7


@pytest.mark.parametrize("theory", [known(), UNKNOWN])
def test_words_can_be_written(theory):
    words, _ = made(theory)
    assert json.loads(json.dumps(words, allow_nan=False))["study"] == "made_up"


def test_what_theory_knows():
    words, _ = made(known())
    assert words["minimum"] == 0.1
    assert words["prediction"] == {"samples": 9}
    assert "nearly quadratic" in words["validity"]
    of_gd = {"near the minimiser": 2.0, "from anywhere": 0.5}
    limits = [{"near the minimiser": 0.3}, {}, of_gd]
    assert [optimizer["limits"] for optimizer in words["optimizers"]] == limits
    assert [optimizer["predicted"] for optimizer in words["optimizers"]] == [
        {"batchSize": 4, "shuffled": False, "limit": 0.3},
        None,
        {"batchSize": 0, "shuffled": True, "limit": 2.0},
    ]


def test_what_no_theory_knows():
    words, _ = made()
    assert (words["minimum"], words["prediction"], words["why"]) == (None, None, "it is made up")
    assert [optimizer["predicted"] for optimizer in words["optimizers"]] == [None] * 3


def test_optimizers_look_as_in_the_figures_and_have_their_best_step_size():
    optimizers = {optimizer["name"]: optimizer for optimizer in made()[0]["optimizers"]}
    final = SUMMARY.set_index(["optimizer", "step_size"])["final_test_accuracy_median"]
    assert optimizers["sgd"]["best"] == final["sgd"].idxmax()
    assert optimizers["gd"]["best"] is None
    for name, look in optimizer_looks(SUMMARY).items():
        assert optimizers[name]["mark"] == look["marker"]
        assert optimizers[name]["colours"][0] == look["color"]
        assert optimizers[name]["open"] == (name == "sgd_average")


def test_nothing_is_predicted_where_optimizers_have_objectives_of_their_own():
    theory = known()
    words, _ = made(replace(theory, objectives=theory.objectives | {"0.1": ObjectiveTheory()}))
    assert words["prediction"] is words["minimum"] is None
    assert "different penalties λ" in words["why"]
    assert [of["predicted"] for of in words["optimizers"]] == [None] * 3
    assert words["optimizers"][0]["limits"] == {"near the minimiser": 0.3}
