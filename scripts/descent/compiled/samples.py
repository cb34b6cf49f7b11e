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
