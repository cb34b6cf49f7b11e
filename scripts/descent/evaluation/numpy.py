"""Evaluator in NumPy, for every model: matrix products over blocks of snapshots and samples."""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.evaluation._blocks import block_size, blocks, by_blocks, norms
from descent.models._classification import CLASS_AXIS

LIBRARIES = ("numpy",)

# Samples per block, and numbers in the widest layer's outputs (2 MB in float32), which set the
# number of snapshots per block: 50 of a model with ten classes, four with 128 hidden units. Matrix
# products are then large enough for the full speed of the core, and outputs stay in cache.
BLOCK_SAMPLES, BLOCK_OUTPUTS = 1024, 512_000


def device() -> str:
    """The name of the device."""
    return "cpu"


def means(
    net: ModuleType,
    snapshots: dict[str, NDArray],
    x: NDArray,
    scale: float,
    y: NDArray,
    l2: float | None = None,
) -> list[NDArray]:
    """Mean loss, accuracy and, if λ is given, gradient norm of every snapshot."""
    size = block_size(snapshots, BLOCK_SAMPLES, BLOCK_OUTPUTS)
    return by_blocks(lambda block: _means(net, block, x, scale, y, l2), snapshots, size)


def _means(net, snapshots, x, scale, y, l2):
    first = next(iter(snapshots.values()))
    loss, correct = np.zeros(len(first)), np.zeros(len(first))
    gradient = {name: np.zeros(p.shape) for name, p in snapshots.items()}
    for samples in blocks(len(x), BLOCK_SAMPLES):
        inputs, targets = np.divide(x[samples], scale, dtype=first.dtype), y[samples]
        z = net.scores(snapshots, inputs)
        loss += net.losses(z, targets).sum(-1, dtype=np.float64)
        if net.TASK == "classification":
            correct += (z.argmax(CLASS_AXIS) == targets).sum(-1)
        if l2 is not None:
            for name, of_block in net.gradient(snapshots, inputs, targets).items():
                gradient[name] += len(targets) / len(x) * of_block
    if l2 is None:
        return loss / len(x), correct / len(x)
    norm = norms(gradient[name] + l2 * p for name, p in snapshots.items())
    return loss / len(x), correct / len(x), norm
