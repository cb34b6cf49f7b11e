"""The best step size of a schedule minimises the bound, and agrees with independent code."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.plugins import plugin
from descent.theory.schedules import best_step_size


def factors(name: str, steps: int) -> np.ndarray:
    return plugin("schedules", name).factor(np.arange(1.0, steps + 1), steps)


@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "halving", "wsd"])
def test_the_bound_is_minimal_at_the_best_step_size(name):
    eta = factors(name, 50)

    def bound(step_size: float) -> float:
        """For D = G = 1."""
        total = 1 / (2 * step_size * eta.sum()) + step_size / 2 * (eta**2).sum() / eta.sum()
        for k in range(len(eta) - 1):
            after, since = eta[k + 1 :].sum(), eta[k:].sum()
            total += step_size / 2 * eta[k] * (eta[k:] ** 2).sum() / (after * since)
        return total

    best = best_step_size(eta)
    near = best * np.array([0.99, 1.01])
    assert bound(best) < min(map(bound, near))


def test_ratios_to_a_constant_step_size():
    """Computed by independent code, for 30,000 steps."""
    constant = best_step_size(np.ones(30_000))
    for name, ratio in (("linear", 3.45), ("cosine", 3.35), ("halving", 3.02)):
        assert_allclose(best_step_size(factors(name, 30_000)) / constant, ratio, atol=0.005)


def test_steps_of_size_0_at_the_end_change_nothing():
    eta = factors("linear", 50)
    assert best_step_size(np.r_[eta, 0, 0]) == best_step_size(eta)
