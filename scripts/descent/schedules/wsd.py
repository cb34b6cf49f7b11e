"""A constant step size that decreases linearly to nearly 0 over the last part of the run: the
warmup-stable-decay schedule without the warmup.

    factor(t) = min(1, (steps - t + 1) / (cooldown · steps))

Hägele et al., Scaling laws and compute-optimal training beyond fixed training durations, 2024.
"""

import numpy as np


def factor(t, steps, cooldown=0.2):
    """1 until the cooldown, 1/2 in the middle of it."""
    return np.minimum(1, (steps - t + 1) / (cooldown * steps))
