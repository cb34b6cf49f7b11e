"""numba: compiled, for models that are linear in their scores, on the features that are not zero.

Sixteen snapshots at a time: a feature's value is read once and multiplied into sixteen scores of
each class, which stay in registers; softmax and cross-entropy follow without leaving them.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent import functions
from descent.compiled.cache import inlined, kernel
from descent.compiled.classes import classes_before, classes_equal
from descent.compiled.formulas import Formula, compiled
from descent.compiled.samples import pack
from descent.compiled.scores import Layout, in_double, load, store, zero, zeros

NEEDS = ("compiled losses",)
USES_GPU = False
LIBRARIES = ("numpy", "numba")

of_label = compiled(functions.of_label)

TOGETHER = 16  # snapshots: their weights (500 KB on MNIST) stay in the second-level cache


def device() -> str:
    """Where it computes."""
    return "cpu"


def mean_loss_and_accuracy(
    net: ModuleType, snapshots: dict[str, NDArray], x: NDArray, scale: float, y: NDArray
) -> tuple[NDArray, NDArray]:
    """Mean loss and accuracy of every snapshot."""
    A, b = snapshots["A"], snapshots["b"]
    count, classes, features = A.shape
    samples = pack(x, scale, A.dtype)
    name = net.__name__.rpartition(".")[-1]
    layout = Layout(classes, TOGETHER)
    statics = (
        layout,
        Layout(1, TOGETHER),
        Formula(name, "outputs_from_scores"),
        Formula(name, "losses"),
    )
    rows = zeros(features + 1, layout, A.dtype)
    weights = rows.reshape(features + 1, classes, TOGETHER)
    sums = np.zeros((-(-count // TOGETHER), 2, TOGETHER))
    for block, first in enumerate(range(0, count, TOGETHER)):
        some = slice(first, first + TOGETHER)
        weights[:-1, :, : len(A[some])] = A[some].transpose(2, 1, 0)
        weights[-1, :, : len(b[some])] = b[some].T
        _add_up(statics, rows, samples, y, sums[block])
    loss, correct = sums.swapaxes(0, 1).reshape(2, -1)[:, :count] / len(x)
    return loss, correct


@kernel
def _add_up(statics, rows, samples, y, sums):
    """Sums over the samples: of the losses, and of 1 where the label is predicted."""
    layout, of_one_class, outputs_from_scores, losses = statics
    start, feature, code, level = samples
    loss = correct = zero(sums, of_one_class)
    for i in range(len(y)):
        z = load(rows, len(rows) - 1, layout)
        for k in range(start[i], start[i + 1]):
            z = z + level[code[k]] * load(rows, feature[k], layout)
        outputs = outputs_from_scores(z)
        loss = loss + in_double(losses(outputs, y[i]))
        correct = correct + in_double(_is_largest(outputs, y[i]))
    store(sums, 0, loss)
    store(sums, 1, correct)


@inlined
def _is_largest(z, y):
    """The mask of the models whose argmax over the classes, as NumPy finds it, is y.

    No other class may be larger, nor one before y equal; nan counts as the largest.
    """
    of_y, z_is_nan = of_label(z, y), z != z
    larger = (z > of_y) | (z_is_nan & (of_y == of_y))
    not_less = (z >= of_y) | z_is_nan
    beaten = np.where(classes_before(z.shape, y), not_less, larger) & ~classes_equal(z.shape, y)
    return beaten.sum(0) == 0
