"""A step size that decays with the inverse square root of the step.

    factor(t) = 1 / √(1 + (t - 1) / t0),  for t0 = 1 equal to 1 / √t

Zinkevich, Online convex programming and generalized infinitesimal gradient ascent, 2003.
"""


def factor(t, steps, t0=1.0):
    """1/2 after 3 t0 steps, 1/3 after 8 t0."""
    return 1 / (1 + (t - 1) / t0) ** 0.5
