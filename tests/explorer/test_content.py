"""What the page shows of a study, against made-up tables."""

import json

import numpy as np
import pandas as pd

from descent.analysis.quantiles import quantile
from descent.analysis.summary import summary
from descent.explorer.content import content
from descent.explorer.packed import packed
from descent.explorer.thinned import MOST
from descent.theory.results import EXPECTED, ObjectiveTheory, OptimizerTheory, TheoryResults

NAMED = {"study": "made_up", "dataset": "d", "model": "m", "engine": "e"}
SEEDS = [8, 3, 5]
# optimizer, step size: evaluated steps
RUNS = {("sgd", 0.1): 251, ("sgd", 1.0): 251, ("sgd_average", 0.1): 90, ("gd", 100.0): 7}
OPTIMIZERS = {
    "gd": OptimizerTheory("plain", 0.0, "full", 2.0, limit_from_anywhere=0.5),
    "sgd": OptimizerTheory("plain", 0.0, "4", 0.3),
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
    step = 3 * np.arange(200)  # not of all that are evaluated
    of_run = {"optimizer": "sgd", "step_size": 0.1, "step": step, "from_start": 1 / (1 + step)}
    expected = pd.DataFrame(of_run).assign(from_noise=0.25)[EXPECTED]
    return TheoryResults({"0.0": ObjectiveTheory(minimum=0.1)}, OPTIMIZERS, expected)


UNKNOWN = TheoryResults({"0.0": ObjectiveTheory("it is made up")})
MADE = {
    run: {"number": number, "label": repr(run[1]), "provenance": {"by": "gd" in run}}
    for number, run in enumerate(run for run in RUNS if "average" not in run[0])
}


def made(known_of_it: TheoryResults = UNKNOWN, **changes) -> tuple[dict, dict]:
    return content(TRACES, SUMMARY, known_of_it, MADE | changes.get("made", {}))


def parts(words, columns, name: str) -> dict[tuple[str, float], np.ndarray]:
    """A column in parts, one of each run."""
    ends = np.cumsum([run["steps"] for run in words["runs"]])
    values = np.split(columns[name].reshape(ends[-1], -1), ends[:-1])
    return {(r["optimizer"], r["stepSize"]): v for r, v in zip(words["runs"], values, strict=True)}


def test_numbers_are_those_of_the_traces_at_the_steps_that_are_shown():
    words, columns = made()
    assert words["seeds"] == sorted(SEEDS)
    steps = parts(words, columns, "step")
    assert {run: len(of) <= MOST + 1 for run, of in steps.items()} == dict.fromkeys(steps, True)
    for metric in words["metrics"]:
        for (optimizer, step_size), values in parts(words, columns, metric).items():
            of_run = TRACES[(TRACES["optimizer"] == optimizer) & (TRACES["step_size"] == step_size)]
            table = of_run.set_index(["step", "seed"])[metric]
            shown = steps[optimizer, step_size][:, 0]
            expected = [[table[step, seed] for seed in sorted(SEEDS)] for step in shown]
            with np.errstate(over="ignore"):
                np.testing.assert_array_equal(values, np.float32(expected))
    for run, epochs in parts(words, columns, "epoch").items():
        np.testing.assert_array_equal(epochs, np.float32(steps[run] / 9))


def test_what_is_shown_has_the_extremes_of_the_median():
    words, columns = made()
    for (optimizer, step_size), shown in parts(words, columns, "step").items():
        of_run = TRACES[(TRACES["optimizer"] == optimizer) & (TRACES["step_size"] == step_size)]
        medians = of_run.groupby("step")["objective"].agg(lambda v: quantile(v, 0.5, "objective"))
        ends = {medians.idxmin(), medians.idxmax(), of_run["step"].min(), of_run["step"].max()}
        assert ends <= set(shown[:, 0])


def test_metrics_are_all_that_differ_and_are_known():
    """train_loss is the objective, distance_A is never known, rises are no metric."""
    metrics = ["objective", "test_loss", "train_accuracy", "test_accuracy", "gradient_norm"]
    words, columns = made()
    assert words["metrics"] == [*metrics, "excess"]
    assert columns.keys() == {*words["metrics"], "step", "epoch", "expected", "expected_noise"}
    differs = TRACES.assign(train_loss=TRACES["train_loss"] + 1e-9)
    words, _ = content(differs, SUMMARY, UNKNOWN, MADE)
    assert "train_loss" in words["metrics"]


def test_columns_can_be_packed_and_words_written():
    for known_of_it in (known(), UNKNOWN):
        words, columns = made(known_of_it)
        packed(columns)
        assert json.loads(json.dumps(words, allow_nan=False)) == words


def test_runs_come_as_in_the_summary_and_averages_from_their_run():
    words, _ = made()
    assert [(run["optimizer"], run["stepSize"]) for run in words["runs"]] == list(RUNS)
    assert [run["status"] for run in words["runs"]] == SUMMARY["status"].tolist()
    numbers = {(run["optimizer"], run["stepSize"]): run.get("number") for run in words["runs"]}
    pictured = {run: MADE[run]["number"] for run in MADE}
    assert numbers == {**pictured, ("sgd_average", 0.1): None}
    for run in words["runs"]:
        by = words["provenance"][run["provenance"]]
        assert by == {"by": run["optimizer"] == "gd"}
    assert len(words["provenance"]) == 2


def test_an_optimizer_may_be_called_an_average():
    own = {("sgd_average", 0.1): {"number": 7, "label": "0.1", "provenance": {"by": None}}}
    words, _ = made(made=own)
    assert words["runs"][2]["number"] == 7


def test_what_theory_knows():
    words, columns = made(known())
    assert words["optimum"] == 0.1
    assert [run["floor"] for run in words["runs"]] == [0.25, None, None, None]
    limits = {o["name"]: o["limits"] for o in words["optimizers"]}
    of_gd = {"near the minimiser": 2.0, "from anywhere": 0.5}
    assert limits == {"sgd": {"near the minimiser": 0.3}, "sgd_average": {}, "gd": of_gd}
    height, noise = (parts(words, columns, name) for name in ("expected", "expected_noise"))
    for run, steps in parts(words, columns, "step").items():
        told = (steps < 600) & (run == ("sgd", 0.1))
        formula = np.where(told, 1 / (1.0 + steps) + 0.25, np.nan)
        np.testing.assert_allclose(height[run], formula, rtol=1e-6)
        np.testing.assert_array_equal(noise[run], np.where(told, np.float32(0.25), np.nan))
    assert np.isfinite(height["sgd", 0.1]).any()


def test_what_no_theory_knows():
    words, columns = made()
    assert words["optimum"] is None
    assert [run["floor"] for run in words["runs"]] == [None] * 4
    assert [optimizer["limits"] for optimizer in words["optimizers"]] == [{}] * 3
    assert np.isnan(columns["expected"]).all()
    assert np.isnan(columns["expected_noise"]).all()


def test_the_best_step_sizes():
    words, _ = made()
    assert words["criterion"] == "test accuracy"
    final = SUMMARY.set_index(["optimizer", "step_size"])["final_test_accuracy_median"]
    best = {optimizer["name"]: optimizer["best"] for optimizer in words["optimizers"]}
    assert best["sgd"] == final["sgd"].idxmax()
    assert best["gd"] is None
