"""Predictions beside made-up measurements whose limits, floors and rates are known exactly."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from descent.analysis.predictions import COLUMNS, predictions
from descent.store.tables import RUN
from descent.theory.results import ObjectiveTheory, OptimizerTheory, TheoryResults

STEP = np.arange(17)
OPTIMIZERS = {
    "gd": OptimizerTheory("plain", True, 0.0, "full", 0.5),
    "sgd": OptimizerTheory("plain", True, 0.0, "1", 3.0),
}
NAMED = dict.fromkeys(RUN, "s")


def run(optimizer: str, step_size: float, *seeds, step=STEP) -> pd.DataFrame:
    """A run whose excess each of the seeds gives, as a function of the step."""
    of_seeds = [
        pd.DataFrame({"seed": number, "step": step, "excess": excess(step.astype(float))})
        for number, excess in enumerate(seeds)
    ]
    named = NAMED | {"optimizer": optimizer, "step_size": step_size}
    return pd.concat(of_seeds).assign(**named)


def expected(optimizer: str, step_size: float, start, noise, step=STEP) -> pd.DataFrame:
    heights = {"from_start": start(step.astype(float)), "from_noise": noise}
    return pd.DataFrame({"optimizer": optimizer, "step_size": step_size, "step": step, **heights})


def known(*of_runs: pd.DataFrame, objective: float = 0.5) -> TheoryResults:
    table = pd.concat(of_runs) if of_runs else expected("gd", 1.0, np.zeros_like, 0.0)[:0]
    objectives = {"0.0": ObjectiveTheory(minimum=objective, curvature=4.0)}
    return TheoryResults(objectives, OPTIMIZERS, table)


def summary(statuses: dict[float, str], optimizer: str = "sgd") -> pd.DataFrame:
    table = pd.DataFrame({"step_size": statuses.keys(), "status": statuses.values()})
    return table.assign(**{**NAMED, "step_size": table["step_size"], "optimizer": optimizer})


NONE = summary({1.0: "descending"}, "adam")  # of which no limit is known


def rows(quantity: str, *arguments) -> pd.DataFrame:
    table = predictions(*arguments)
    assert list(table) == COLUMNS
    assert (table["study"] == "s").all()
    table = table[table["quantity"] == quantity]
    if len(table):
        assert_allclose(table["ratio"], table["measured"] / table["predicted"])
    return table


def one(quantity: str, *arguments) -> pd.Series:
    (row,) = (row for _, row in rows(quantity, *arguments).iterrows())
    return row


@pytest.mark.parametrize(
    ("statuses", "low", "high"),
    [
        ({1.0: "descending", 2.0: "converged", 8.0: "diverged", 32.0: "diverged"}, 2, 8),
        ({8.0: "oscillating", 2.0: "plateau", 1.0: "descending"}, 1, 2),
        ({1.0: "converged", 4.0: "converged 2/3, diverged 1/3", 9.0: "diverged"}, 4, 9),
        ({1.0: "converged", 4.0: "diverged 2/4, converged 2/4", 9.0: "diverged"}, 4, 9),
        ({1.0: "diverged", 2.0: "converged", 4.0: "diverged"}, np.nan, 1),
        ({1.0: "converged", 4.0: "converged"}, 4, np.inf),
    ],
)
def test_the_limit_of_full_batches_lies_where_statuses_change(statuses, low, high):
    runs = summary(statuses, "gd")
    row = one("limit", run("gd", 1.0, np.ones_like), pd.concat([runs, NONE]), known())
    assert (row["optimizer"], row["predicted"]) == ("gd", 0.5)
    assert np.isnan(row["step_size"])
    middle = np.sqrt(low * high) if np.isfinite(high) else np.nan
    assert_allclose([row["stable"], row["unstable"], row["measured"]], [low, high, middle])
    assert np.isnan(row["error"])


def test_full_batches_that_rise_above_their_start_again_are_unstable():
    def bursts(step):
        return np.where(step % 5 == 4, 2.0, 1e-6) * (step > 0) + (step == 0)  # last at step 14

    calm, few = np.zeros_like, (bursts, np.zeros_like, np.zeros_like)
    ends = {0.1: (calm,) * 3, 0.2: few, 0.4: (bursts, bursts, calm), 0.8: (calm,) * 3}
    traces = pd.concat([run("gd", a, *ends[a]) for a in ends])
    runs = pd.concat([summary(dict.fromkeys(ends, "converged"), "gd"), NONE])
    row = one("limit", traces, runs, known())
    assert_allclose([row["stable"], row["unstable"]], [0.2, 0.4])


def test_the_limit_of_batches_lies_where_the_mean_over_seeds_grows():
    """Tenfold, however many seeds do not, or to what is not finite."""

    def grows_to(height):
        return lambda step: np.where(step > 12, height, 1.0)

    # in the order of no list of step sizes: a further one comes last
    ends = {0.2: (1.0, 18.9), 0.4: (0.0, 21.0), 0.8: (1.0, np.nan), 0.1: (9.0, 10.0)}
    traces = pd.concat([run("sgd", a, *map(grows_to, ends[a])) for a in ends])
    runs = summary(dict.fromkeys(ends, "plateau"))
    row = one("limit", traces, runs, known())
    assert (row["optimizer"], row["predicted"]) == ("sgd", 3.0)
    assert_allclose([row["stable"], row["unstable"]], [0.2, 0.4])
    without = traces[traces["step_size"] < 0.3], runs[runs["step_size"] < 0.3]
    grid = ["stable", "unstable"]
    assert_allclose([*one("limit", *without, known())[grid]], [0.2, np.inf])
    last = traces[traces["step_size"] != 0.4], runs[runs["step_size"] != 0.4]
    assert_allclose([*one("limit", *last, known())[grid]], [0.2, 0.8])


def test_an_excess_is_the_mean_of_the_last_quarter_with_its_error_over_seeds():
    def falls_to(floor):
        return lambda step: np.where(step > 12, floor + (step - 14.5), 100)  # steps 13 to 16

    traces = run("sgd", 0.1, falls_to(2), falls_to(4))
    theory = known(expected("sgd", 0.1, lambda step: step / 10, 3.0))
    row = one("excess", traces, NONE, theory)
    assert (row["optimizer"], row["step_size"]) == ("sgd", 0.1)
    assert_allclose(row["predicted"], 1.45 + 3)
    assert_allclose(row["measured"], 3)
    assert_allclose(row["error"], 2)  # two standard errors: 2 √2 / √2
    assert row[["stable", "unstable"]].isna().all()


@pytest.mark.parametrize(
    ("objective", "height", "resolved"),
    [(0.5, 1e-12, False), (0.5, 1e-3, True), (2e-33, 2e-17, False), (2e-33, 1e-12, True)],
)
def test_an_excess_that_is_lost_in_rounding_is_not_predicted(objective, height, resolved):
    """Rounding of the objective, or, where it falls to 0, of the parameters; it begins at 1."""
    traces = run("gd", 0.1, np.ones_like)
    theory = known(expected("gd", 0.1, lambda s: 0 * s + height, np.nan), objective=objective)
    assert len(rows("excess", traces, NONE, theory)) == resolved
    assert len(rows("rate", traces, NONE, theory)) == resolved


def decaying(rate: float):
    return lambda step: 3 * np.exp(-rate * step)


def test_a_rate_is_that_of_the_second_half_of_full_batches():
    late = lambda step: np.exp(-0.1 * np.maximum(step - 8, 0))  # noqa: E731
    traces = pd.concat([run("gd", 0.1, late, late), run("sgd", 0.1, late)])
    theory = known(
        expected("gd", 0.1, decaying(0.2), np.nan), expected("sgd", 0.1, decaying(0.2), 0.0)
    )
    row = one("rate", traces, NONE, theory)
    assert (row["optimizer"], row["step_size"]) == ("gd", 0.1)
    assert_allclose(row[["predicted", "measured", "error"]].tolist(), [0.2, 0.1, 0], atol=1e-15)


def test_the_error_of_a_rate_is_that_of_the_jackknife():
    rates = [0.1, 0.11, 0.14]
    traces = run("gd", 0.1, *map(decaying, rates))

    def rate_of(rates):
        middle, end = (np.mean([np.exp(-rate * t) for rate in rates]) for t in (8, 16))
        return np.log(middle / end) / 8

    without = np.array([rate_of(np.delete(rates, i)) for i in range(3)])
    error = np.sqrt(2 / 3 * np.square(without - without.mean()).sum())
    row = one("rate", traces, NONE, known(expected("gd", 0.1, decaying(0.2), np.nan)))
    assert_allclose(row[["measured", "error"]].tolist(), [rate_of(rates), 2 * error])


@pytest.mark.parametrize("lost", [np.nan, np.inf, -1e-9, 0.0])
def test_what_is_not_measured_is_not_made_up(lost):
    """A seed that diverged, or came below what can be resolved; and nothing is warned of."""
    traces = run("gd", 0.1, lambda step: np.where(step > 14, lost, 1.0))
    theory = known(expected("gd", 0.1, decaying(0.2), np.nan))
    assert not np.isfinite(one("rate", traces, NONE, theory)["measured"])
    if not np.isfinite(lost):
        assert not np.isfinite(one("excess", traces, NONE, theory)["measured"])


def test_curvature_is_that_of_the_last_step_where_it_is_measured():
    traces = run("gd", 0.1, np.ones_like, np.ones_like)
    theory = known()
    assert rows("curvature", traces, NONE, theory).empty
    traces["curvature"] = traces["step"] / 8 + traces["seed"]  # ends at 2 and 3
    not_measured = run("sgd", 0.1, np.ones_like).assign(curvature=np.nan)
    row = one("curvature", pd.concat([traces, not_measured]), NONE, theory)
    assert (row["optimizer"], row["step_size"], row["predicted"]) == ("gd", 0.1, 4)
    assert_allclose([row["measured"], row["error"]], [2.5, 1])


def test_nothing_is_predicted_without_a_minimiser():
    theory = replace(known(), objectives={"0.0": ObjectiveTheory("it is made up")})
    table = predictions(run("gd", 0.1, np.ones_like), summary({0.1: "diverged"}), theory)
    assert list(table) == COLUMNS
    assert table.empty
