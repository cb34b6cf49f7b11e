"""Every function and its derivative compared with torch."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent import functions

every_scale = pytest.mark.parametrize("scale", [0, 1, 30, 1000])


def scores(random, scale):
    return scale * random.uniform(-1, 1, (7, 10))


def with_gradient(oracle, z, g):
    """oracle(z), and the gradient with respect to z for the gradient g of the result."""
    leaf = torch.from_numpy(z.copy()).requires_grad_()
    result = oracle(leaf)
    result.backward(torch.from_numpy(g))
    return result.detach(), leaf.grad


@every_scale
@pytest.mark.parametrize(
    ("ours", "derivative", "oracle"),
    [
        (functions.sigmoid, functions.sigmoid_gradient, torch.sigmoid),
        (functions.softmax, functions.softmax_gradient, lambda z: torch.softmax(z, -1)),
        (functions.relu, functions.relu_gradient, torch.relu),
    ],
)
def test_equals_torch(random, ours, derivative, oracle, scale):
    z, g = scores(random, scale), random.normal(size=(7, 10))
    result, gradient = with_gradient(oracle, z, g)
    assert_allclose(ours(z), result, rtol=1e-13, atol=1e-300)
    assert_allclose(derivative(ours(z), g), gradient, rtol=1e-12, atol=1e-16)


@every_scale
def test_losses_equal_torch(random, scale):
    z, y = scores(random, scale), random.integers(10, size=7)
    labels, ones = torch.from_numpy(y), np.ones(7)
    loss, gradient = with_gradient(
        lambda z: torch.nn.functional.cross_entropy(z, labels, reduction="none"), z, ones
    )
    assert_allclose(functions.cross_entropy(z, y), loss, rtol=1e-13, atol=1e-13)
    assert_allclose(functions.cross_entropy_gradient(z, y), gradient, rtol=1e-12, atol=1e-16)
    z, numbers = z[:, :1], random.normal(size=7)
    loss, gradient = with_gradient(
        lambda z: (z[:, 0] - torch.from_numpy(numbers)).square() / 2, z, ones
    )
    assert_allclose(functions.squared_error(z, numbers), loss, rtol=1e-13)
    assert_allclose(functions.squared_error_gradient(z, numbers), gradient, rtol=1e-13)
