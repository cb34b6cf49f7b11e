"""What all contenders are given, and the clock that runs for them.

A contender takes a Problem, prepares its samples, and gives a function of a number of steps that
descends from zeros and tells what it made. The clock runs from drawing the epoch's order, which is
the same function for everybody, until the final parameters are there.
"""

from collections.abc import Callable, Sequence
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
MODELS = ("softmax_regression", "sigmoid_softmax")


@dataclass(frozen=True)
class Problem:
    """A model, samples a step (1 or full), samples as stored, their labels, a step size a run."""

    model: str
    batch_size: int | str
    stored: np.ndarray
    y: np.ndarray
    step_sizes: Sequence[float] = (STEP_SIZE,)

    @cached_property
    def x(self) -> np.ndarray:
        """The samples in [0, 1]."""
        return np.divide(self.stored, 255, dtype=np.float32)

    @cached_property
    def one_hot(self) -> np.ndarray:
        """The labels as rows with a single 1, [n, classes]."""
        return np.eye(CLASSES, dtype=np.float32)[self.y]

    @property
    def runs(self) -> int:
        """Runs that go together, each with its step size."""
        return len(self.step_sizes)

    @property
    def sizes(self) -> np.ndarray:
        """The step sizes in float32."""
        return np.array(self.step_sizes, np.float32)

    def order(self, steps: int) -> np.ndarray:
        """The samples of so many steps: the beginning of an epoch's order, which is drawn whole."""
        return sampling.order(0, 0, len(self.y), SHUFFLED)[:steps]


class Made(NamedTuple):
    """What steps took, in seconds, and the parameters after them, of all runs.

    No parameters where the steps were fewer than an epoch's and the contender gives none then.
    """

    seconds: float
    A: Any = None
    b: Any = None


Steps = Callable[[int], Made]


def clocked(prepare: Callable[[Problem], Callable], problem: Problem) -> Steps:
    """The contender of a library whose `prepare` gives descend(order) or, of a full batch,
    descend(steps)."""
    descend = prepare(problem)

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


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work took."""
    start = perf_counter()
    work()
    return perf_counter() - start
