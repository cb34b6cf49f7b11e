import numpy as np
import pandas as pd
import pytest

from descent.summary import status, summarise

STEPS = np.arange(41)


@pytest.mark.parametrize(
    ("objective", "full_batch", "expected"),
    [
        (np.full(41, 1.0), True, "converged"),
        (1 + 0.5 ** np.arange(41), True, "converged"),
        (np.linspace(2, 1, 41), True, "descending"),
        (np.linspace(2, 1.99, 41), True, "converged"),
        (np.linspace(1, 1.1, 41), True, "diverged"),
        (np.r_[np.full(40, 1.0), np.nan], True, "diverged"),
        (np.r_[1, np.inf, np.full(39, 1.0)], True, "diverged"),
        (2 - STEPS / 40 + 0.1 * (STEPS % 2), True, "oscillating"),
        (2 - STEPS / 40 + 0.1 * (STEPS % 2), False, "descending"),
        (2 - 1e-3 * (STEPS > 0) + 1e-9 * (STEPS % 2), True, "converged"),  # rounding is no rise
    ],
)
def test_status(objective, full_batch, expected):
    assert status(STEPS, objective, full_batch) == expected


def test_the_last_quarter_is_a_quarter_of_the_steps():
    # evaluated often at the start only: the last quarter goes from step 75 to step 100
    step = np.r_[0, 1, 2, 4, 8, 16, 25, 50, 75, 100]
    objective = np.r_[10.0, 9, 8, 7, 6, 5, 4, 3, 2, 2]
    assert status(step, objective, full_batch=True) == "converged"


def traces(final: dict[int, list[float]], batch: int = 1) -> pd.DataFrame:
    """Test accuracies at steps 0, 1, 2 of each seed; the other metrics are 1 - accuracy."""
    rows = [
        {"seed": seed, "step": step, "epoch": step * batch / 4, "test_accuracy": accuracy}
        for seed, accuracies in final.items()
        for step, accuracy in enumerate(accuracies)
    ]
    table = pd.DataFrame(rows).assign(
        study="s", dataset="d", model="m", optimizer="o", step_size=0.1, engine="e"
    )
    loss = 1 - table["test_accuracy"]
    return table.assign(objective=loss, test_loss=loss)


def test_quantiles_over_seeds_and_the_best_of_the_median():
    table = traces({0: [0, 0.7, 0.5], 1: [0, 0.9, 0.6], 2: [0, 0.8, 0.7]})
    (row,) = summarise(table).to_dict("records")
    assert row["seeds"] == 3
    assert row["final_test_accuracy_median"] == pytest.approx(0.6)
    assert row["final_test_accuracy_q10"] == pytest.approx(np.quantile([0.5, 0.6, 0.7], 0.1))
    assert row["final_test_accuracy_q90"] == pytest.approx(np.quantile([0.5, 0.6, 0.7], 0.9))
    assert row["final_test_loss_median"] == pytest.approx(0.4)
    assert row["best_test_accuracy"] == pytest.approx(0.8)
    assert row["best_test_accuracy_step"] == 1


def test_the_status_is_the_worst_over_seeds():
    table = traces({0: [0, 0.5, 0.5], 1: [0.5, 0.2, 0.1]})
    assert summarise(table)["status"].tolist() == ["diverged"]


def test_a_regression_has_no_accuracy():
    table = traces({0: [0, 0.5, 0.6]}).drop(columns="test_accuracy")
    assert not [column for column in summarise(table) if "accuracy" in column]


def test_a_value_that_is_not_finite_stays_visible():
    table = traces({0: [0, 0.5, 0.6], 1: [0, 0.5, 0.6], 2: [0, 0.5, np.nan]})
    (row,) = summarise(table).to_dict("records")
    assert np.isnan(row["final_objective_median"])
    assert row["status"] == "diverged"


@pytest.mark.parametrize("change", [-1e-12, 0, 1e-12])
def test_a_step_size_too_small_to_move_has_not_diverged(change):
    assert status(STEPS, 2 + change * STEPS / 40, full_batch=True) == "converged"


@pytest.mark.parametrize(("fall", "expected"), [(0.0099, "converged"), (0.0101, "descending")])
def test_descending_is_a_fall_of_one_per_cent_over_the_last_quarter(fall, expected):
    objective = np.where(STEPS <= 30, 5.0, 5.0 * (1 - fall * (STEPS - 30) / 10))
    objective[0] = 6
    assert status(STEPS, objective, full_batch=True) == expected


@pytest.mark.parametrize(("rises", "expected"), [(1, "converged"), (2, "oscillating")])
def test_oscillating_is_a_rise_in_more_than_a_tenth_of_the_last_quarter(rises, expected):
    objective = 5 - 1e-4 * STEPS
    for position in range(rises):  # of the ten steps after step 30
        objective[33 + 3 * position :] += 3e-4
    objective[0] = 6
    assert status(STEPS, objective, full_batch=True) == expected


def test_the_last_quarter_has_a_start_where_it_was_evaluated_seldom():
    assert status(np.array([0, 500, 1000, 1500]), np.array([3, 2.2, 2.1, 2]), False) == "descending"
    assert status(np.array([0, 1]), np.array([3, 2]), True) == "descending"


@pytest.mark.parametrize(("batch", "expected"), [(4, "oscillating"), (1, "converged")])
def test_only_full_batches_oscillate(batch, expected):
    # step equals epoch where a batch is all four samples
    table = traces({0: [0.1, 0.5, 0.499, 0.4995, 0.499]}, batch)
    assert summarise(table)["status"].tolist() == [expected]
