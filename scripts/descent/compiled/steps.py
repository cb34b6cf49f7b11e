"""Steps of descent, compiled, for models that are linear in their scores.

A step on one sample touches only the rows of the features that are not zero, if the update rule
lets it: about 150 rows of 64 bytes on MNIST, a fifth of the weights.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import inlined, kernel
from descent.compiled.classes import zero_padding
from descent.compiled.passes import add_up
from descent.compiled.samples import UNROLL
from descent.compiled.scores import in_double, in_dtype_of, load, prefetch, store, zero
from descent.engines._descent import SAFE

# Samples between asking for one and using it. A shuffled step of softmax_regression takes 0.58 µs
# without asking, 0.29 asking for entries alone, 0.23 asking also for where they begin.
AHEAD = 4

_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)


class Descent(NamedTuple):
    """What the steps of a seed, or of several side by side, read and change.

    Arrays are rows [features + 1, Layout.width], of the parameters transposed, the bias last.

    arrays: weights, with the bias as the last row, and each array of the update rule's state;
    scale [1]: what the weights are multiplied by to give the parameters, in float64; total: of
    gradients over the samples of a step, zero between steps where rows move, in float64 of a full
    batch; mean: the averaged parameters, in float64; options: of the update rule; l2: of the
    gradient, zero where it changes the scale; moving: rows that are parameters; unaveraged: steps
    before the first whose parameters are averaged.
    """

    arrays: tuple[NDArray, ...]
    scale: NDArray
    total: NDArray
    mean: NDArray
    options: tuple[float, ...]
    l2: float
    moving: int
    unaveraged: int


@inlined
def _add_rows(z0, rows, row, code, level, first, last, layout):
    """z0 + Σ level[code[k]] · rows[row[k]]; four sums side by side, since one would wait."""
    z1 = z2 = z3 = zero(rows, layout)
    for k in range(first, last, UNROLL):
        z0 = z0 + level[code[k]] * load(rows, row[k], layout)
        z1 = z1 + level[code[k + _1]] * load(rows, row[k + _1], layout)
        z2 = z2 + level[code[k + _2]] * load(rows, row[k + _2], layout)
        z3 = z3 + level[code[k + _3]] * load(rows, row[k + _3], layout)
    return (z0 + z1) + (z2 + z3)


@inlined
def _scores(i, rows, samples, layout):
    """z = A x + b of sample i."""
    start, feature, code, level = samples
    b = load(rows, len(rows) - 1, layout)
    return _add_rows(b, rows, feature, code, level, start[i], start[i + 1], layout)


@inlined
def _look_ahead(t, order, samples, y):
    """Ask for what comes: the first 224 entries of one sample, and where a later one begins."""
    last = len(order) - 1
    first = samples.start[order[min(t + AHEAD, last)]]
    for k in range(0, 224, 32):  # 64 bytes of features, then of codes, at a time
        prefetch(samples.feature, first + np.uint64(k))
    for k in range(0, 224, 64):
        prefetch(samples.code, first + np.uint64(k))
    later = order[min(t + 4 * AHEAD, last)]
    prefetch(samples.start, later)
    prefetch(y, later)


@inlined
def _safe(scale, descent, layout):
    """The scale of the weights; one that is not safe to divide by goes into the weights, so that
    they have none."""
    weights = descent.arrays[0]
    if not SAFE <= scale <= 1:
        for row in range(descent.moving):
            in_full = scale * in_double(load(weights, row, layout))
            store(weights, row, in_dtype_of(weights, in_full))
        scale = 1.0
    return scale


@kernel
def single_steps(statics, update, descent, samples, y, order, step_sizes, factors, made):
    """A step on each sample of `order`, after so many made, that touches what is not zero in it.

    factors: of the scale; without l2 None, which saves a tenth of a step.
    """
    layout, score_gradient = statics.layout, statics.score_gradient
    start, feature, code, level = samples
    rows, bias, scale = descent.arrays[0], len(descent.total) - 1, descent.scale[0]
    for t in range(len(order)):
        _look_ahead(t, order, samples, y)
        i, step = order[t], (step_sizes[t], made + t + 1.0, descent.options)
        z = _scores(i, rows, samples, layout)
        if factors is not None:
            z = scale * z
        dz = zero_padding(score_gradient(z, y[i]))
        if factors is not None:
            scale = _safe(scale * factors[t], descent, layout)
            dz = (1 / scale) * dz
        for k in range(start[i], start[i + 1]):
            p = load((rows,), feature[k], layout)
            store(rows, feature[k], update(p, level[code[k]] * dz, *step))
        if descent.moving > bias:
            store(rows, bias, update(load((rows,), bias, layout), dz, *step))
    descent.scale[0] = scale


@kernel
def batch_steps(statics, rule, descent, samples, y, order, step_sizes, factors, made, size):
    """A step on every `size` samples of `order`, after so many made."""
    layout, score_gradient = statics.layout, statics.score_gradient
    start, feature, code, level = samples
    total, bias = descent.total, len(descent.total) - 1
    for batch, first in enumerate(range(0, len(order), size)):
        last = min(first + size, len(order))
        for t in range(first, last):
            _look_ahead(t, order, samples, y)
            i = order[t]
            z = descent.scale[0] * _scores(i, descent.arrays[0], samples, layout)
            dz = zero_padding(score_gradient(z, y[i]))
            for k in range(start[i], start[i + 1]):
                row = load(total, feature[k], layout)
                store(total, feature[k], row + level[code[k]] * dz)
            store(total, bias, load(total, bias, layout) + dz)
        t = made + batch + 1
        _step(layout, rule, descent, last - first, step_sizes[batch], factors[batch], t)


@kernel
def full_steps(statics, rule, descent, samples, y, z, step_sizes, factors, made, losses, squares):
    """A step on all samples for each step size, after so many made.

    Of each step also: the sum of losses and ‖parameters‖² before it.
    """
    rows, scale = descent.arrays[0], descent.scale
    for step in range(len(step_sizes)):
        of_samples, _ = add_up(statics, rows, scale[0], samples, y, z, descent.total)
        store(losses, step, of_samples)
        square = zero(squares, statics.of_one_class)
        for row in range(descent.moving):
            p = scale[0] * in_double(load(rows, row, statics.layout))
            square = square + (p * p).sum(0)
        store(squares, step, square)
        layout, t = statics.whole, made + step + 1
        _step(layout, rule, descent, len(y), step_sizes[step], factors[step], t)


@inlined
def _step(layout, update, descent, count, step_size, factor, t):
    """Step t against g = total / count + λ p, and take its parameters into their mean."""
    arrays, total, mean = descent.arrays, descent.total, descent.mean
    weights = arrays[0]
    scale = _safe(factor * descent.scale[0], descent, layout)
    descent.scale[0] = scale
    for row in range(descent.moving):
        p_and_state, of_loss = load(arrays, row, layout), load(total, row, layout)
        store(total, row, zero(total, layout))
        g = in_dtype_of(weights, (1 / (count * scale)) * of_loss)
        if descent.l2 != 0:
            g = g + descent.l2 * p_and_state[0]
        store(arrays, row, update(p_and_state, g, step_size, t + 0.0, descent.options))
    averaged = t - descent.unaveraged
    if averaged > 0:
        for row in range(len(mean)):
            for lane in range(mean.shape[1]):
                weight, before = scale * weights[row, lane], mean[row, lane]
                mean[row, lane] = weight if averaged == 1 else before + (weight - before) / averaged
