"""A pass over all samples for several models at once: losses, right predictions, gradients.

Every entry of a sample is read once for all models, whose rows of weights lie side by side. The
samples come in blocks, and twice: sample by sample for the scores, one group of features after the
other, and feature by feature for the gradient, so that the sum of a feature stays in registers.
What is computed of a model does not depend on how many are beside it: the sums have one order.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import inlined, kernel
from descent.compiled.classes import classes_before, classes_equal
from descent.compiled.formulas import Formula, compiled
from descent.compiled.samples import Packed
from descent.compiled.scores import TOGETHER, Layout, in_double, load, store, zero
from descent.functions import of_label as of_label_by_numpy

BLOCK = 128  # samples whose scores stay near: those of five models take 28 KB
# Bytes of the weights of a group of features, of so many models as fit. The scores of MNIST take
# 17 ms for five models and 24 ms for eight in three groups, 22 and 29 ms in one.
GROUP = 96 * 1024
SMALLEST = 64  # features of a group, whose scores are written and read once more

_1, _2 = np.uint64(1), np.uint64(2)

of_label = compiled(of_label_by_numpy)


class Statics(NamedTuple):
    """What a pass is compiled for."""

    layout: Layout
    whole: Layout
    of_one_class: Layout
    losses: Formula
    score_gradient: Formula


def statics(model: str, layout: Layout) -> Statics:
    """What a pass over models of this kind is compiled for, with weights in this layout."""
    formulas = (Formula(model, name) for name in ("losses", "score_gradient"))
    return Statics(layout, layout.whole, Layout(1, layout.models), *formulas)


class Entries(NamedTuple):
    """Entries in an order: those of place j are start[j] … start[j + 1] - 1 of other and code.

    other: the feature of an entry in the order of samples, the sample in the order of features. A
    place is filled up to an even number by an entry of value zero.
    """

    start: NDArray[np.uint64]
    other: NDArray[np.unsignedinteger]
    code: NDArray[np.unsignedinteger]


class Blocks(NamedTuple):
    """Samples in blocks.

    by_sample: a place for each block, group of features and sample of the block; by_feature: for
    each block and feature; None where no gradients are asked for; groups: how many; level: an
    entry's value is level[code].
    """

    by_sample: Entries
    by_feature: Entries | None
    groups: int
    level: NDArray[np.floating]


def in_blocks(packed: Packed, features: int, classes: int, gradients: bool = True) -> Blocks:
    """Packed samples for passes with models of so many features and classes. MNIST takes 54 MB."""
    weights = features * Layout(classes, TOGETHER).width * packed.level.itemsize
    groups = max(1, min(-(-weights // GROUP), features // SMALLEST))
    group = np.arange(features) * groups // features
    by_sample = _ordered(packed, group * BLOCK, np.arange(BLOCK), groups * BLOCK, False)
    by_feature = None
    if gradients:
        by_feature = _ordered(packed, np.arange(features), np.zeros(BLOCK, int), features, True)
    return Blocks(by_sample, by_feature, groups, packed.level)


def _ordered(
    packed: Packed, of_feature: NDArray, of_sample: NDArray, places: int, by_feature: bool
) -> Entries:
    """Entries by so many places a block, of_feature[feature] + of_sample[sample of the block]."""
    start, feature, code, _ = packed
    count = np.zeros(-(-(len(start) - 1) // BLOCK) * places, np.int64)
    _count(start, feature, of_feature, of_sample, places, count)
    begin = np.append(0, (count + count % 2).cumsum())
    end, others = begin[:-1].copy(), BLOCK - 1 if by_feature else len(of_feature)
    other = np.zeros(begin[-1], np.min_scalar_type(others))
    codes = np.full(begin[-1], code[-1])  # of the entries to spare
    _scatter(start, feature, code, of_feature, of_sample, places, by_feature, end, other, codes)
    return Entries(begin.astype(np.uint64), other, codes)


@kernel
def _count(start, feature, of_feature, of_sample, places, count):
    for i in range(len(start) - 1):
        of_i = i // BLOCK * places + of_sample[i % BLOCK]
        for k in range(start[i], start[i + 1]):
            if feature[k] < len(of_feature):  # no filling
                count[of_i + of_feature[feature[k]]] += 1


@kernel
def _scatter(start, feature, code, of_feature, of_sample, places, by_feature, end, other, codes):
    for i in range(len(start) - 1):
        of_i = i // BLOCK * places + of_sample[i % BLOCK]
        for k in range(start[i], start[i + 1]):
            if feature[k] < len(of_feature):
                place = of_i + of_feature[feature[k]]
                other[end[place]] = i % BLOCK if by_feature else feature[k]
                codes[end[place]] = code[k]
                end[place] += 1


@inlined
def add_up(statics, rows, scale, samples, y, z, total):
    """Sums over the samples, for each model: of the losses, and of 1 where the label is predicted.

    The parameters are scale · rows. total: rows to which the gradients are added; or None. What the
    caller does not use, the compiler leaves out.
    """
    layout, whole, of_one_class, losses, score_gradient = statics
    of_samples = correct = in_double(zero(rows, of_one_class))
    for first in range(0, len(y), BLOCK):
        some = y[first : first + BLOCK]
        _scores_of_block(first // BLOCK, rows, samples, z, len(some), whole)
        for i in range(len(some)):
            z_i = scale * load(z, i, layout)
            of_samples = of_samples + in_double(losses(z_i, some[i]))
            correct = correct + in_double(_is_largest(z_i, some[i]))
            if total is not None:
                store(z, i, score_gradient(z_i, some[i]))
        if total is not None:
            _add_gradients(first // BLOCK, z, samples, total, len(some), whole)
    return of_samples, correct


@inlined
def _scores_of_block(block, rows, samples, z, count, layout):
    """z = A x + b of the samples of a block."""
    start, feature, code = samples.by_sample
    place = block * samples.groups * BLOCK
    for group in range(samples.groups):
        for i in range(count):
            z_i = load(z, i, layout) if group else load(rows, len(rows) - 1, layout)
            first, last = start[place + i], start[place + i + 1]
            store(z, i, z_i + _products(rows, feature, code, samples.level, first, last, layout))
        place += BLOCK


@inlined
def _add_gradients(block, dz, samples, total, count, layout):
    """Add dz xᵀ and dz of the samples of a block, summed up in dz's precision."""
    start, sample, code = samples.by_feature
    bias = len(total) - 1
    for f in range(bias):
        first, last = start[block * bias + f], start[block * bias + f + 1]
        if first < last:
            of_f = _products(dz, sample, code, samples.level, first, last, layout)
            store(total, f, load(total, f, layout) + in_double(of_f))
    of_bias = zero(dz, layout)
    for i in range(count):
        of_bias = of_bias + load(dz, i, layout)
    store(total, bias, load(total, bias, layout) + in_double(of_bias))


@inlined
def _products(rows, row, code, level, first, last, layout):
    """Σ level[code[k]] · rows[row[k]]; two sums side by side, since one would wait."""
    even = odd = zero(rows, layout)
    for k in range(first, last, _2):
        even = even + level[code[k]] * load(rows, row[k], layout)
        odd = odd + level[code[k + _1]] * load(rows, row[k + _1], layout)
    return even + odd


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
