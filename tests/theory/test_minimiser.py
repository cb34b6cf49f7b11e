"""The minimiser compared with SciPy's, and its certificate with the actual errors."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from descent.errors import InputError
from descent.plugins import plugin
from descent.store.data import Data
from descent.theory import minimiser
from descent.theory.minimiser import certificate, minimise, minimiser_of
from descent.theory.objective import Objective

NAMES = {"A": None, "b": None}


def objective_of(digits, l2, model="softmax_regression"):
    return Objective.of(plugin("models", model), digits, l2, NAMES)


@pytest.mark.parametrize("l2", [1e-4, 0.01, 3.0])
def test_the_minimiser_is_that_of_scipy(digits, l2):
    objective = objective_of(digits, l2)
    found = minimise(objective)

    def value_and_gradient(w):
        point = objective.at(w.reshape(objective.shape))
        return point.value, point.gradient.ravel()

    options = {"maxiter": 10**5, "maxfun": 10**6}
    start, method = np.zeros(found.w.size), {"method": "L-BFGS-B", "jac": True, "tol": 1e-14}
    by_scipy = minimize(value_and_gradient, start, **method, options=options)
    assert found.value <= by_scipy.fun + 1e-14
    assert np.linalg.norm(found.gradient) <= 1e-10
    assert np.linalg.norm(found.w.ravel() - by_scipy.x) <= np.linalg.norm(by_scipy.jac) / l2 + 1e-8


def test_least_squares_have_the_minimiser_in_closed_form(digits):
    data = replace(digits, y_train=digits.y_train / 3, y_test=digits.y_test / 3)
    objective = objective_of(data, 0.1, "linear_regression")
    closed = objective.model.optimum(data.inputs(data.x_train, "float64"), data.y_train, 0.1)
    assert_allclose(minimise(objective).w, objective.flat(closed), atol=1e-9)


@pytest.mark.parametrize(
    ("columns", "l2", "unique"),
    [
        (lambda a, b: [a, b], 0, True),
        (lambda a, b: [a, b, a + b], 0, False),
        (lambda a, b: [a, b, 1 - a], 0, False),  # with the bias, as a one-hot column of two words
        (lambda a, b: [a**k for k in range(1, 9)], 0, False),  # more than there are samples
        (lambda a, b: [a, b, a + b], 1e-6, True),
    ],
)
def test_the_minimiser_of_least_squares_is_unique_if_features_are_independent(
    columns, l2, unique, random
):
    x = np.stack(columns(*random.random((2, 6))), axis=1)
    data = Data(x, x[:, 0], x, x[:, 0], scale=1)
    found = minimiser_of(data, "linear_regression", {}, l2, validation=0)
    assert found.unique == unique


def test_the_certificate_bounds_the_errors(digits):
    objective = objective_of(digits, 0.01)
    best = minimise(objective)
    for scale in (1e-2, 1e-5, 1e-7):
        point = objective.at(best.w * (1 + scale))
        bounds = certificate(point, 0.01)
        assert point.value - best.value <= bounds["excess_bound"]
        assert np.linalg.norm(point.w - best.w) <= bounds["distance_bound"]
        assert bounds["excess_bound"] < 1e4 * scale**2
    assert certificate(best, 0.01)["distance_bound"] > best.rounding / 0.01


def test_a_step_that_is_too_long_is_shortened_until_the_objective_falls(digits):
    start = objective_of(digits, 1e-3).at(np.zeros((10, 65)))
    assert minimiser._line_search(start, -1000 * start.gradient).value < start.value


def test_the_minimiser_is_found_where_the_objective_changes_by_less_than_rounding():
    """For distant samples and a small λ, F is almost zero."""
    for seed in (224, 3):
        draw = np.random.default_rng(seed)
        x, y = draw.standard_cauchy((8, 1)) * 10, draw.integers(0, 2, 8)
        y[:2] = [0, 1]
        data = Data(x, y, x, y, scale=1.0)
        assert np.linalg.norm(minimise(objective_of(data, 1e-6)).gradient) <= 1e-10


def test_no_convergence_is_an_error(digits, monkeypatch):
    monkeypatch.setattr(minimiser, "NEWTON_STEPS", 2)
    with pytest.raises(InputError, match=r"did not converge: found ‖∇F‖ = .* after 2 steps; all"):
        minimise(objective_of(digits, 1e-3))
