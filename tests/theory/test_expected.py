"""The expected suboptimality compared with simulations of gradient descent on a quadratic."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.theory.expected import averaged, from_noise, from_start
from descent.theory.spectrum import Spectrum

CURVATURE = np.array([0.0, 0.02, 0.3, 1.5])
N = 24


def test_the_bias_term_is_that_of_gradient_descent(random):
    start = Spectrum(CURVATURE, random.uniform(1, 2, 4))
    v, heights = np.sqrt(start.weight), []
    for _ in range(31):
        heights.append((CURVATURE * v**2).sum() / 2)
        v = v - 0.7 * CURVATURE * v
    assert_allclose(from_start(start, 0.7, range(31)), heights, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 4, 10])
@pytest.mark.parametrize("shuffled", [True, False], ids=["shuffled", "with replacement"])
def test_the_variance_term_is_that_of_a_simulation(random, shuffled, batch_size):
    """Where the gradients of samples differ by constants."""
    each = random.normal(size=(N, 4)) * [1, 2, 1, 0.5]
    each -= each.mean(0)
    noise, a, runs, epochs = Spectrum(CURVATURE, np.square(each).mean(0)), 0.4, 20_000, 4
    v, heights, steps = np.zeros((runs, 4)), [], []
    for _ in range(epochs):
        order = random.integers(0, N, (runs, N))
        if shuffled:
            order = random.permuted(np.tile(np.arange(N), (runs, 1)), axis=1)
        for first in range(0, N, batch_size):
            drawn = each[order[:, first : first + batch_size]].mean(1)
            v += -a * CURVATURE * v + a * drawn
            heights.append((CURVATURE * v**2).sum(1) / 2)
            steps.append(len(heights))
    error = np.std(heights, 1) / np.sqrt(runs)
    expected = from_noise(noise, a, batch_size, steps, N, shuffled)
    assert (np.abs(np.mean(heights, 1) - expected) < 4 * error).all()


def test_the_average_of_iterates_is_that_of_a_simulation(random):
    each = random.normal(size=(N, 4)) * [1, 2, 1, 0.5]
    each -= each.mean(0)
    noise, a, runs, before = Spectrum(CURVATURE, np.square(each).mean(0)), 0.4, 5000, 300
    start = Spectrum(CURVATURE, np.ones(4))
    v, total, heights = np.ones((runs, 4)), np.zeros((runs, 4)), []
    for step in range(before + 60):
        v += -a * CURVATURE * v + a * each[random.integers(0, N, (runs, 2))].mean(1)
        if step >= before:
            total += v
            heights.append((CURVATURE * (total / (step - before + 1)) ** 2).sum(1) / 2)
    error = np.std(heights, 1) / np.sqrt(runs)
    left, noisy = averaged(start, noise, a, 2, [before + 1] * 60, range(1, 61))
    assert (np.abs(np.mean(heights, 1) - left - noisy) < 4 * error + 0.01 * noisy).all()
    long = averaged(start, noise, a, 2, [10**6], [10**6])[1]
    limit = (noise.weight[1:] / CURVATURE[1:]).sum() / 2 / (2 * 10**6)
    assert_allclose(long, limit, rtol=1e-3)


@pytest.mark.parametrize("before", [0, 3])
def test_an_average_without_noise_is_that_of_its_iterates(before):
    start, nothing = Spectrum(CURVATURE, np.ones(4)), Spectrum(CURVATURE, np.zeros(4))
    counts, a = np.arange(1, 9), 0.4
    left, noisy = averaged(start, nothing, a, 1, [before + 1] * 8, counts)
    paths = (1 - a * CURVATURE) ** (before + 1 + np.arange(8))[:, None]  # of each direction
    means = np.cumsum(paths, axis=0) / counts[:, None]
    assert_allclose(left, (CURVATURE * means**2).sum(1) / 2)
    assert not noisy.any()


def test_small_steps_with_replacement_converge_to_the_trace_of_the_noise():
    noise = Spectrum(CURVATURE[1:], np.array([3.0, 1.0, 2.0]))
    assert_allclose(
        from_noise(noise, 1e-4, 8, [10**8], N, shuffled=False), 1e-4 * 6 / 4 / 8, rtol=1e-4
    )


def test_shuffled_noise_nearly_cancels_at_the_ends_of_epochs():
    """It is of order α³, not α."""
    noise, steps = Spectrum(CURVATURE[2:], np.ones(2)), [10**9 * N]
    for shuffled, order in ((False, 1), (True, 3)):
        one, half = (from_noise(noise, a, 1, steps, N, shuffled)[0] for a in (1e-4, 5e-5))
        assert_allclose(one / half, 2**order, rtol=0.01)
