"""A step size that grows linearly from 0 to α over the first part of the run and is then constant.

    factor(t) = min(1, t / (share · steps))

Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour, 2017.
"""

import numpy as np


def factor(t, steps, share=0.1):
    """1 from step share · steps on, so in every step if share · steps ≤ 1."""
    return np.minimum(1, t / (share * steps))
