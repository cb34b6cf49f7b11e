"""The trace of a run: its metrics at every evaluated step. A pure function of iterates and data."""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.data import Data
from descent.iterates import Iterates


def trace(
    iterates: Iterates, data: Data, model: ModuleType, evaluator: ModuleType
) -> dict[str, NDArray]:
    """Columns of the trace, a row for each seed and evaluated step, steps fastest.

        objective = training loss + λ/2 ‖parameters‖²,  distance_<p> = ‖p_t - p_T‖

    Losses and accuracies (fractions) are means over samples, distances Frobenius norms to the last
    iterate; both accumulate in float64. Values of a run that diverged are nan or inf.
    """
    seeds, steps = len(iterates.seed), len(iterates.step)
    snapshots = {
        name: p.reshape(seeds * steps, *p.shape[2:]) for name, p in iterates.parameters.items()
    }
    l2 = iterates.provenance["l2"]
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        train_loss, train_accuracy = evaluator.means(
            model, snapshots, data.x_train, data.scale, data.y_train
        )
        test_loss, test_accuracy = evaluator.means(
            model, snapshots, data.x_test, data.scale, data.y_test
        )
        # a model that computes nan predicts nothing, though its argmax is a class
        train_accuracy[np.isnan(train_loss)] = np.nan
        test_accuracy[np.isnan(test_loss)] = np.nan
        penalty = l2 / 2 * sum(_norm(p) ** 2 for p in snapshots.values()) if l2 else 0
        distances = {
            f"distance_{name}": np.concatenate([_norm(seed - seed[-1]) for seed in p])
            for name, p in iterates.parameters.items()
        }
    return {
        "seed": np.repeat(iterates.seed, steps),
        "step": np.tile(iterates.step, seeds),
        "epoch": np.tile(iterates.epoch, seeds),
        "objective": train_loss + penalty,
        "train_loss": train_loss,
        "test_loss": test_loss,
        "train_accuracy": train_accuracy,
        "test_accuracy": test_accuracy,
        **distances,
    }


def _norm(p: NDArray) -> NDArray:
    """Frobenius norm of each array of a stack, in float64."""
    return np.sqrt(np.square(p.reshape(len(p), -1), dtype=np.float64).sum(1))
