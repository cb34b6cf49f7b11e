"""A step size that decays with the inverse of the step, to half of α after t0 steps.

    factor(t) = 1 / (1 + (t - 1) / t0),  for t0 = 1 equal to 1 / t

The sum of the step sizes diverges and that of their squares converges, so that noise averages out:
Robbins and Monro, A stochastic approximation method, 1951.
"""


def factor(t, steps, t0=1.0):
    """1/2 after t0 steps, 1/3 after 2 t0."""
    return 1 / (1 + (t - 1) / t0)
