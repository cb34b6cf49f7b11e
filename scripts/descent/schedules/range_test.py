"""A step size that grows by the same factor in every step, to α in the last: as in learning-rate
finders, one run covers all step sizes.

    factor(t) = 10^(decades (t / steps - 1))

Smith, Cyclical learning rates for training neural networks, 2017, with linear growth; fastai
(Howard and Gugger 2020) uses geometric growth.
"""


def factor(t, steps, decades=6.0):
    """10^-decades before the first step, 1 in the last."""
    return 10 ** (decades * (t / steps - 1))
