"""The limits of linear update rules compared with the matrix of their second moments."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from descent.datasets.diabetes import obtain
from descent.plugins import available, plugin
from descent.theory import linear_rules
from descent.theory.objective import Objective
from descent.theory.stability import SecondMoments

LINEAR = [n for n in available("update_rules") if hasattr(plugin("update_rules", n), "limit")]


def bound(rule: str, **options):
    return partial(plugin("update_rules", rule).update, **options)


@pytest.fixture(scope="module")
def least_squares():
    """w* for four features of the diabetes data."""
    data = obtain(raw=None, mirror=None)
    model = plugin("models", "linear_regression")
    x = data.inputs(data.x_train, "float64")[:, [0, 2, 3, 8]]
    objective = Objective.of(model, data, 0.0, {"A": None})
    objective = Objective(model, objective.x[:, [0, 2, 3, 8]], data.y_train, 1, 0.0, False)
    return objective.at(np.linalg.lstsq(x, data.y_train, rcond=None)[0][None])


@pytest.mark.parametrize("rule", LINEAR)
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.95])
def test_the_limit_of_full_batches_is_where_the_spectral_radius_passes_1(rule, momentum):
    options = {} if rule == "plain" else {"momentum": momentum}
    limit = plugin("update_rules", rule).limit(**options)
    for share, stable in ((0.5, True), (0.999, True), (1.001, False)):
        M, _ = linear_rules.matrices(bound(rule, **options), np.array([2.0]), share * limit / 2)
        assert (np.abs(np.linalg.eigvals(M[0])).max() <= 1 + 1e-9) == stable


def radius(point, rule: str, momentum: float, step_size: float, batch_size: int) -> float:
    """The spectral radius of the map of the second moments of (w, v), the mean of M ⊗ M."""
    x, d = point.objective.x.toarray(), point.w.size
    one, zero = np.eye(d), np.zeros((d, d))

    def one_step(H):
        v = np.block([H, momentum * one])  # of (w, v)
        ahead = v if rule == "momentum" else np.block([H, zero]) + momentum * v
        return np.block([[np.block([one, zero]) - step_size * ahead], [v]])

    each = [one_step(np.outer(row, row)) for row in x]
    mean = sum(each) / len(each)
    single = sum(np.kron(of_one, of_one) for of_one in each) / len(each)
    both = np.kron(mean, mean)
    return np.abs(np.linalg.eigvals(both + (single - both) / batch_size)).max()


@pytest.mark.parametrize("rule", ["momentum", "nesterov"])
@pytest.mark.parametrize(("momentum", "batch_size"), [(0.5, 1), (0.9, 4), (0.9, 32)])
def test_the_limit_of_batches_is_where_second_moments_stop_being_bounded(
    least_squares, rule, momentum, batch_size
):
    moments = SecondMoments.at(least_squares)
    full = plugin("update_rules", rule).limit(momentum) / moments.curvatures.max()
    update = bound(rule, momentum=momentum)
    found = linear_rules.limit(update, moments, batch_size, full)
    assert_allclose(radius(least_squares, rule, momentum, found, batch_size), 1, atol=1e-6)
    assert radius(least_squares, rule, momentum, 1.01 * found, batch_size) > 1


def test_zero_curvatures_and_equal_samples_have_limits(digits):
    """Least squares with a feature that is 0 in all samples, and with one that is ±1."""
    model, y = plugin("models", "linear_regression"), digits.y_train[:50] / 9.0
    update = bound("momentum", momentum=0.9)
    for x in (digits.x_train[:50, :45] / 16.0, np.resize([1.0, -1.0], (50, 1))):
        objective = Objective(model, csr_array(x), y, 1, 0.0, False)
        moments = SecondMoments.at(objective.at(np.zeros((1, x.shape[1]))))
        full = 3.8 / moments.curvatures.max()
        found = linear_rules.limit(update, moments, 4, full)
        assert 0 < found <= full
        assert (found == full) == (x.shape[1] == 1)  # equal Hessians


def test_without_momentum_the_limits_are_those_of_plain_descent(least_squares):
    moments = SecondMoments.at(least_squares)
    for rule in LINEAR:
        update = bound(rule, **({} if rule == "plain" else {"momentum": 0.0}))
        for batch_size in (1, 8):
            found = linear_rules.limit(update, moments, batch_size, 2 / moments.curvatures.max())
            assert_allclose(found, moments.limit(batch_size), rtol=1e-6)


@pytest.mark.parametrize("momentum", [0.3, 0.9])
def test_a_two_cycle_of_plain_descent_is_one_of_momentum_at_a_larger_step_size(momentum):
    step_size, w = 3.0, 1.0
    for _ in range(200):  # w = α tanh(w) / 2: descent on log cosh goes back and forth, w to -w
        w = step_size * np.tanh(w) / 2
    assert bound("plain")(w, np.tanh(w), step_size) == pytest.approx(-w)
    factors = {"momentum": 1 + momentum, "nesterov": (1 + momentum) / (1 + 2 * momentum)}
    for rule, factor in factors.items():
        update, p, v = bound(rule, momentum=momentum), w, -np.tanh(w) / (1 + momentum)
        for sign in (-1, 1, -1, 1):
            p, v = update(p, np.tanh(p), factor * step_size, v)
            assert p == pytest.approx(sign * w)
