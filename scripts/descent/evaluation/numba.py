"""numba: compiled, for classifiers that are linear in their scores, on the nonzero features.

Eight snapshots at a time: softmax and cross-entropy of a sample follow on its scores without
leaving the registers.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent.compiled.linear import sums_over, to_parameters, to_rows
from descent.compiled.rows import LANES, Layout
from descent.compiled.samples import in_blocks
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
    A = snapshots["A"]
    count, classes, _ = A.shape
    layout = Layout(net.__name__.rpartition(".")[-1], classes, LANES)
    samples = in_blocks(x, scale, A.dtype, classes, gradients=l2 is not None)
    found = np.zeros((3, count))
    for some in blocks(count, LANES):
        these = {name: p[some] for name, p in snapshots.items()}
        models = len(these["A"])
        rows = to_rows(layout, {n: _filled(p) for n, p in these.items()})
        sums, total = sums_over(layout, rows, samples, y, l2 is not None, accuracy=True)
        found[:2, some] = sums[:, :models] / len(x)
        if l2 is not None:
            gradient = to_parameters(layout, total / len(x))
            squares = (
                np.square(gradient[name][:models] + l2 * p.astype(np.float64)).reshape(models, -1)
                for name, p in these.items()
            )
            found[2, some] = np.sqrt(sum(each.sum(1) for each in squares))
    return list(found[: 2 if l2 is None else 3])


def _filled(p: NDArray) -> NDArray:
    """As many snapshots as lanes, zeros behind those that there are."""
    return np.concatenate([p, np.zeros((LANES - len(p), *p.shape[1:]), p.dtype)])
