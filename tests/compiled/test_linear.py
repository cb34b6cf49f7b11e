"""The kernels against the models in NumPy."""

import numpy as np
import pytest
from numba import njit

from descent.compiled.linear import (
    FORMULAS,
    loss_and_gradient,
    sums_over,
    to_parameters,
    to_rows,
)
from descent.compiled.rows import LANES, Layout, load, store
from descent.compiled.samples import in_blocks
from descent.plugins import plugin

PRECISION = {"float32": 3e-6, "float64": 1e-14}


@njit
def _apply(layout, z, y, loss, gradient):
    for i in range(len(z)):
        of_sample, of_scores = loss_and_gradient(layout, load(z, i, layout), y[i])
        store(loss, i, of_sample)
        store(gradient, i, of_scores)


def formula(model, z, y, models):
    """The losses [n] and score gradients [n, classes] of scores [n, classes], of each model."""
    layout = Layout(model, z.shape[1], models)
    rows, loss, gradient = (layout.zeros(len(z), z.dtype) for _ in range(3))
    layout.numbers(rows)[...] = z[:, :, None]
    _apply(layout, rows, y, loss, gradient)
    for i in range(models):
        yield loss[:, i if models > 1 else 0], layout.numbers(gradient)[:, :, i]


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("model", FORMULAS)
def test_each_formula_equals_the_model_in_numpy(model, dtype, random):
    net = plugin("models", model)
    for classes, models in ((2, LANES), (10, 3), (17, 1)):  # each compiles
        classes = 1 if net.TASK == "regression" else classes
        z = random.normal(size=(31, classes)) * np.repeat(
            [[1], [30], [1000], [0]], (20, 9, 1, 1), 0
        )
        z[0] = -80
        z = z.astype(dtype)
        y = random.integers(classes, size=len(z))
        y = y.astype(dtype) if net.TASK == "regression" else y
        exact = z.T.astype(np.float64)
        losses, gradients = net.losses(exact, y), net.score_gradient(exact, y).T
        scale = np.abs(losses).max()
        for loss, gradient in formula(model, z, y, models):
            np.testing.assert_allclose(loss, losses, rtol=0, atol=PRECISION[dtype] * scale)
            np.testing.assert_allclose(gradient, gradients, rtol=0, atol=PRECISION[dtype] * 80)


@pytest.mark.parametrize("model", ["softmax_regression", "sigmoid_softmax"])
def test_scores_that_are_not_finite_give_a_loss_that_is_not(model):
    z = np.zeros((2, 4), np.float32)
    z[0, 2], z[1, 1] = np.nan, np.inf
    for loss, _ in formula(model, z, np.array([0, 0]), LANES):
        assert np.isnan(loss[0])
        assert model == "sigmoid_softmax" or not np.isfinite(loss[1])


@pytest.mark.parametrize("features", [3, 130])
def test_sums_over_samples_equal_products_of_matrices(features, random):
    """Of as many models as fit, with ties and labels of every class, on samples that are sparse."""
    n, classes, models = 300, 5, 6
    x = random.integers(0, 256, (n, features)).astype(np.uint8)
    x[random.random(x.shape) < 0.7] = 0
    x[7] = 0
    y = random.integers(classes, size=n)
    A = random.normal(size=(models, classes, features)).astype(np.float32)
    b = random.normal(size=(models, classes)).astype(np.float32)
    A[0], b[0] = 0, 0  # all classes tie: the first counts as predicted
    layout, blocks = (
        Layout("softmax_regression", classes, models),
        in_blocks(x, 255, "float32", classes),
    )
    rows = to_rows(layout, {"A": A, "b": b})
    sums, total = sums_over(layout, rows, blocks, y, gradients=True, accuracy=True)
    net = plugin("models", "softmax_regression")
    p = {"A": A.astype(np.float64), "b": b.astype(np.float64)}
    z = net.scores(p, x / 255)
    np.testing.assert_allclose(sums[0], net.losses(z, y).sum(-1), rtol=1e-6)
    np.testing.assert_array_equal(sums[1], (z.argmax(1) == y).sum(-1))
    for name, of_mean in net.gradient(p, x / 255, y).items():
        np.testing.assert_allclose(to_parameters(layout, total)[name] / n, of_mean, atol=1e-6)


def test_the_sums_of_a_model_do_not_depend_on_how_many_are_beside_it(random):
    x, y = random.integers(0, 256, (200, 40)).astype(np.uint8), random.integers(10, size=200)
    A = random.normal(size=(LANES, 10, 40)).astype(np.float32)
    blocks, alone = in_blocks(x, 255, "float32", 10), []
    for some in (slice(0, 1), slice(0, 2), slice(0, LANES)):
        layout = Layout("sigmoid_softmax", 10, len(A[some]))
        rows = to_rows(layout, {"A": A[some]})
        sums, total = sums_over(layout, rows, blocks, y, gradients=True, accuracy=True)
        alone.append((sums[:, 0].tobytes(), to_parameters(layout, total)["A"][0].tobytes()))
    assert alone[0] == alone[1] == alone[2]
