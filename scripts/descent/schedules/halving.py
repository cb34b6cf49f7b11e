"""A step size that is halved after each of several equal parts of the run.

    factor(t) = 2^-⌊(times + 1) (t - 1) / steps⌋

Ge, Kakade, Kidambi and Netrapalli, The step decay schedule: a near optimal, geometrically decaying
learning rate procedure for least squares, 2019.
"""

import numpy as np


def factor(t, steps, times=3):
    """1 in the first of times + 1 parts, 1/2 in the second, 1/4 in the third."""
    return 0.5 ** np.floor((times + 1) * (t - 1) / steps)
