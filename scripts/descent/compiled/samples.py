"""Samples as kernels read them: the features that are not zero.

Values are codes of a lookup table, `level`: for pixels a byte each. MNIST takes 27 MB in the order
of samples, and 54 MB in blocks in both orders.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import kernel
from descent.compiled.rows import LANES, Layout

UNROLL = 4  # entries of a sample come in groups of so many
SPARE = 512  # entries behind the last sample, so that looking ahead stays inside
BLOCK = 128  # samples whose scores stay in cache: those of five models take 28 KB
# Bytes of the weights of a group of features, of as many models as fit. The scores of MNIST take
# 17 ms for five models and 24 ms for eight in three groups, 22 and 29 ms in one.
GROUP = 96 * 1024
SMALLEST = 64  # features of a group at least, since scores are written and read once a group


class Entries(NamedTuple):
    """CSR: place j has the entries start[j] … start[j + 1] - 1 of other and code.

    other: the feature of an entry where places are samples, the sample where places are features;
    code: the value is level[code]. Indices are unsigned, so that numba does not ask whether they
    count from the end. Places are filled up with entries of value zero.
    """

    start: NDArray[np.uint64]
    other: NDArray[np.unsignedinteger]
    code: NDArray[np.unsignedinteger]


class Blocks(NamedTuple):
    """Samples in blocks of BLOCK: a place for each block, group of features and sample of the
    block, and a place for each block and feature, which are none where only losses are needed."""

    by_sample: Entries
    by_feature: Entries
    groups: int
    level: NDArray[np.floating]


def by_sample(x: NDArray, scale: float, dtype: str) -> tuple[Entries, NDArray[np.floating]]:
    """The entries of samples x [n, features] as stored, and the lookup table of their values, which
    are x / scale in dtype."""
    level, codes = np.arange(256), x
    if x.dtype != np.uint8:
        level = np.unique(np.append(x, 0))
        codes = np.searchsorted(level, x)
    zero = np.searchsorted(level, 0)
    start = _starts(np.count_nonzero(x, axis=1), UNROLL)
    entries, features = int(start[-1]) + SPARE, x.shape[1]
    feature = np.full(entries, features, np.min_scalar_type(features))
    code = np.full(entries, zero, np.min_scalar_type(len(level) - 1))
    _fill(codes, zero, start, feature, code)
    return Entries(start, feature, code), np.divide(level, scale, dtype=dtype)


def in_blocks(x: NDArray, scale: float, dtype: str, classes: int, gradients: bool = True) -> Blocks:
    """The entries of samples for passes with several models of so many classes."""
    samples, level = by_sample(x, scale, dtype)
    features, width = x.shape[1], Layout("", classes, LANES).width
    weights = features * width * level.itemsize
    groups = max(1, min(-(-weights // GROUP), features // SMALLEST))
    group = np.arange(features) * groups // features
    ordered = _ordered(samples, group * BLOCK, np.arange(BLOCK), groups * BLOCK, False)
    by_feature = Entries(samples.start[:0], np.zeros(0, np.uint8), samples.code[:0])
    if gradients:
        by_feature = _ordered(samples, np.arange(features), np.zeros(BLOCK, int), features, True)
    return Blocks(ordered, by_feature, groups, level)


def _starts(count: NDArray, multiple: int) -> NDArray[np.uint64]:
    """Where the entries of each place begin, and the last end, filled up to a multiple."""
    return np.append(0, -(-count // multiple) * multiple).cumsum().astype(np.uint64)


def _ordered(
    samples: Entries, of_feature: NDArray, of_sample: NDArray, places: int, by_feature: bool
) -> Entries:
    """Entries by so many places a block, of_feature[feature] + of_sample[sample of the block]."""
    count = np.zeros(-(-(len(samples.start) - 1) // BLOCK) * places, np.int64)
    _count(samples, of_feature, of_sample, places, count)
    start = _starts(count, 2)
    others = BLOCK - 1 if by_feature else len(of_feature)
    other = np.zeros(start[-1], np.min_scalar_type(others))
    code = np.full(start[-1], samples.code[-1])  # that of an entry to spare, which is zero
    end = start[:-1].astype(np.int64)
    _scatter(samples, of_feature, of_sample, places, by_feature, end, other, code)
    return Entries(start, other, code)


@kernel
def _fill(codes, zero, start, feature, code):
    for i in range(len(codes)):
        k = np.int64(start[i])
        for j in range(codes.shape[1]):
            if codes[i, j] != zero:
                feature[k] = j
                code[k] = codes[i, j]
                k += 1


@kernel
def _count(samples, of_feature, of_sample, places, count):
    for i in range(len(samples.start) - 1):
        of_i = i // BLOCK * places + of_sample[i % BLOCK]
        for k in range(samples.start[i], samples.start[i + 1]):
            if samples.other[k] < len(of_feature):  # no filling
                count[of_i + of_feature[samples.other[k]]] += 1


@kernel
def _scatter(samples, of_feature, of_sample, places, by_feature, end, other, code):
    for i in range(len(samples.start) - 1):
        of_i = i // BLOCK * places + of_sample[i % BLOCK]
        for k in range(samples.start[i], samples.start[i + 1]):
            if samples.other[k] < len(of_feature):
                place = of_i + of_feature[samples.other[k]]
                other[end[place]] = i % BLOCK if by_feature else samples.other[k]
                code[end[place]] = samples.code[k]
                end[place] += 1
