"""A step size that decreases along half a period of the cosine, from α to nearly 0.

    factor(t) = (1 + cos(π (t - 1) / steps)) / 2

Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017; as
torch.optim.lr_scheduler.CosineAnnealingLR, without restarts.
"""

import numpy as np


def factor(t, steps):
    """1 in the first step, 1/2 in the middle of the run."""
    return (1 + np.cos(np.pi * (t - 1) / steps)) / 2
