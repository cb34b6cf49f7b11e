"""Which evaluated steps of a run the explorer shows."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MOST = 100  # evaluated steps of a run; one more where an odd step ends it


def kept(step: NDArray, objective: NDArray) -> NDArray:
    """Places of the steps that are shown: all, or MOST of more.

    step [S], from 0; objective [S], of which what is not finite counts as the largest. The first
    and the last are shown, and of each of MOST / 2 - 1 intervals, half of them equally long, half
    on a logarithmic axis, the steps with the least and the largest objective. So a cycle of two
    steps stays one, and a run that leaves the finite numbers does so where it did.
    """
    if len(step) <= MOST:
        return np.arange(len(step))
    half = MOST // 4
    equal = np.linspace(0, step[-1], half + 1)
    logarithmic = np.geomspace(1, step[-1], half)
    starts = np.searchsorted(step, np.unique(np.r_[equal, logarithmic]))
    height = np.where(np.isfinite(objective), objective, np.inf)
    shown = {0, len(step) - 1}
    for start, end in pairwise(starts):
        if start < end:
            part = height[start:end]
            shown |= {start + int(part.argmin()), start + int(part.argmax())}
    return np.array(sorted(shown))
