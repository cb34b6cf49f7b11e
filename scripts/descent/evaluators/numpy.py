"""NumPy: products that stack many snapshots and samples, for every model."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.evaluators._blocks import together
from descent.models._classification import CLASS_AXIS

NEEDS = ()
USES_GPU = False
LIBRARIES = ("numpy",)

# 1024 samples, and so many snapshots that the outputs of their widest layer have about this many
# numbers, 2 MB in float32: 50 of a model with ten classes, four with 128 hidden units. Products are
# then large enough for the core's full speed, and outputs stay in cache.
BLOCK_SAMPLES, BLOCK_OUTPUTS = 1024, 512_000


def device() -> str:
    """Where it computes."""
    return "cpu"


def mean_loss_and_accuracy(
    net: ModuleType, snapshots: dict[str, NDArray], x: NDArray, scale: float, y: NDArray
) -> tuple[NDArray, NDArray]:
    """Mean loss and accuracy of every snapshot."""
    first = next(iter(snapshots.values()))
    count = together(snapshots, BLOCK_SAMPLES, BLOCK_OUTPUTS)
    loss, correct = np.zeros(len(first)), np.zeros(len(first))
    for samples in _blocks(len(x), BLOCK_SAMPLES):
        inputs = np.divide(x[samples], scale, dtype=first.dtype)
        for some in _blocks(len(first), count):
            outputs = net.outputs({name: p[some] for name, p in snapshots.items()}, inputs)
            loss[some] += net.losses(outputs, y[samples]).sum(-1, dtype=np.float64)
            if net.TASK == "classification":
                correct[some] += (outputs.argmax(CLASS_AXIS) == y[samples]).sum(-1)
    return loss / len(x), correct / len(x)


def _blocks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
