"""numba: compiled descent on sparse samples, for models that are linear in their scores.

The weights lie transposed, the classes of one feature side by side, the bias as the last row. A
step on one sample touches only the rows of the features that are not zero: about 150 rows of 64
bytes on MNIST, a fifth of the weights.
"""

from collections.abc import Callable
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from descent import schedule
from descent.compiled.cache import compiled, inlined
from descent.compiled.samples import UNROLL, pack
from descent.compiled.scores import (
    Kind,
    add_scaled,
    lanes,
    load,
    prefetch,
    score_gradient,
    store,
    zero_padding,
)
from descent.data import Data
from descent.engines._descent import follow, initial
from descent.errors import InputError
from descent.iterates import Iterates
from descent.optimizers import plain
from descent.run import FULL, Run, model, update_rule

NEEDS = "score_gradient"

AHEAD = 2  # samples between asking for one and using it


def device() -> str:
    """Where it computes."""
    return "cpu"


def versions() -> dict[str, str]:
    """Of the libraries that compute."""
    return {"numpy": np.__version__, "numba": numba.__version__}


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """The iterates of a run; InputError if its update rule is not the plain one."""
    if update_rule(run.update_rule) is not plain:
        raise InputError(f"engine numba: found update rule {run.update_rule}; allowed: plain")
    net = model(run.model)
    n, features = data.x_train.shape
    size = run.samples_a_step(n)
    steps_per_epoch = schedule.steps_per_epoch(n, size)
    packed = pack(data.x_train, data.scale, run.dtype)
    samples = (packed.start, packed.feature, packed.code, packed.level, data.y_train)
    start = initial(run, net.layers(features, data.outputs))
    weights = [_rows(A, b) for A, b in zip(start["A"], start["b"], strict=True)]
    total = np.zeros_like(weights[0])
    kind = Kind(run.model, data.outputs)
    step = (run.step_size, float(run.l2))
    full, everything = run.batch_size == FULL, np.arange(n)
    order = lru_cache(maxsize=len(run.seeds))(schedule.order)

    def advance(first: int, last: int) -> None:
        for seed, w in zip(run.seeds, weights, strict=True):
            for epoch in range(first // steps_per_epoch, -(-last // steps_per_epoch)):
                begin, end = (
                    size * min(max(at - epoch * steps_per_epoch, 0), steps_per_epoch)
                    for at in (first, last)
                )
                samples_in_order = everything if full else order(seed, epoch, n)[begin:end]
                if size == 1:
                    _single_steps(kind, w, *samples, samples_in_order, *step)
                else:
                    _batch_steps(kind, w, total, *samples, samples_in_order, size, *step)

    def snapshot() -> dict[str, NDArray]:
        rows = np.stack(weights)[..., : data.outputs].swapaxes(1, 2)
        return {"A": rows[..., :-1], "b": rows[..., -1]}

    return follow(run, n, advance, snapshot, progress)


def _rows(A: NDArray, b: NDArray) -> NDArray:
    """Weights and bias as the kernels read them, [features + 1, lanes]: a row in a cache line."""
    classes, features = A.shape
    size = (features + 1) * lanes(classes)
    memory = np.zeros(size + 64, A.dtype)
    offset = -memory.ctypes.data % 64 // A.itemsize
    rows = memory[offset : offset + size].reshape(features + 1, -1)
    rows[:-1, :classes] = A.T
    rows[-1, :classes] = b
    return rows


@inlined
def _gradient(kind, i, rows, start, feature, code, level, y):
    """∂loss/∂z of sample i, where z = A x + b; four sums side by side, since one would wait."""
    z0 = load(rows, len(rows) - 1, kind)
    z1 = z2 = z3 = z0 - z0
    for k in range(start[i], start[i + 1], UNROLL):
        z0 = add_scaled(z0, level[code[k]], load(rows, feature[k], kind))
        z1 = add_scaled(z1, level[code[k + 1]], load(rows, feature[k + 1], kind))
        z2 = add_scaled(z2, level[code[k + 2]], load(rows, feature[k + 2], kind))
        z3 = add_scaled(z3, level[code[k + 3]], load(rows, feature[k + 3], kind))
    return zero_padding(score_gradient(kind, (z0 + z1) + (z2 + z3), y[i]))


@inlined
def _add_outer_product(kind, rows, dz, i, start, feature, code, level):
    """rows += dz xᵀ, and dz to the bias."""
    for k in range(start[i], start[i + 1]):
        row = load(rows, feature[k], kind)
        store(rows, feature[k], add_scaled(row, level[code[k]], dz))
    bias = len(rows) - 1
    store(rows, bias, load(rows, bias, kind) + dz)


@inlined
def _look_ahead(i, start, feature, code):
    """Ask for the first 224 entries of sample i, 64 bytes at a time."""
    for k in range(0, 224, 32):
        prefetch(feature, start[i] + k)
    for k in range(0, 224, 64):
        prefetch(code, start[i] + k)


@compiled
def _single_steps(kind, rows, start, feature, code, level, y, order, step_size, l2):
    """A step on each sample of `order`: p ← p - α (∂loss/∂p + λ p)."""
    for t in range(len(order)):
        _look_ahead(order[min(t + AHEAD, len(order) - 1)], start, feature, code)
        dz = _gradient(kind, order[t], rows, start, feature, code, level, y)
        if l2 != 0:
            for row in range(len(rows)):
                store(rows, row, load(rows, row, kind) * (1 - step_size * l2))
        _add_outer_product(kind, rows, dz * -step_size, order[t], start, feature, code, level)


@compiled
def _batch_steps(kind, rows, total, start, feature, code, level, y, order, size, step_size, l2):
    """A step on every `size` samples of `order`, against the mean of their gradients."""
    for first in range(0, len(order), size):
        last = min(first + size, len(order))
        total[:] = 0
        for t in range(first, last):
            _look_ahead(order[min(t + AHEAD, len(order) - 1)], start, feature, code)
            dz = _gradient(kind, order[t], rows, start, feature, code, level, y)
            _add_outer_product(kind, total, dz, order[t], start, feature, code, level)
        scale = -step_size / (last - first)
        for row in range(len(rows)):
            p = load(rows, row, kind) * (1 - step_size * l2)
            store(rows, row, add_scaled(p, scale, load(total, row, kind)))
