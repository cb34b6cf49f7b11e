"""Which step size is best."""

import numpy as np
import pandas as pd
import pytest

from descent.analysis.best import best, criterion

LOSSES = {"test_loss": [3, 2, 1]}
ACCURACIES = LOSSES | {"test_accuracy": [0.9, 0.8, 0.7]}
VALIDATED = {"validation_loss": [2, 1, 3]}


@pytest.mark.parametrize(
    ("columns", "by", "chosen"),
    [
        (ACCURACIES, "test accuracy", [10.0]),
        (ACCURACIES | {"test_accuracy": [0.7, 0.9, 0.9]}, "test accuracy", [1.0]),  # by its loss
        ({"test_loss": [2, 1, 1], "test_accuracy": [0.8, 0.9, 0.9]}, "test accuracy", [0.1]),
        (ACCURACIES | {"test_accuracy": [np.nan, 0.8, 0.7]}, "test accuracy", [0.1]),
        (ACCURACIES | {"test_accuracy": [np.nan] * 3}, "test accuracy", []),
        (LOSSES, "test loss", [1.0]),
        (LOSSES | {"test_loss": [np.inf, 1, 2]}, "test loss", [0.1]),
        (LOSSES | VALIDATED, "validation loss", [0.1]),
        (
            ACCURACIES | VALIDATED | {"validation_accuracy": [0.5, 0.6, 0.7]},
            *("validation accuracy", [1.0]),
        ),
    ],
)
def test_the_best_step_size(columns, by, chosen):
    medians = {f"final_{name}_median": values for name, values in columns.items()}
    runs = pd.DataFrame({"optimizer": "o", "step_size": [10.0, 0.1, 1.0], **medians})
    assert criterion(runs) == by
    assert best(runs)["step_size"].tolist() == chosen
