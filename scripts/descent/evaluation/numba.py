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
from descent.evaluation._blocks import norms, stacked

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
    classes = A.shape[1]
    layout = Layout(net.__name__.rpartition(".")[-1], classes, LANES)
    samples = in_blocks(x, scale, A.dtype, classes, gradients=l2 is not None)

    def means_of(some: dict[str, NDArray]) -> list[NDArray]:
        models = len(some["A"])
        rows = to_rows(layout, {name: _filled(p) for name, p in some.items()})
        sums, total = sums_over(layout, rows, samples, y, l2 is not None, accuracy=True)
        found = list(sums[:, :models] / len(x))
        if l2 is None:
            return found
        gradient = to_parameters(layout, total / len(x))
        doubles = {name: p.astype(np.float64) for name, p in some.items()}
        return [*found, norms(gradient[name][:models] + l2 * p for name, p in doubles.items())]

    return stacked(means_of, snapshots, LANES)


def _filled(p: NDArray) -> NDArray:
    """As many snapshots as lanes, zeros behind those that there are."""
    return np.concatenate([p, np.zeros((LANES - len(p), *p.shape[1:]), p.dtype)])
