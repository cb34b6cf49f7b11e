"""What all contenders are given, and the clock that runs for them.

A contender takes a Problem, prepares its samples, and gives a function of a number of steps, which
descends from zeros and returns the seconds that they took and the parameters after them. The clock
runs from drawing the epoch's order, by the same function for all, until the parameters are there.
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
    """A model, a batch size (1 or full), samples as stored, their labels, and how many seeds."""

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
        """The samples of so many steps: the beginning of an epoch's order, which is drawn whole."""
        return sampling.order(0, 0, len(self.y), SHUFFLED)[:steps]


class Made(NamedTuple):
    """The seconds of some steps, and the parameters after them; None where they are not known."""

    seconds: float
    A: Any = None
    b: Any = None


Steps = Callable[[int], Made]


def clocked(problem: Problem, descend: Callable) -> Steps:
    """The steps of descend(order), or of descend(count) with full batches."""

    def steps(count: int) -> Made:
        start = perf_counter()
        A, b = descend(count if problem.batch_size == FULL else problem.order(count))
        return Made(perf_counter() - start, A, b)

    return steps


def score_gradient(
    model: str, z: Any, one_hot: Any, softmax: Callable, sigmoid: Callable, axis: int = -1
) -> Any:
    """∂loss/∂z by hand, with the functions of any library."""
    if model == "softmax_regression":
        return softmax(z, axis) - one_hot
    s = sigmoid(z)
    p = softmax(s, axis)
    dp = softmax(p, axis) - one_hot
    ds = p * (dp - (p * dp).sum(axis, keepdims=True))
    return s * (1 - s) * ds


def load(path: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """MNIST's samples if they are there, else random ones as sparse; first, which they are."""
    if path.exists():
        mnist, _ = data.load(path)
        return "MNIST", mnist.x_train, mnist.y_train
    random = np.random.default_rng(0)
    x = random.integers(1, 256, size=(60_000, 784), dtype=np.uint8)
    x[random.random(x.shape, dtype=np.float32) > 0.191] = 0
    return "random, 19.1 % not zero", x, random.integers(CLASSES, size=60_000)
