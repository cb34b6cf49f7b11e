"""The objective and its derivatives compared with autograd."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent.plugins import plugin
from descent.theory.objective import Objective

L2 = 0.03


@pytest.fixture(params=["softmax_regression", "linear_regression", "no bias"])
def point(request, digits, random):
    name = request.param.replace("no bias", "linear_regression")
    regression = name == "linear_regression"
    data = replace(digits, y_train=digits.y_train / 3, y_test=digits.y_test / 3)
    data = (data if regression else digits).without_validation(1400)
    data = replace(data, x_train=data.x_train[:, 20:28], x_test=data.x_test[:, 20:28])
    names = {"A"} if request.param == "no bias" else {"A", "b"}
    objective = Objective.of(plugin("models", name), data, L2, dict.fromkeys(names))
    return objective.at(random.normal(size=objective.shape))


def in_torch(point):
    """F as a function of the numbers of w."""
    model = point.objective.model
    x = torch.tensor(point.objective.x.toarray())
    y = torch.tensor(point.objective.y)

    def losses(w):
        parameters = {"A": w.reshape(1, *point.w.shape)}
        return model.torch_losses(model.torch_scores(parameters, x), y)[0]

    return losses, lambda w: losses(w).mean() + L2 / 2 * w.square().sum()


def test_value_gradient_and_hessian_are_those_of_autograd(point, random):
    _, objective = in_torch(point)
    w = torch.tensor(point.w.ravel())
    assert_allclose(point.value, objective(w), rtol=1e-12)
    gradient = torch.func.grad(objective)(w)
    assert_allclose(point.gradient.ravel(), gradient, rtol=1e-9, atol=1e-13)
    hessian = torch.autograd.functional.hessian(objective, w).numpy()
    vectors = random.normal(size=(3, w.numel()))
    assert_allclose(point.hessian(vectors), vectors @ hessian, rtol=1e-9, atol=1e-12)


def test_noise_is_the_covariance_of_the_gradients_of_samples(point):
    losses, _ = in_torch(point)
    each = torch.func.jacrev(losses)(torch.tensor(point.w.ravel())).numpy()
    assert_allclose(point.noise_trace, np.trace(np.cov(each.T, bias=True)), rtol=1e-9)


def test_the_rounding_error_of_the_gradient_is_bounded(point):
    """Compared with the same sums in extended precision."""
    x = point.objective.x.toarray().astype(np.longdouble)
    z = x @ point.w.astype(np.longdouble).T
    slopes = point.objective.model.score_gradient(z.T, point.objective.y).T
    exact = slopes.T @ x / len(x) + np.longdouble(L2) * point.w
    error = float(np.linalg.norm((exact - point.gradient).astype(float)))
    assert 0 < error < point.rounding < 1e-12
