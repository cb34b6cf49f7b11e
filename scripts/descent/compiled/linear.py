"""Kernels for models with scores z = A x + b: the formula of each model, a descent loop over single
samples, and a pass over all samples for several models at once.

Parameters are stored transposed, as a row of weights for each feature and the bias in the last row.
The loop over single samples stores them as scale · rows, so that weight decay changes only the
scale (the weight-scale trick of Pegasos, Shalev-Shwartz et al. 2011).
"""

import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

from descent.compiled.cache import inlined, kernel
from descent.compiled.rows import (
    Layout,
    earlier,
    exp,
    fma,
    in_double,
    inside,
    largest,
    less,
    load,
    log,
    one_hot,
    prefetch,
    store,
    total,
    zero,
)
from descent.compiled.samples import BLOCK, UNROLL, Blocks

MIN_SCALE = 2.0**-20  # a smaller scale is folded into the rows; float32 underflows at 2**-126
# Prefetch distance in samples. A shuffled step of softmax_regression takes 0.58 µs without
# prefetch, 0.29 with prefetch of the entries, 0.23 with prefetch of their start offsets, too.
AHEAD = 4

_1, _2, _3, _4 = (np.uint64(i) for i in (1, 2, 3, UNROLL))


# The formulas: the loss of a sample with scores z and target y, and ∂loss/∂z


@inlined
def _softmax_regression(z, y):
    """loss = log Σ exp(z) - z_y,  ∂loss/∂z = softmax(z) - one_hot(y)."""
    shift, hot = largest(z), one_hot(z, y)
    e = exp(z - shift)
    over = total(e)
    return log(over) + shift - total(hot * z), e / over - hot


@inlined
def _sigmoid_softmax(z, y):
    """The cross-entropy with scores p = softmax(s), s = sigmoid(z). By the chain rule

    dp = softmax(p) - one_hot(y),  ds = p (dp - Σ dp p),  ∂loss/∂z = s (1 - s) ds
    """
    s = 1.0 / (1.0 + exp(0.0 - z))
    e = exp(s)  # at most e: no shift is needed
    p = e / total(e)
    loss, dp = _softmax_regression(p, y)
    return loss, s * (1.0 - s) * p * (dp - total(dp * p))


@inlined
def _linear_regression(z, y):
    """loss = ½ (z - y)²,  ∂loss/∂z = z - y."""
    error = z - y
    return 0.5 * total(error * error), error


FORMULAS = {
    "softmax_regression": _softmax_regression,
    "sigmoid_softmax": _sigmoid_softmax,
    "linear_regression": _linear_regression,
}


def loss_and_gradient(layout, z, y):
    """The formula of a layout's model."""


@overload(loss_and_gradient, jit_options={"forceinline": True})
def _formula(layout, z, y):
    formula = FORMULAS[layout.value.model]
    return lambda layout, z, y: formula(z, y)


# Steps on single samples


@kernel
def single_steps(
    layout, rows, scale, samples, level, y, order, step_sizes, decay, has_bias, mean, averaged
):
    """Make a step on each sample of `order`, which changes only the rows of its nonzero features.

    rows [features + 1, width], scale [1]: changed in place; decay [steps]: 1 - α λ, or ones; mean
    [features + 1, width], in float64: the average of the iterates, or [0, width] if none is wanted;
    averaged: the number of iterates averaged before, negative during the burn-in.
    """
    start, feature, code = samples
    bias, s = len(rows) - 1, scale[0]
    for t in range(len(order)):
        _prefetch_samples(t, order, samples, y)
        i = order[t]
        z0 = load(rows, bias, layout)
        z1 = z2 = z3 = zero(rows, layout)  # four independent sums hide the latency of fma
        for k in range(start[i], start[i + 1], _4):
            z0 = fma(level[code[k]], load(rows, feature[k], layout), z0)
            z1 = fma(level[code[k + _1]], load(rows, feature[k + _1], layout), z1)
            z2 = fma(level[code[k + _2]], load(rows, feature[k + _2], layout), z2)
            z3 = fma(level[code[k + _3]], load(rows, feature[k + _3], layout), z3)
        _, dz = loss_and_gradient(layout, s * ((z0 + z1) + (z2 + z3)), y[i])
        s = _fold(s * decay[t], rows, layout)
        step = (-step_sizes[t] / s) * inside(dz)
        for k in range(start[i], start[i + 1]):
            store(rows, feature[k], fma(level[code[k]], step, load(rows, feature[k], layout)))
        if has_bias:
            store(rows, bias, load(rows, bias, layout) + step)
        if len(mean) > 0 and averaged + t >= 0:
            for row in range(len(mean)):
                before = in_double(load(mean, row, layout))
                after = s * in_double(load(rows, row, layout))
                store(mean, row, before + (after - before) / (averaged + t + 1.0))
    scale[0] = s


@inlined
def _prefetch_samples(t, order, samples, y):
    """Prefetch the first 224 entries of the sample AHEAD steps ahead, and the start offset of the
    one four times as far ahead."""
    last = len(order) - 1
    first = samples.start[order[min(t + AHEAD, last)]]
    for k in range(0, 224, 32):  # 64 bytes of features, then of codes, at a time
        prefetch(samples.other, first + np.uint64(k))
    for k in range(0, 224, 64):
        prefetch(samples.code, first + np.uint64(k))
    later = order[min(t + 4 * AHEAD, last)]
    prefetch(samples.start, later)
    prefetch(y, later)


@inlined
def _fold(scale, rows, layout):
    """Return the scale; fold it into the rows and return 1 if dividing by it is not safe."""
    if MIN_SCALE <= scale <= 1:
        return scale
    for row in range(len(rows)):
        store(rows, row, scale * in_double(load(rows, row, layout)))
    return 1.0


# A pass over all samples, for several models at once


@kernel
def pass_over(layout, flat, rows, blocks, y, z, gradients, sums):
    """Sum over the samples, for each model, the losses, the correct predictions if `sums` has two
    rows, and the gradients if `gradients` has rows.

    sums [1 or 2, width], gradients [features + 1, width] or [0, width]: outputs in float64;
    gradients must be zero on entry; z [BLOCK, width]: scratch memory. The sums of a model do not
    depend on the number of models.
    """
    losses = correct = in_double(total(zero(z, layout)))
    for first in range(0, len(y), BLOCK):
        targets, block = y[first : first + BLOCK], first // BLOCK
        _scores(block, flat, rows, blocks, z, len(targets))
        for i in range(len(targets)):
            scores = load(z, i, layout)
            loss, dz = loss_and_gradient(layout, scores, targets[i])
            losses = losses + in_double(loss)
            if len(sums) > 1:
                correct = correct + in_double(_is_largest(scores, targets[i]))
            if len(gradients) > 0:
                store(z, i, inside(dz))
        if len(gradients) > 0:
            _add_gradients(block, flat, blocks, z, gradients, len(targets))
    store(sums, 0, losses)
    if len(sums) > 1:
        store(sums, 1, correct)


@inlined
def _is_largest(z, y):
    """1 if the label is the argmax of the scores, else 0; ties go to the first class."""
    score = total(one_hot(z, y) * z)
    better = less(score, z) + earlier(z, y) * (1.0 - less(z, score))
    return less(total(better), 0.5)


@inlined
def _scores(block, flat, rows, blocks, z, count):
    """Compute z = A x + b for the samples of a block, group of features by group."""
    start, feature, code = blocks.by_sample
    row = block * blocks.groups * BLOCK
    for group in range(blocks.groups):
        for i in range(count):
            before = load(z, i, flat) if group else load(rows, len(rows) - 1, flat)
            first, last = start[row + i], start[row + i + 1]
            store(z, i, before + _products(rows, feature, code, blocks.level, first, last, flat))
        row += BLOCK


@inlined
def _add_gradients(block, flat, blocks, dz, gradients, count):
    """Add Σ dz xᵀ and Σ dz over a block, feature by feature, with each sum in registers."""
    start, sample, code = blocks.by_feature
    bias = len(gradients) - 1
    for f in range(bias):
        first, last = start[block * bias + f], start[block * bias + f + 1]
        if first < last:
            sums = _products(dz, sample, code, blocks.level, first, last, flat)
            store(gradients, f, load(gradients, f, flat) + in_double(sums))
    db = zero(dz, flat)
    for i in range(count):
        db = db + load(dz, i, flat)
    store(gradients, bias, load(gradients, bias, flat) + in_double(db))


@inlined
def _products(rows, row, code, level, first, last, layout):
    """Σ level[code[k]] · rows[row[k]], in two independent sums to hide the latency of fma."""
    even = odd = zero(rows, layout)
    for k in range(first, last, _2):
        even = fma(level[code[k]], load(rows, row[k], layout), even)
        odd = fma(level[code[k + _1]], load(rows, row[k + _1], layout), odd)
    return even + odd


# Conversions between parameters and rows


def to_rows(layout: Layout, parameters: dict[str, NDArray]) -> NDArray:
    """Rows [features + 1, width] of A [models, classes, features] and b [models, classes]."""
    A = parameters["A"]
    rows = layout.zeros(A.shape[-1] + 1, A.dtype)
    numbers = layout.numbers(rows)
    numbers[:-1] = A.T
    if "b" in parameters:
        numbers[-1] = parameters["b"].T
    return rows


def to_parameters(layout: Layout, rows: NDArray) -> dict[str, NDArray]:
    """A and b of rows, the inverse of `to_rows`."""
    numbers = layout.numbers(rows).T
    return {"A": numbers[..., :-1], "b": numbers[..., -1]}


def sums_over(
    layout: Layout, rows: NDArray, blocks: Blocks, y: NDArray, gradients: bool, accuracy: bool
) -> tuple[NDArray, NDArray]:
    """Sums over the samples for each model: losses and, if `accuracy`, correct predictions,
    [1 or 2, models]; and rows of the gradients, none unless `gradients`."""
    z = layout.zeros(BLOCK, rows.dtype)
    total = layout.zeros(len(rows) if gradients else 0, np.float64)
    sums = layout.zeros(2 if accuracy else 1, np.float64)
    pass_over(layout, layout.flat, rows, blocks, y, z, total, sums)
    return sums[:, : layout.models], total
