"""An oracle for gradients: central differences."""

import numpy as np


def central_differences(f, x, h=1e-6):
    """Gradient of the scalar f at the float64 array x, by (f(x + h) - f(x - h)) / 2h."""
    gradient = np.zeros_like(x)
    for position in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[position] += h
        behind[position] -= h
        gradient[position] = (f(ahead) - f(behind)) / (2 * h)
    return gradient
