"""numba: compiled, for classifiers that are linear in their scores, on features that are not zero.

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
from descent.compiled.samples import pack, transpose
from descent.compiled.scores import Layout, in_double, load, store, zero, zeros
from descent.evaluators._blocks import blocks

NEEDS = ("classification", "compiled stacks")
USES_GPU = False
LIBRARIES = ("numpy", "numba")

of_label = compiled(functions.of_label)

TOGETHER = 16  # snapshots: their weights (500 KB on MNIST) stay in the second-level cache
BLOCK = 128  # samples whose ∂loss/∂z (80 KB) stay there, too


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
    A, b = snapshots["A"], snapshots["b"]
    count, classes, features = A.shape
    samples = pack(x, scale, A.dtype)
    name = net.__name__.rpartition(".")[-1]
    layout = Layout(classes, TOGETHER)
    formulas = Formula(name, "losses"), Formula(name, "score_gradient")
    statics = layout, Layout(1, TOGETHER), *formulas
    weights = zeros(features + 1, layout, A.dtype).reshape(features + 1, classes, TOGETHER)
    rows = weights.reshape(features + 1, layout.width)
    found = np.zeros((3, -(-count // TOGETHER), TOGETHER))
    if l2 is not None:
        columns = transpose(samples, features, BLOCK)
        dz = zeros(BLOCK, layout, A.dtype)
        total = zeros(features + 1, layout, np.float64)
    for block, some in enumerate(blocks(count, TOGETHER)):
        weights[:-1, :, : len(A[some])] = A[some].transpose(2, 1, 0)
        weights[-1, :, : len(b[some])] = b[some].T
        sums = found[:2, block].copy()
        if l2 is None:
            _add_up(statics, rows, samples, y, sums)
        else:
            total[...] = 0
            _add_up_gradients(statics, rows, samples, y, columns, dz, total, sums)
            gradient = total.reshape(weights.shape) / len(x) + l2 * weights.astype(np.float64)
            found[2, block] = np.sqrt(np.square(gradient).sum((0, 1)))
        found[:2, block] = sums / len(x)
    return list(found.reshape(3, -1)[: 2 if l2 is None else 3, :count])


@kernel
def _add_up(statics, rows, samples, y, sums):
    """Sums over the samples: of the losses, and of 1 where the label is predicted."""
    layout, of_one_class, losses, _ = statics
    loss = correct = zero(sums, of_one_class)
    for i in range(len(y)):
        z = _scores(i, rows, samples, layout)
        loss = loss + in_double(losses(z, y[i]))
        correct = correct + in_double(_is_largest(z, y[i]))
    store(sums, 0, loss)
    store(sums, 1, correct)


@kernel
def _add_up_gradients(statics, rows, samples, y, columns, dz, total, sums):
    """The same, and the sums of the gradients, of each block of samples feature by feature."""
    layout, of_one_class, losses, score_gradient = statics
    column, sample, code = columns
    bias = len(total) - 1
    loss = correct = zero(sums, of_one_class)
    for first in range(0, len(y), len(dz)):
        of_bias = zero(rows, layout)
        for i in range(first, min(first + len(dz), len(y))):
            z = _scores(i, rows, samples, layout)
            loss = loss + in_double(losses(z, y[i]))
            correct = correct + in_double(_is_largest(z, y[i]))
            dz_i = score_gradient(z, y[i])
            store(dz, i - first, dz_i)
            of_bias = of_bias + dz_i
        store(total, bias, load(total, bias, layout) + in_double(of_bias))
        for f in range(bias):
            j = first // len(dz) * bias + f
            if column[j] < column[j + 1]:
                of_f = zero(rows, layout)
                for k in range(column[j], column[j + 1]):
                    of_f = of_f + samples.level[code[k]] * load(dz, sample[k], layout)
                store(total, f, load(total, f, layout) + in_double(of_f))
    store(sums, 0, loss)
    store(sums, 1, correct)


@inlined
def _scores(i, rows, samples, layout):
    """z = A x + b of sample i, for each model."""
    start, feature, code, level = samples
    z = load(rows, len(rows) - 1, layout)
    for k in range(start[i], start[i + 1]):
        z = z + level[code[k]] * load(rows, feature[k], layout)
    return z


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
