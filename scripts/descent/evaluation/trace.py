"""The trace of a run, its metrics at every evaluated step: a pure function of iterates and data."""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.store.data import Data
from descent.store.iterates import Iterates
from descent.store.minimiser import Minimiser


def trace(
    iterates: Iterates,
    data: Data,
    model: ModuleType,
    evaluator: ModuleType,
    minimiser: Minimiser | None = None,
) -> dict[str, NDArray]:
    """Columns of the trace, with a row for each seed and evaluated step; steps vary fastest.

        objective = training loss + λ/2 ‖parameters‖²,  distance_<p> = ‖p_t - p_T‖

    Losses and accuracies (fractions) are means over the training and test samples, and over the
    validation samples if some are held out; a regression has no accuracies. gradient_norm is that
    of the objective; rises counts the steps of a full batch that increased it. Distances are
    Frobenius norms to the last iterate and, as optimum_distance_<p>, to the minimiser if a unique
    one is known; excess is the suboptimality F - F*. All sums are accumulated in float64. Values of
    a run that diverged are nan or inf.
    """
    seeds, steps, rises = len(iterates.seed), len(iterates.step), iterates.rises
    snapshots = {
        name: p.reshape(seeds * steps, *p.shape[2:]) for name, p in iterates.parameters.items()
    }
    run = iterates.provenance
    l2, training = run["l2"], data.without_validation(run["validation"])
    samples = {
        "train": (training.x_train, training.y_train),
        "test": (data.x_test, data.y_test),
    }
    if held_out := run["validation"]:
        samples["validation"] = data.x_train[-held_out:], data.y_train[-held_out:]
    losses, accuracies = {}, {}
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        for part, (x, y) in samples.items():
            of_train = {"l2": l2} if part == "train" else {}
            loss, accuracy, *norm = evaluator.means(model, snapshots, x, data.scale, y, **of_train)
            losses[f"{part}_loss"] = loss
            if model.TASK == "classification":
                # argmax returns a class even for scores that are nan
                accuracies[f"{part}_accuracy"] = np.where(np.isnan(loss), np.nan, accuracy)
            if norm:
                (gradient_norm,) = norm
        objective = losses["train_loss"] + _penalty(snapshots, l2)
        distances = {
            f"distance_{name}": np.concatenate([_norm(seed - seed[-1]) for seed in p])
            for name, p in iterates.parameters.items()
        }
        if minimiser:
            stacked = {name: p[None] for name, p in minimiser.parameters.items()}
            if minimiser.unique:
                distances |= {
                    f"optimum_distance_{name}": _norm(snapshots[name] - p)
                    for name, p in stacked.items()
                }
            minimum, *_ = evaluator.means(
                model, stacked, training.x_train, data.scale, training.y_train
            )
            distances["excess"] = objective - (minimum + _penalty(stacked, l2))
    return {
        "seed": np.repeat(iterates.seed, steps),
        "step": np.tile(iterates.step, seeds),
        "epoch": np.tile(iterates.epoch, seeds),
        "objective": objective,
        **losses,
        **accuracies,
        "gradient_norm": gradient_norm,
        "rises": np.full(seeds * steps, np.nan) if rises is None else rises.ravel(),
        **distances,
    }


def _penalty(snapshots: dict[str, NDArray], l2: float) -> NDArray | float:
    """λ/2 ‖parameters‖² of each snapshot."""
    return l2 / 2 * sum(_norm(p) ** 2 for p in snapshots.values()) if l2 else 0.0


def _norm(p: NDArray) -> NDArray:
    """Frobenius norm of each array of a stack, in float64."""
    return np.sqrt(np.square(p.reshape(len(p), -1), dtype=np.float64).sum(1))
