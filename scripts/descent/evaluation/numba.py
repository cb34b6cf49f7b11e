"""Evaluator in numba, for classifiers with linear scores: it uses only the nonzero features.

It evaluates eight snapshots at a time, and computes softmax and cross-entropy in registers.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.compiled.linear import sums_over, to_parameters, to_rows
from descent.compiled.rows import LANES, Layout
from descent.compiled.samples import in_blocks
from descent.evaluation._blocks import by_blocks, norms

LIBRARIES = ("numpy", "numba")


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
    A = snapshots["A"]
    classes = A.shape[1]
    layout = Layout(net.__name__.rpartition(".")[-1], classes, LANES)
    samples = in_blocks(x, scale, A.dtype, classes, gradients=l2 is not None)

    def means_of(block: dict[str, NDArray]) -> list[NDArray]:
        models = len(block["A"])
        rows = to_rows(layout, {name: _padded(p) for name, p in block.items()})
        sums, total = sums_over(layout, rows, samples, y, l2 is not None, accuracy=True)
        found = list(sums[:, :models] / len(x))
        if l2 is None:
            return found
        gradient = to_parameters(layout, total / len(x))
        doubles = {name: p.astype(np.float64) for name, p in block.items()}
        return [*found, norms(gradient[name][:models] + l2 * p for name, p in doubles.items())]

    return by_blocks(means_of, snapshots, LANES)


def _padded(p: NDArray) -> NDArray:
    """Snapshots padded with zeros to the number of lanes."""
    return np.concatenate([p, np.zeros((LANES - len(p), *p.shape[1:]), p.dtype)])
