"""The problem that all contenders solve, and the timing of their steps.

A contender takes a Problem, prepares its samples, and returns a function of a number of steps. That
function starts from zeros and returns the time of the steps and the final parameters. The time
begins with drawing the order of the epoch, by the same function for all contenders, and ends when
the parameters are ready.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from descent import sampling
from descent.run import FULL, SHUFFLED
from descent.store import data

CLASSES = 10
STEP_SIZE = 0.01


@dataclass(frozen=True)
class Problem:
    """A model, a batch size (1 or full), samples as stored, labels, and the number of seeds."""

    model: str
    batch_size: int | str
    stored: np.ndarray
    y: np.ndarray
    seeds: int = 1

    @cached_property
    def x(self) -> np.ndarray:
        """The samples in [0, 1]."""
        return np.divide(self.stored, 255, dtype=np.float32)

    @cached_property
    def one_hot(self) -> np.ndarray:
        """The labels as rows with a single 1, [n, classes]."""
        return np.eye(CLASSES, dtype=np.float32)[self.y]

    def order(self, steps: int) -> np.ndarray:
        """Return the samples of the first steps of an epoch, whose whole order is drawn."""
        return sampling.order(0, 0, len(self.y), SHUFFLED)[:steps]


class Timed(NamedTuple):
    """Time of the steps in seconds, and the final parameters, None if unknown."""

    seconds: float
    A: Any = None
    b: Any = None


Steps = Callable[[int], Timed]


def clocked(problem: Problem, descend: Callable) -> Steps:
    """Time descend(order), or descend(count) with full batches."""

    def steps(count: int) -> Timed:
        start = perf_counter()
        A, b = descend(count if problem.batch_size == FULL else problem.order(count))
        return Timed(perf_counter() - start, A, b)

    return steps


def score_gradient(
    model: str, z: Any, one_hot: Any, softmax: Callable, sigmoid: Callable, axis: int = -1
) -> Any:
    """Return ∂loss/∂z, computed with the functions of any library."""
    if model == "softmax_regression":
        return softmax(z, axis) - one_hot
    s = sigmoid(z)
    p = softmax(s, axis)
    dp = softmax(p, axis) - one_hot
    ds = p * (dp - (p * dp).sum(axis, keepdims=True))
    return s * (1 - s) * ds


def load(path: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Return a description, samples and labels: MNIST, or random samples with its sparsity."""
    if path.exists():
        mnist, _ = data.load(path)
        return "MNIST", mnist.x_train, mnist.y_train
    random = np.random.default_rng(0)
    x = random.integers(1, 256, size=(60_000, 784), dtype=np.uint8)
    x[random.random(x.shape, dtype=np.float32) > 0.191] = 0
    return "random, 19.1 % nonzero", x, random.integers(CLASSES, size=60_000)
