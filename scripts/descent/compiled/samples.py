"""Samples as compiled kernels read them: the features that are not zero, packed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from descent.compiled.cache import compiled

UNROLL = 4  # entries of a sample come in groups of so many
SPARE = 512  # entries behind the last sample, so that looking ahead stays inside


@dataclass(frozen=True)
class Packed:
    """n samples; sample i has the entries start[i] … start[i + 1] - 1 of feature and code.

    feature: which input; code: its value is level[code]. A sample is filled up to a multiple of
    UNROLL by entries of value zero, with the feature behind the last one.
    """

    start: NDArray[np.int64]
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
    start = np.r_[0, (-(-count // UNROLL) * UNROLL).cumsum()]
    entries, features = start[-1] + SPARE, x.shape[1]
    feature = np.full(entries, features, np.min_scalar_type(features))
    code = np.full(entries, zero, np.min_scalar_type(len(level) - 1))
    _fill(codes, zero, start, feature, code)
    return Packed(start, feature, code, np.divide(level, scale, dtype=dtype))


@compiled
def _fill(codes, zero, start, feature, code):
    for i in range(len(codes)):
        k = start[i]
        for j in range(codes.shape[1]):
            if codes[i, j] != zero:
                feature[k] = j
                code[k] = codes[i, j]
                k += 1
