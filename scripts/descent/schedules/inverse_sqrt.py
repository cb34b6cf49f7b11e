"""A step size that decays with the square root of time.

    factor(t) = 1 / √(1 + (t - 1) / t0),  with t0 = 1 that is 1 / √t

Zinkevich, Online convex programming and generalized infinitesimal gradient ascent, 2003.
"""


def factor(t, steps, t0=1.0):
    """Half after 3 t0 steps, a third after 8 t0."""
    return 1 / (1 + (t - 1) / t0) ** 0.5
