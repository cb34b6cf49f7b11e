"""The panels of the page that show iterates."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.datasets import bowl
from descent.explorer import path, weights
from descent.explorer.downsampled import downsampled
from descent.models import linear_regression
from descent.store.iterates import Iterates

OF_DIGITS = {"dataset": "digits", "model": "softmax_regression", "l2": 0.0, "validation": 0}


def of_bowl(A: np.ndarray, l2: float = 0.0, validation: int = 0) -> Iterates:
    """A run through weights [S, 2]; a second seed is elsewhere."""
    provenance = {"dataset": "bowl", "model": "linear_regression", "l2": l2}
    provenance |= {"validation": validation, "model_options": {"bias": False}}
    both = np.stack([A, A + 7])[:, :, None]
    return Iterates(3 * np.arange(len(A)), np.arange(len(A)), np.arange(2), {"A": both}, provenance)


def show(panel, runs: list[Iterates], data):
    return panel.show({("gd", float(i)): run for i, run in enumerate(runs)}, data)


def objective(A: np.ndarray, l2: float, validation: int) -> np.ndarray:
    samples = bowl.obtain(None, None).without_validation(validation)
    z = linear_regression.scores({"A": A[:, None]}, samples.x_train)
    losses = linear_regression.losses(z, samples.y_train)
    return losses.mean(-1) + l2 / 2 * np.square(A).sum(-1)


@pytest.mark.parametrize(("l2", "validation"), [(0.0, 0), (0.3, 1)])
def test_the_hessian_and_the_optimum_give_the_objective(random, l2, validation):
    A = random.normal(scale=3, size=(50, 2))
    metadata, _ = show(path, [of_bowl(A, l2, validation)], bowl.obtain(None, None))
    optimum, hessian = np.array(metadata["optimum"]), np.array(metadata["hessian"])
    away = A - optimum
    excess = objective(A, l2, validation) - objective(optimum[None], l2, validation)
    assert_allclose(np.einsum("si,ij,sj->s", away, hessian, away) / 2, excess, rtol=1e-9)


def test_a_path_is_that_of_the_first_seed_downsampled_run_after_run(random):
    A = [random.normal(size=(steps, 2)) for steps in (5, 1, 2000)]
    metadata, columns = show(path, [of_bowl(run) for run in A], bowl.obtain(None, None))
    shown = [downsampled(len(run)) for run in A]
    assert metadata["steps"] == [len(steps) for steps in shown]
    expected = [run[steps] for run, steps in zip(A, shown, strict=True)]
    assert_allclose(columns["path"], np.concatenate(expected), rtol=1e-6)
    assert columns["path_step"].tolist() == (3 * np.concatenate(shown)).tolist()


def of_digits(A: np.ndarray) -> Iterates:
    """A run of weights [S, classes, 64]; those of a second seed are 0."""
    step = np.arange(len(A)) ** 2
    both = np.stack([A, np.zeros_like(A)])
    return Iterates(step, step / 9, np.arange(2), {"A": both}, OF_DIGITS)


def test_greys_are_weights_to_a_127th_of_the_scale(random, digits):
    runs = [of_digits(random.normal(scale=10.0**k, size=(30, 10, 64))) for k in (-9, 5)]
    metadata, columns = show(weights, runs, digits)
    grey, scale, step = (columns[f"weights{of}"] for of in ("", "_scale", "_step"))
    assert grey.dtype == np.uint8
    assert metadata["classes"] == [str(digit) for digit in range(10)]
    assert tuple(metadata["shape"]) == (8, 8)
    scale, step = (of.reshape(2, metadata["moments"]) for of in (scale, step))
    for number, run in enumerate(runs):
        for moment in range(metadata["moments"]):
            (place,) = np.flatnonzero(run.step == step[number, moment])
            shown = run.parameters["A"][0, place]
            assert_allclose(scale[number, moment], np.abs(shown).max(), rtol=1e-6)
            decoded = (grey[number, moment] - 128.0) / 127 * scale[number, moment]
            assert np.abs(decoded - shown).max() <= 0.51 * scale[number, moment] / 127
            assert grey[number, moment].min() >= 1


def test_weights_that_are_not_finite_are_0_and_zero_is_128(digits):
    A = np.zeros((3, 10, 64))
    A[2, :, ::2] = np.reshape([np.nan, np.inf, -np.inf, 1e300, -1e300] * 2, (10, 1))
    _, columns = show(weights, [of_digits(A)], digits)
    grey, step = columns["weights"][0], columns["weights_step"][0]
    assert (grey[step == 0] == 128).all()
    last = grey[step == 4]
    assert (last[..., 1::2] == 128).all()
    assert (last[:, [0, 1, 2, 5, 6, 7], ::2] == 0).all()
    assert (last[:, [3, 8], ::2] == 255).all()
    assert (last[:, [4, 9], ::2] == 1).all()
