"""numba: compiled, for models that are linear in their scores, on the features that are not zero.

Sixteen snapshots at a time: a feature's value is read once and multiplied into sixteen scores of
each class, which stay in registers; softmax and cross-entropy follow without leaving them.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import compiled
from descent.compiled.memory import at
from descent.compiled.samples import pack
from descent.compiled.scores import (
    Kind,
    add_first_register,
    add_scaled,
    is_largest,
    load,
    losses,
    outputs_from_scores,
)

NEEDS = "outputs_from_scores"
GPU = "none"

TOGETHER = 16  # snapshots: their weights (500 KB on MNIST) stay in the second-level cache


def means(
    net: ModuleType, snapshots: dict[str, NDArray], x: NDArray, scale: float, y: NDArray
) -> tuple[NDArray, NDArray]:
    """Mean loss and accuracy of every snapshot."""
    A, b = snapshots["A"], snapshots["b"]
    count, classes, features = A.shape
    packed = pack(x, scale, A.dtype)
    kind = Kind(net.__name__.rpartition(".")[-1], classes, TOGETHER)
    rows = np.zeros((features + 1, classes, TOGETHER), A.dtype)
    loss, correct = np.zeros((2, -(-count // TOGETHER), TOGETHER))
    for block, first in enumerate(range(0, count, TOGETHER)):
        some = slice(first, first + TOGETHER)
        rows[:-1, :, : len(A[some])] = A[some].transpose(2, 1, 0)
        rows[-1, :, : len(b[some])] = b[some].T
        samples = (packed.start, packed.feature, packed.code, packed.level, y)
        _add_up(kind, rows, *samples, loss[block], correct[block])
    return loss.ravel()[:count] / len(x), correct.ravel()[:count] / len(x)


@compiled
def _add_up(kind, rows, start, feature, code, level, y, loss, correct):
    """Add every sample's loss to `loss`, and 1 to `correct` where its label is predicted."""
    for i in range(len(y)):
        z = load(rows, len(rows) - 1, kind)
        for k in range(start[i], start[i + 1]):
            z = add_scaled(z, at(level, at(code, k)), load(rows, at(feature, k), kind))
        outputs = outputs_from_scores(kind, z)
        add_first_register(loss, losses(kind, outputs, y[i]))
        add_first_register(correct, is_largest(outputs, y[i]))
