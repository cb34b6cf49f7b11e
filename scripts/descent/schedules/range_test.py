"""A step size that grows by the same factor in every step, to α in the last: one run passes through
all step sizes, as learning-rate finders do.

    factor(t) = 10^(decades (t / steps - 1))

Smith, Cyclical learning rates for training neural networks, 2017, whose step size grows linearly;
geometrically in fastai (Howard and Gugger 2020).
"""


def factor(t, steps, decades=6.0):
    """10^-decades before the first step, 1 in the last."""
    return 10 ** (decades * (t / steps - 1))
