"""A fixed step size: α in every step.

    factor(t) = 1

Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, 1847.
"""

import numpy as np


def factor(t, steps):
    """1 in every step."""
    return np.ones_like(t)
