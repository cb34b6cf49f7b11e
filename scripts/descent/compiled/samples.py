"""Samples as compiled kernels read them: the features that are not zero, packed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import kernel

# Entries of a sample come in groups of so many. Unsigned, as where they begin: of an unsigned index
# numba does not ask whether it counts from the end.
UNROLL = np.uint64(4)
SPARE = 512  # entries behind the last sample, so that looking ahead stays inside


class Packed(NamedTuple):
    """n samples; sample i has the entries start[i] … start[i + 1] - 1 of feature and code.

    feature: which input; code: its value is level[code]. A sample is filled up to a multiple of
    UNROLL by entries of value zero, with the feature behind the last one.
    """

    start: NDArray[np.uint64]
    feature: NDArray[np.unsignedinteger]
    code: NDArray[np.unsignedinteger]
    level: NDArray[np.floating]


def pack(x: NDArray, scale: float, dtype: str) -> Packed:
    """Pack samples x [n, features] as stored; a value is x / scale in dtype.

    MNIST takes 27 MB: three bytes for each of the 150 pixels of a sample that are not zero.
    """
    level, codes = np.arange(256), x
    if x.dtype != np.uint8:
        level = np.unique(np.append(x, 0))
        codes = np.searchsorted(level, x)
    zero = np.searchsorted(level, 0)
    count = np.count_nonzero(x, axis=1)
    start = _starts(count)
    entries, features = int(start[-1]) + SPARE, x.shape[1]
    feature = np.full(entries, features, np.min_scalar_type(features))
    code = np.full(entries, zero, np.min_scalar_type(len(level) - 1))
    _fill(codes, zero, start, feature, code)
    return Packed(start, feature, code, np.divide(level, scale, dtype=dtype))


class Transposed(NamedTuple):
    """The entries of packed samples feature by feature, within blocks of samples.

    Feature f of block k has the entries start[j] … start[j + 1] - 1 of sample and code, with
    j = k · features + f; sample counts within the block. Filled up to multiples of UNROLL by
    entries of value zero, of the first sample of the block.
    """

    start: NDArray[np.uint64]
    sample: NDArray[np.uint16]
    code: NDArray[np.unsignedinteger]


def transpose(packed: Packed, features: int, block: int) -> Transposed:
    """The same entries, feature by feature in blocks of samples. MNIST takes another 28 MB."""
    blocks = -(-(len(packed.start) - 1) // block)
    count = np.zeros(blocks * features, np.int64)
    _count(packed.start, packed.feature, features, block, count)
    start = _starts(count)
    sample = np.zeros(start[-1], np.uint16)
    zero = packed.code[-1]  # of the entries to spare
    code = np.full(start[-1], zero)
    _scatter(packed.start, packed.feature, packed.code, features, block, start, sample, code)
    return Transposed(start, sample, code)


def _starts(count: NDArray) -> NDArray[np.uint64]:
    """Where the entries of each begin, and the last end, if each has so many, filled up."""
    return np.append(0, -(-count // int(UNROLL)) * int(UNROLL)).cumsum().astype(np.uint64)


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
def _count(start, feature, features, block, count):
    for i in range(len(start) - 1):
        for k in range(start[i], start[i + 1]):
            if feature[k] < features:  # no filling
                count[i // block * features + feature[k]] += 1


@kernel
def _scatter(start, feature, code, features, block, column, sample, code_by_feature):
    end = column[:-1].astype(np.int64)
    for i in range(len(start) - 1):
        for k in range(start[i], start[i + 1]):
            if feature[k] < features:
                j = i // block * features + feature[k]
                sample[end[j]] = i % block
                code_by_feature[end[j]] = code[k]
                end[j] += 1
