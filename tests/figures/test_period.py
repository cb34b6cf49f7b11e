"""The period of a seed's objective against maps whose periods are known."""

import numpy as np
import pytest

from descent.figures.limit_map import LONGEST, period

T = np.arange(400)
NOISE = np.random.default_rng(0).normal(size=len(T))


def logistic(r: float, steps: int = 400) -> np.ndarray:
    """The last steps of x ← r x (1 - x), which settles to as many values as its period."""
    x = [0.4]
    for _ in range(4000 + steps):
        x.append(r * x[-1] * (1 - x[-1]))
    return np.array(x[-steps:])


def descent(curvature: float, step_size: float, steps: int) -> np.ndarray:
    """½ c w² of gradient descent: (1 - α c)^(2t), whatever the sign of w."""
    return curvature / 2 * (1 - step_size * curvature) ** (2 * np.arange(steps))


CASES = {
    "at rest": (np.full(250, 0.7), 1),
    "slowly converging": (0.7 + np.exp(-T / 1000), 1),
    "to and fro across a quadratic, in place: equally high": (descent(1, 2, 400), 1),
    "to and fro across a quadratic, away": (descent(1, 2.001, 400), 0),
    "logistic map, a fixed point": (logistic(2.8), 1),
    "logistic map, two": (logistic(3.2), 2),
    "logistic map, four": (logistic(3.5), 4),
    "logistic map, the window of three": (logistic(3.83), 3),
    "logistic map, chaos": (logistic(3.9), 0),
    "logistic map, chaos in two bands": (logistic(3.6), 0),
    "the longest": (T % LONGEST / 7, LONGEST),
    "a cycle of two that dies away": (1 + (-1.0) ** T * np.exp(-T / 400), 0),
    "a cycle of two, nearly": (1 + (T % 2) + 1e-3 * NOISE.clip(-2, 2), 2),
    "noise": (1 + 0.1 * NOISE, 0),
    "fewer than four turns": (np.arange(7) % 2, 0),
    "four turns": (np.arange(8) % 2, 2),
}


@pytest.mark.parametrize("case", CASES)
def test_period(case):
    objective, expected = CASES[case]
    assert period(np.asarray(objective, float)) == expected
