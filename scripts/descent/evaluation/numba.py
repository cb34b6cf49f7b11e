"""numba: compiled, for classifiers that are linear in their scores, on features that are not zero.

Eight snapshots at a time (descent/compiled/passes.py): softmax and cross-entropy of a sample follow
on its scores without leaving the registers.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import kernel
from descent.compiled.passes import BLOCK, add_up, in_blocks, statics
from descent.compiled.samples import pack
from descent.compiled.scores import TOGETHER, Layout, store, zeros
from descent.evaluation._blocks import blocks

LIBRARIES = ("numpy", "numba")


def device() -> str:
    """Where it computes."""
    return "cpu"


def means(
    net: ModuleType,
    snapshots: dict[str, NDArray],
    x: NDArray,
    scale: float,
    y: NDArray,
    l2: float | None = None,
) -> list[NDArray]:
    """Mean loss, accuracy, and, where λ is given, the gradient's norm, of every snapshot."""
    A, b = snapshots["A"], snapshots.get("b")
    count, classes, features = A.shape
    layout = Layout(classes, TOGETHER)
    compiled_for = statics(net.__name__.rpartition(".")[-1], layout)
    rows, z = (zeros(length, layout, A.dtype) for length in (features + 1, BLOCK))
    weights = layout.numbers(rows)
    total = None if l2 is None else zeros(features + 1, layout, np.float64)
    samples = in_blocks(pack(x, scale, A.dtype), features, classes, gradients=l2 is not None)
    sums = zeros(2, compiled_for.of_one_class, np.float64)
    found = np.zeros((3, -(-count // TOGETHER), TOGETHER))
    for block, some in enumerate(blocks(count, TOGETHER)):
        weights[:-1, :, : len(A[some])] = A[some].T
        if b is not None:
            weights[-1, :, : len(b[some])] = b[some].T
        _sums(compiled_for, rows, samples, y, z, total, sums)
        found[:2, block] = sums[:, :TOGETHER] / len(x)
        if total is not None:
            gradient = layout.numbers(total) / len(x) + l2 * weights.astype(np.float64)
            gradient = gradient if b is not None else gradient[:-1]
            found[2, block] = np.sqrt(np.square(gradient).sum((0, 1)))
            total[...] = 0
    return list(found.reshape(3, -1)[: 2 if l2 is None else 3, :count])


@kernel
def _sums(statics, rows, samples, y, z, total, sums):
    """Sums over the samples: of losses, of right predictions and, unless total is None, in it of
    the gradients."""
    losses, correct = add_up(statics, rows, 1.0, samples, y, z, total)
    store(sums, 0, losses)
    store(sums, 1, correct)
