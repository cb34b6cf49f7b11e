"""The period of the values that a seed's objective takes, step by step, once it could settle.

The first that holds of successive values F_1 … F_n, whose swing is the largest less the least:

    1   no step raises F beyond rounding: it is at rest, or still falling
    p   values p steps apart are the same: all those of a phase (t modulo p) lie within a
        hundredth of the swing; the least such p from 2 to 32 of which four turns are seen
    0   neither: chaos, a cycle that is longer, or one that has not settled

What is told is the period of F. A cycle whose points are equally high, as one of two steps about
the optimum of a quadratic, is at rest by it.
"""

import numpy as np
from numpy.typing import NDArray

from descent.store.iterates import ROUNDING

LONGEST, TURNS, TOLERANCE = 32, 4, 0.01


def period(objective: NDArray) -> int:
    """The period of finite values [n], of every step; 0 if they have none."""
    if (np.diff(objective) <= ROUNDING * np.abs(objective[:-1])).all():
        return 1
    most = min(LONGEST, len(objective) // TURNS)
    return next((p for p in range(2, most + 1) if _repeats(objective, p)), 0)


def _repeats(objective: NDArray, p: int) -> bool:
    spread = max(np.ptp(objective[phase::p]) for phase in range(p))
    return bool(spread <= TOLERANCE * np.ptp(objective))
