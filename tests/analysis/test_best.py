"""Which step size is best."""

import numpy as np
import pandas as pd
import pytest

from descent.analysis.best import best, best_study, criterion, lowest_between

LOSSES = {"test_loss": [3, 2, 1]}
ACCURACIES = LOSSES | {"test_accuracy": [0.9, 0.8, 0.7]}
VALIDATED, HIGHER = {"validation_loss": [2, 1, 3]}, {"validation_accuracy": [0.5, 0.6, 0.7]}


@pytest.mark.parametrize(
    ("columns", "by", "chosen"),
    [
        (ACCURACIES, "test accuracy", [10.0]),
        (ACCURACIES | {"test_accuracy": [0.7, 0.9, 0.9]}, "test accuracy", [1.0]),  # by its loss
        ({"test_loss": [2, 1, 1], "test_accuracy": [0.8, 0.9, 0.9]}, "test accuracy", [0.1]),
        (ACCURACIES | {"test_accuracy": [np.nan] * 3}, "test accuracy", []),
        (LOSSES, "test loss", [1.0]),
        (LOSSES | {"test_loss": [np.inf, 1, 2]}, "test loss", [0.1]),
        (LOSSES | VALIDATED, "validation loss", [0.1]),
        (ACCURACIES | VALIDATED | HIGHER, "validation accuracy", [1.0]),
    ],
)
def test_the_best_step_size(columns, by, chosen):
    medians = {f"final_{name}_median": values for name, values in columns.items()}
    runs = pd.DataFrame({"optimizer": "o", "step_size": [10.0, 0.1, 1.0], **medians})
    assert criterion(runs) == by
    assert best(runs)["step_size"].tolist() == chosen


def test_lowest_between_is_the_vertex_of_a_parabola():
    a = np.array([1.0, 0.1, 10.0, 0.01])
    values = pd.Series(np.exp(np.log(a / 0.3) ** 2 / 4 - 3), a)
    assert lowest_between(values) == pytest.approx(0.3)
    for cut in (a >= 1, a <= 0.1):  # the lowest is at an end of the grid
        assert np.isnan(lowest_between(values[cut]))


def test_the_best_study_has_the_best_step_size_of_each_optimizer_that_has_one():
    runs = pd.DataFrame({"optimizer": ["a", "a", "b"], "step_size": [0.1, 1.0, 1.0]})
    runs = runs.assign(final_test_loss_median=[2.0, 1.0, np.inf])
    keys = {"seeds": 3, "optimizers": {"a": {"epochs": 2, "step_sizes": {"from": 0.1}}, "b": {}}}
    found = best_study(keys, runs)
    assert found == {"seeds": 3, "optimizers": {"a": {"epochs": 2, "step_sizes": [1.0]}}}
