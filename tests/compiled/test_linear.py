"""The formulas of the kernels compared with the models in NumPy."""

import numpy as np
import pytest
from numba import njit

from descent.compiled.linear import FORMULAS, loss_and_gradient
from descent.compiled.rows import LANES, Layout, load, store
from descent.plugins import plugin

PRECISION = {"float32": 3e-6, "float64": 1e-14}


@njit
def _apply(layout, z, y, loss, gradient):
    for i in range(len(z)):
        of_sample, of_scores = loss_and_gradient(layout, load(z, i, layout), y[i])
        store(loss, i, of_sample)
        store(gradient, i, of_scores)


def formula(model, z, y, models):
    """The losses [n] and score gradients [n, classes] of scores [n, classes], for each model."""
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
        scales = np.repeat([1.0, 30.0, 1000.0, 0.0], (20, 9, 1, 1))[:, None]
        z = scales * random.normal(size=(31, classes))
        z[0] = -80
        z = z.astype(dtype)
        y = random.integers(classes, size=len(z))
        y = y.astype(dtype) if net.TASK == "regression" else y
        exact = z.T.astype(np.float64)
        losses, gradients = net.losses(exact, y), net.score_gradient(exact, y).T
        for loss, gradient in formula(model, z, y, models):
            error = PRECISION[dtype]
            np.testing.assert_allclose(loss, losses, rtol=error, atol=80 * error)
            np.testing.assert_allclose(gradient, gradients, rtol=0, atol=80 * error)
