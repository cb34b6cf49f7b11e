"""A step size that decays with time, to half of α after t0 steps.

    factor(t) = 1 / (1 + (t - 1) / t0),  with t0 = 1 that is 1 / t

The sum of the steps is infinite and that of their squares is not, so that noise averages out:
Robbins and Monro, A stochastic approximation method, 1951.
"""


def factor(t, steps, t0=1.0):
    """Half after t0 steps, a third after 2 t0."""
    return 1 / (1 + (t - 1) / t0)
