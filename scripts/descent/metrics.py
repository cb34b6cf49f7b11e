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
    iterate, and, as optimum_distance_<p>, to the optimum of a model that has one in closed form;
    all accumulate in float64. A regression has no accuracies. Values of a run that diverged are nan
    or inf.
    """
    seeds, steps = len(iterates.seed), len(iterates.step)
    snapshots = {
        name: p.reshape(seeds * steps, *p.shape[2:]) for name, p in iterates.parameters.items()
    }
    l2 = iterates.provenance["l2"]
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        train_loss, train_accuracy = evaluator.mean_loss_and_accuracy(
            model, snapshots, data.x_train, data.scale, data.y_train
        )
        test_loss, test_accuracy = evaluator.mean_loss_and_accuracy(
            model, snapshots, data.x_test, data.scale, data.y_test
        )
        accuracies = {}
        if model.TASK == "classification":
            # a model that computes nan predicts nothing, though its argmax is a class
            train_accuracy[np.isnan(train_loss)] = np.nan
            test_accuracy[np.isnan(test_loss)] = np.nan
            accuracies = {"train_accuracy": train_accuracy, "test_accuracy": test_accuracy}
        penalty = l2 / 2 * sum(_norm(p) ** 2 for p in snapshots.values()) if l2 else 0
        distances = {
            f"distance_{name}": np.concatenate([_norm(seed - seed[-1]) for seed in p])
            for name, p in iterates.parameters.items()
        }
        distances |= {
            f"optimum_distance_{name}": _norm(snapshots[name] - p)
            for name, p in optimum(iterates, data, model).items()
        }
    return {
        "seed": np.repeat(iterates.seed, steps),
        "step": np.tile(iterates.step, seeds),
        "epoch": np.tile(iterates.epoch, seeds),
        "objective": train_loss + penalty,
        "train_loss": train_loss,
        "test_loss": test_loss,
        **accuracies,
        **distances,
    }


def optimum(iterates: Iterates, data: Data, model: ModuleType) -> dict[str, NDArray]:
    """The parameters that minimise the objective, {name: array}; {} if the model gives none."""
    if not hasattr(model, "optimum"):
        return {}
    run = iterates.provenance
    x = data.inputs(data.x_train, "float64")
    return model.optimum(x, data.y_train, run["l2"], **run["model_options"])


def _norm(p: NDArray) -> NDArray:
    """Frobenius norm of each array of a stack, in float64."""
    return np.sqrt(np.square(p.reshape(len(p), -1), dtype=np.float64).sum(1))
