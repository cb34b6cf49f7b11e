"""numba: compiled, for models that are linear in their scores, on the features that are not zero.

Sixteen snapshots at a time: a feature's value is read once and multiplied into sixteen scores of
each class, which stay in registers; softmax and cross-entropy follow without leaving them.
"""

from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent import functions
from descent.compiled.cache import inlined, kernel
from descent.compiled.classes import classes_before, classes_equal
from descent.compiled.formulas import Formula, compiled
from descent.compiled.samples import pack
from descent.compiled.scores import Layout, load, store

NEEDS = "outputs_from_scores"
GPU = "none"

of_label = compiled(functions.of_label)

TOGETHER = 16  # snapshots: their weights (500 KB on MNIST) stay in the second-level cache


class Compiled(NamedTuple):
    """What the kernel is compiled for."""

    layout: Layout
    outputs_from_scores: Formula
    losses: Formula


def mean_loss_and_accuracy(
    net: ModuleType, snapshots: dict[str, NDArray], x: NDArray, scale: float, y: NDArray
) -> tuple[NDArray, NDArray]:
    """Mean loss and accuracy of every snapshot."""
    A, b = snapshots["A"], snapshots["b"]
    count, classes, features = A.shape
    samples = pack(x, scale, A.dtype)
    name = net.__name__.rpartition(".")[-1]
    formulas = Formula(name, "outputs_from_scores"), Formula(name, "losses")
    kinds = Compiled(Layout(classes, TOGETHER), *formulas)
    rows = np.zeros((features + 1, classes, TOGETHER), A.dtype)
    of_sample = np.zeros((2, TOGETHER), A.dtype)
    loss, correct = np.zeros((2, -(-count // TOGETHER), TOGETHER))
    for block, first in enumerate(range(0, count, TOGETHER)):
        some = slice(first, first + TOGETHER)
        rows[:-1, :, : len(A[some])] = A[some].transpose(2, 1, 0)
        rows[-1, :, : len(b[some])] = b[some].T
        _add_up(kinds, rows, samples, y, of_sample, loss[block], correct[block])
    return loss.ravel()[:count] / len(x), correct.ravel()[:count] / len(x)


@kernel
def _add_up(kinds, rows, samples, y, of_sample, loss, correct):
    """Add every sample's loss to `loss`, and 1 to `correct` where its label is predicted."""
    layout, outputs_from_scores, losses = kinds
    start, feature, code, level = samples
    for i in range(len(y)):
        z = load(rows, len(rows) - 1, layout)
        for k in range(start[i], start[i + 1]):
            z = z + level[code[k]] * load(rows, feature[k], layout)
        outputs = outputs_from_scores(z)
        store(of_sample, 0, losses(outputs, y[i]))
        store(of_sample, 1, _is_largest(outputs, y[i]))
        for model in range(TOGETHER):
            loss[model] += of_sample[0, model]
            correct[model] += of_sample[1, model]


@inlined
def _is_largest(z, y):
    """The mask of the models whose argmax over the classes, as NumPy finds it, is y.

    No other class may be larger, nor one before y equal; nan counts as the largest.
    """
    of_y, z_is_nan = of_label(z, y), z != z
    larger = (z > of_y) | (z_is_nan & (of_y == of_y))
    not_less = (z >= of_y) | z_is_nan
    beaten = np.where(classes_before(z.shape, y), not_less, larger)
    return 1 - np.where(classes_equal(z.shape, y), 0, beaten).max(0)
