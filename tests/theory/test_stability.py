"""Stability limits compared with the matrix of the second moments, and with simulation."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.datasets.diabetes import obtain
from descent.plugins import plugin
from descent.theory import stability
from descent.theory.minimiser import minimise
from descent.theory.objective import Objective
from descent.theory.stability import SecondMoments


@pytest.fixture(scope="module")
def least_squares():
    """w* for the diabetes data."""
    data = obtain(raw=None, mirror=None)
    model = plugin("models", "linear_regression")
    objective = Objective.of(model, data, 0.0, {"A": None, "b": None})
    x = data.inputs(data.x_train, "float64")
    return objective.at(objective.flat(model.optimum(x, data.y_train, 0.0)))


@pytest.fixture(scope="module")
def classifier(digits):
    """w* of a softmax regression with 3 classes of 6 pixels."""
    some = np.flatnonzero(digits.y_train < 3)[:200]
    x, y = digits.x_train[some][:, 18:24], digits.y_train[some]
    data = replace(digits, x_train=x, y_train=y, x_test=x, y_test=y)
    model = plugin("models", "softmax_regression")
    return minimise(Objective.of(model, data, 0.01, {"A": None, "b": None}))


def radius(point, step_size, batch_size):
    """The spectral radius of the map of the second moments."""
    x, one = point.objective.x.toarray(), np.eye(point.w.size)
    each = np.einsum("nab,ni,nj->naibj", point.score_hessians, x, x)  # the samples' Hessians
    each = each.reshape(len(x), *one.shape) + point.objective.l2 * one
    H, p = each.mean(0), 1 / batch_size
    twice = np.einsum("nij,nkl->ikjl", each, each).reshape(H.size, H.size) / len(each)
    of_both = p * twice + (1 - p) * np.kron(H, H)
    linear = np.kron(H, one) + np.kron(one, H)
    matrix = np.eye(H.size) - step_size * linear + step_size**2 * of_both
    return np.abs(np.linalg.eigvalsh(matrix)).max()


# limits by independent code
@pytest.mark.parametrize(
    ("batch_size", "limit"), [(1, 0.1318), (2, 0.2210), (4, 0.3218), (8, 0.3993), (16, 0.4437)]
)
def test_limits_of_least_squares(least_squares, batch_size, limit):
    found = SecondMoments.at(least_squares).limit(batch_size)
    assert_allclose(found, limit, atol=6e-5)
    assert_allclose(radius(least_squares, found, batch_size), 1, atol=1e-7)
    assert radius(least_squares, 1.001 * found, batch_size) > 1


def test_the_limit_of_large_batches_is_that_of_full_batches(least_squares):
    largest = np.linalg.eigvalsh(least_squares.hessian(np.eye(11)))[-1]
    assert_allclose(SecondMoments.at(least_squares).limit(10**6), 2 / largest, rtol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 5])
def test_the_limit_of_a_classifier_is_where_the_radius_is_1(classifier, batch_size):
    found = SecondMoments.at(classifier).limit(batch_size)
    assert_allclose(radius(classifier, found, batch_size), 1, atol=1e-6)
    assert radius(classifier, 1.01 * found, batch_size) > 1.0001


@pytest.mark.parametrize("batch_size", [1, 5])
def test_diagonal_moments_give_an_upper_bound_of_the_limit(
    least_squares, classifier, batch_size, monkeypatch
):
    for point in (least_squares, classifier):
        exact = SecondMoments.at(point).limit(batch_size)
        with monkeypatch.context() as patch:
            patch.setattr(stability, "MAX_EXACT", 0)
            bound = SecondMoments.at(point).limit(batch_size)
        assert exact * (1 - 1e-6) <= bound < 1.3 * exact


@pytest.fixture(scope="module", params=[(0.05, 1), (0.2, 4)], ids=str)
def simulated(request, least_squares):
    """Step size, batch size, the stationary F - F* of runs with replacement, and its error."""
    step_size, batch_size = request.param
    random = np.random.default_rng(0)
    x, y, w = least_squares.objective.x.toarray(), least_squares.objective.y, least_squares.w[0]
    H = x.T @ x / len(x)
    runs = np.tile(w, (2000, 1))
    heights = []
    for step in range(3000):
        some = random.integers(0, len(x), (len(runs), batch_size))
        slopes = np.einsum("rbi,ri->rb", x[some], runs) - y[some]
        runs -= step_size / batch_size * np.einsum("rb,rbi->ri", slopes, x[some])
        if step >= 2000 and step % 250 == 0:
            heights.append(np.einsum("ri,ij,rj->r", runs - w, H, runs - w) / 2)
    error = np.std(np.mean(heights, 0)) / np.sqrt(len(runs))
    return step_size, batch_size, np.mean(heights), error


@pytest.mark.parametrize(("few", "tolerance"), [(0, 0.03), (128, 0.01)])
def test_the_stationary_suboptimality_is_that_of_a_simulation(
    least_squares, simulated, monkeypatch, few, tolerance
):
    monkeypatch.setattr(stability, "MAX_EXACT", few)
    step_size, batch_size, measured, error = simulated
    x = least_squares.objective.x.toarray()
    values, basis = np.linalg.eigh(x.T @ x / len(x))
    noise = np.square(least_squares.score_gradients * x @ basis).mean(0)
    with_one_hessian = (step_size * noise / (2 * batch_size * (2 - step_size * values))).sum()
    inflation = SecondMoments.at(least_squares).inflation(step_size, batch_size)
    assert abs(with_one_hessian * inflation - measured) < 3 * error + tolerance * measured
    assert measured - with_one_hessian > 5 * error  # the inflation is significant
