"""Samples as the compiled engines read them: the features that are not zero, packed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNROLL = 4  # entries of a sample come in groups of so many
SPARE = 512  # entries behind the last sample, so that looking ahead stays inside
BLOCK = 4096  # samples packed at a time, which bounds the memory that packing takes


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
    level = np.arange(256) if x.dtype == np.uint8 else np.unique(np.append(x, 0))
    count = np.count_nonzero(x, axis=1)
    start = np.r_[0, (-(-count // UNROLL) * UNROLL).cumsum()]
    entries, features = start[-1] + SPARE, x.shape[1]
    feature = np.full(entries, features, np.min_scalar_type(features))
    code = np.full(entries, np.searchsorted(level, 0), np.min_scalar_type(len(level) - 1))
    for first in range(0, len(x), BLOCK):
        some = slice(first, first + BLOCK)
        row, column = np.nonzero(x[some])
        before = np.r_[0, count[some].cumsum()][row]  # entries of the block before the sample's
        place = start[some][row] + np.arange(len(row)) - before
        feature[place] = column
        code[place] = np.searchsorted(level, x[some][row, column])
    return Packed(start, feature, code, np.divide(level, scale, dtype=dtype))
