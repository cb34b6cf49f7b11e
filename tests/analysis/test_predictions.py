"""Predictions compared with measurements whose limits, floors and rates are known exactly."""

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


def run(optimizer: str, step_size: float, *seeds) -> pd.DataFrame:
    """A run, from the excess of each seed as a function of the step."""
    of_seeds = [
        pd.DataFrame({"seed": number, "step": STEP, "excess": excess(STEP.astype(float))})
        for number, excess in enumerate(seeds)
    ]
    named = NAMED | {"optimizer": optimizer, "step_size": step_size}
    return pd.concat(of_seeds).assign(**named)


def expected(optimizer: str, step_size: float, start, noise) -> pd.DataFrame:
    heights = {"from_start": start(STEP.astype(float)), "from_noise": noise}
    return pd.DataFrame({"optimizer": optimizer, "step_size": step_size, "step": STEP, **heights})


def known(*of_runs: pd.DataFrame, objective: float = 0.5) -> TheoryResults:
    table = pd.concat(of_runs) if of_runs else expected("gd", 1.0, np.zeros_like, 0.0)[:0]
    objectives = {"0.0": ObjectiveTheory(minimum=objective, curvature=4.0)}
    return TheoryResults(objectives, OPTIMIZERS, table)


def summary(statuses: dict[float, str], optimizer: str = "sgd") -> pd.DataFrame:
    table = pd.DataFrame({"step_size": statuses.keys(), "status": statuses.values()})
    return table.assign(**{**NAMED, "step_size": table["step_size"], "optimizer": optimizer})


NONE = summary({1.0: "descending"}, "adam")  # whose limit is not known


def rows(quantity: str, *arguments) -> pd.DataFrame:
    table = predictions(*arguments)
    assert list(table) == COLUMNS
    table = table[table["quantity"] == quantity]
    if len(table):
        assert_allclose(table["ratio"], table["measured"] / table["predicted"])
    return table


def only(quantity: str, *arguments) -> pd.Series:
    (row,) = (row for _, row in rows(quantity, *arguments).iterrows())
    return row


@pytest.mark.parametrize(
    ("statuses", "low", "high"),
    [
        ({1.0: "descending", 2.0: "converged", 8.0: "diverged", 32.0: "diverged"}, 2, 8),
        ({8.0: "oscillating", 2.0: "plateau", 1.0: "descending"}, 1, 2),
        ({1.0: "converged", 4.0: "diverged 2/4, converged 2/4", 9.0: "diverged"}, 4, 9),
        ({1.0: "diverged", 2.0: "converged", 4.0: "diverged"}, np.nan, 1),
        ({1.0: "converged", 4.0: "converged"}, 4, np.inf),
    ],
)
def test_the_limit_of_full_batches_lies_where_statuses_change(statuses, low, high):
    runs = summary(statuses, "gd")
    row = only("limit", run("gd", 1.0, np.ones_like), pd.concat([runs, NONE]), known())
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
    row = only("limit", traces, runs, known())
    assert_allclose([row["stable"], row["unstable"]], [0.2, 0.4])


def test_the_limit_of_batches_lies_where_the_mean_over_seeds_grows():
    """Tenfold, even if few seeds grow, or to a value that is not finite."""

    def grows_to(height):
        return lambda step: np.where(step > 12, height, 1.0)

    ends = {0.2: (1.0, 18.9), 0.4: (0.0, 21.0), 0.8: (1.0, np.nan), 0.1: (9.0, 10.0)}
    traces = pd.concat([run("sgd", a, *map(grows_to, ends[a])) for a in ends])
    runs = summary(dict.fromkeys(ends, "plateau"))
    row = only("limit", traces, runs, known())
    assert (row["optimizer"], row["predicted"]) == ("sgd", 3.0)
    assert_allclose([row["stable"], row["unstable"]], [0.2, 0.4])
    last = traces[traces["step_size"] != 0.4], runs[runs["step_size"] != 0.4]
    row = only("limit", *last, known())
    assert_allclose([row["stable"], row["unstable"]], [0.2, 0.8])


def test_an_excess_is_the_mean_of_the_last_quarter_with_two_standard_errors_over_seeds():
    def falls_to(floor):
        return lambda step: np.where(step > 12, floor + (step - 14.5), 100)  # steps 13 to 16

    traces = run("sgd", 0.1, falls_to(2), falls_to(4))
    theory = known(expected("sgd", 0.1, lambda step: step / 10, 3.0))
    row = only("excess", traces, NONE, theory)
    assert (row["optimizer"], row["step_size"]) == ("sgd", 0.1)
    assert_allclose([*row[["predicted", "measured", "error"]]], [1.45 + 3, 3, 2 * 2**0.5 / 2**0.5])
    assert row[["stable", "unstable"]].isna().all()


@pytest.mark.parametrize(
    ("objective", "height", "resolved"),
    [(0.5, 1e-12, False), (0.5, 1e-3, True), (2e-33, 2e-17, False), (2e-33, 1e-12, True)],
)
def test_an_excess_below_rounding_errors_is_not_predicted(objective, height, resolved):
    """Of the objective, or, if its minimum is 0, of the parameters; it starts at 1."""
    traces = run("gd", 0.1, np.ones_like)
    theory = known(expected("gd", 0.1, lambda s: 0 * s + height, np.nan), objective=objective)
    assert len(rows("excess", traces, NONE, theory)) == resolved
    assert len(rows("rate", traces, NONE, theory)) == resolved


def decaying(rate: float):
    return lambda step: 3 * np.exp(-rate * step)


def test_a_rate_is_that_of_the_second_half_of_full_batches():
    late = lambda step: np.exp(-0.1 * np.maximum(step - 8, 0))  # noqa: E731
    traces = pd.concat([run("gd", 0.1, late, late), run("sgd", 0.1, late)])
    theory = known(*(expected(name, 0.1, decaying(0.2), np.nan) for name in ("gd", "sgd")))
    row = only("rate", traces, NONE, theory)
    assert (row["optimizer"], row["step_size"]) == ("gd", 0.1)
    assert_allclose(row[["predicted", "measured", "error"]].tolist(), [0.2, 0.1, 0], atol=1e-15)


@pytest.mark.parametrize("lost", [np.nan, np.inf, -1e-9, 0.0])
def test_a_diverged_or_unresolved_seed_has_no_measured_rate(lost):
    traces = run("gd", 0.1, lambda step: np.where(step > 14, lost, 1.0))
    theory = known(expected("gd", 0.1, decaying(0.2), np.nan))
    assert not np.isfinite(only("rate", traces, NONE, theory)["measured"])
    if not np.isfinite(lost):
        assert not np.isfinite(only("excess", traces, NONE, theory)["measured"])


def test_nothing_is_predicted_without_a_minimiser():
    theory = replace(known(), objectives={"0.0": ObjectiveTheory("it is made up")})
    table = predictions(run("gd", 0.1, np.ones_like), summary({0.1: "diverged"}), theory)
    assert table.empty


def test_curvature_is_that_of_the_last_step():
    traces = run("gd", 0.1, np.ones_like, np.ones_like)
    theory = known()
    assert rows("curvature", traces, NONE, theory).empty
    traces["curvature"] = traces["step"] / 8 + traces["seed"]  # ends at 2 and 3
    not_measured = run("sgd", 0.1, np.ones_like).assign(curvature=np.nan)
    row = only("curvature", pd.concat([traces, not_measured]), NONE, theory)
    assert (row["optimizer"], row["step_size"], row["predicted"]) == ("gd", 0.1, 4)
    assert_allclose([row["measured"], row["error"]], [2.5, 1])
