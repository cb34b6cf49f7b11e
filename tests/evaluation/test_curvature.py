"""Curvature along a path compared with dense Hessians by torch.func."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent.evaluation.curvature import curvature
from descent.plugins import available, plugin

L2, N, HIDDEN = 0.2, 40, {"neural_network": {"hidden": 3}}


@pytest.mark.parametrize("name", available("models"))
def test_curvature_and_its_error_are_those_of_dense_hessians(name, random):
    model = plugin("models", name)
    layers = model.layers(5, 1 if model.TASK == "regression" else 4, **HIDDEN.get(name, {}))
    path = {p: random.normal(size=(3, *layer.shape)) for p, layer in layers.items()}
    x = random.normal(size=(N, 5))
    y = random.normal(size=N) if model.TASK == "regression" else random.integers(0, 4, N)
    value, error = curvature(model, path, x, y, L2)

    def losses(w):
        parts = torch.split(w, [np.prod(layer.shape) for layer in layers.values()])
        shaped = zip(layers.items(), parts, strict=True)
        parameters = {p: part.reshape(1, *layer.shape) for (p, layer), part in shaped}
        z = model.torch_scores(parameters, torch.tensor(x))
        return model.torch_losses(z, torch.tensor(y))[0]

    for place in range(3):
        w = torch.tensor(np.concatenate([p[place].ravel() for p in path.values()]))
        each = torch.func.jacrev(torch.func.jacrev(losses))(w).numpy()
        values, vectors = np.linalg.eigh(each.mean(0))
        assert_allclose(value[place], values[-1] + L2, rtol=2e-3)
        second = np.einsum("i,nij,j->n", vectors[:, -1], each, vectors[:, -1])
        assert_allclose(error[place], second.std(ddof=1) / np.sqrt(N), rtol=0.05, atol=1e-12)


def test_points_that_are_not_finite_have_no_curvature(digits):
    model, y = plugin("models", "softmax_regression"), digits.y_train[:100]
    path = {"A": np.zeros((3, 10, 64)), "b": np.zeros((3, 10))}
    path["b"][1, 2] = np.nan
    value, error = curvature(model, path, digits.inputs(digits.x_train[:100], "float64"), y, 0)
    assert np.isnan([value[1], error[1]]).all()
    assert value[0] == pytest.approx(value[2])
