"""A step size that grows linearly from 0 to α over the first share of the run, and stays there.

    factor(t) = min(1, t / (share · steps))

Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour, 2017.
"""

import numpy as np


def factor(t, steps, share=0.1):
    """1 from step share · steps on; in every step where that is less than one step."""
    return np.minimum(1, t / (share * steps))
