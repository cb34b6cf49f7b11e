"""Samples in the sparse format of the kernels.

Values are quantised: they are stored as indices into a lookup table, `level`; the index of a pixel
has one byte. MNIST takes 27 MB ordered by sample, and 54 MB in blocks ordered by sample and by
feature.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import kernel
from descent.compiled.rows import LANES, Layout

UNROLL = 4  # the entries of a sample are padded to a multiple of this
PADDING = 512  # entries after the last sample, so that prefetches stay inside the arrays
BLOCK = 128  # samples per block, whose scores stay in cache: those of five models take 28 KB
# Bytes of the weights of LANES models for a group of features. The scores of MNIST take 17 ms for
# five models and 24 ms for eight in three groups, 22 and 29 ms in one.
GROUP_BYTES = 96 * 1024
MIN_GROUP = 64  # features per group at least, since each group reads and writes all scores


class Entries(NamedTuple):
    """Compressed sparse rows: row j has the entries start[j] … start[j + 1] - 1 of other and code.

    other: the feature of an entry if rows are samples, the sample if rows are features; code: the
    value is level[code]. Indices are unsigned, so that numba emits no check for negative ones. Rows
    are padded with entries of value zero.
    """

    start: NDArray[np.uint64]
    other: NDArray[np.unsignedinteger]
    code: NDArray[np.unsignedinteger]


class Blocks(NamedTuple):
    """Samples in blocks of BLOCK.

    by_sample: a row for each block, group of features and sample of the block; by_feature: a row
    for each block and feature, or none if no gradients are needed; groups: the number of groups.
    """

    by_sample: Entries
    by_feature: Entries
    groups: int
    level: NDArray[np.floating]


def by_sample(x: NDArray, scale: float, dtype: str) -> tuple[Entries, NDArray[np.floating]]:
    """The entries of samples x [n, features] as stored, and the lookup table of the values
    x / scale in dtype."""
    level, codes = np.arange(256), x
    if x.dtype != np.uint8:
        level = np.unique(np.append(x, 0))
        codes = np.searchsorted(level, x)
    zero = np.searchsorted(level, 0)
    start = _starts(np.count_nonzero(x, axis=1), UNROLL)
    entries, features = int(start[-1]) + PADDING, x.shape[1]
    feature = np.full(entries, features, np.min_scalar_type(features))
    code = np.full(entries, zero, np.min_scalar_type(len(level) - 1))
    _fill(codes, zero, start, feature, code)
    return Entries(start, feature, code), np.divide(level, scale, dtype=dtype)


def in_blocks(x: NDArray, scale: float, dtype: str, classes: int, gradients: bool = True) -> Blocks:
    """The entries of samples for passes over several models with this number of classes."""
    samples, level = by_sample(x, scale, dtype)
    features, width = x.shape[1], Layout("", classes, LANES).width
    weights = features * width * level.itemsize
    groups = max(1, min(-(-weights // GROUP_BYTES), features // MIN_GROUP))
    group = np.arange(features) * groups // features
    ordered = _ordered(samples, group * BLOCK, np.arange(BLOCK), groups * BLOCK, False)
    by_feature = Entries(samples.start[:0], np.zeros(0, np.uint8), samples.code[:0])
    if gradients:
        by_feature = _ordered(samples, np.arange(features), np.zeros(BLOCK, int), features, True)
    return Blocks(ordered, by_feature, groups, level)


def _starts(count: NDArray, multiple: int) -> NDArray[np.uint64]:
    """Start offsets of rows whose numbers of entries are padded to a multiple, and the end."""
    return np.append(0, -(-count // multiple) * multiple).cumsum().astype(np.uint64)


def _ordered(
    samples: Entries, of_feature: NDArray, of_sample: NDArray, rows: int, by_feature: bool
) -> Entries:
    """Entries in a new order, with `rows` rows per block; the row of an entry in its block is
    of_feature[feature] + of_sample[sample of the block]."""
    count = np.zeros(-(-(len(samples.start) - 1) // BLOCK) * rows, np.int64)
    _count(samples, of_feature, of_sample, rows, count)
    start = _starts(count, 2)
    largest = BLOCK - 1 if by_feature else len(of_feature)
    other = np.zeros(start[-1], np.min_scalar_type(largest))
    code = np.full(start[-1], samples.code[-1])  # the code of the padding, whose value is zero
    end = start[:-1].astype(np.int64)
    _scatter(samples, of_feature, of_sample, rows, by_feature, end, other, code)
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
def _count(samples, of_feature, of_sample, rows, count):
    for i in range(len(samples.start) - 1):
        first = i // BLOCK * rows + of_sample[i % BLOCK]
        for k in range(samples.start[i], samples.start[i + 1]):
            if samples.other[k] < len(of_feature):  # skip the padding
                count[first + of_feature[samples.other[k]]] += 1


@kernel
def _scatter(samples, of_feature, of_sample, rows, by_feature, end, other, code):
    for i in range(len(samples.start) - 1):
        first = i // BLOCK * rows + of_sample[i % BLOCK]
        for k in range(samples.start[i], samples.start[i + 1]):
            if samples.other[k] < len(of_feature):
                row = first + of_feature[samples.other[k]]
                other[end[row]] = i % BLOCK if by_feature else samples.other[k]
                code[end[row]] = samples.code[k]
                end[row] += 1
