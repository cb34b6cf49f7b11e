"""Bowl: least squares with two parameters, so that the steps of gradient descent can be drawn.

The objective ½ mean (x·w - y)² has its minimum at w* = (1, 1). Its Hessian XᵀX/n has the eigenvalue
1 across the valley and 1/20 along the valley, whose direction is 30° from the first axis. The
condition number is 20, and gradient descent converges for step sizes below 2.
"""

from pathlib import Path

import numpy as np

from descent.store.data import Data, Size

SIZE = Size(train=4, test=4, features=2, outputs=1, task="regression")

CURVATURES, ANGLE, OPTIMUM = (1 / 20, 1), np.pi / 6, (1.0, 1.0)


def obtain(raw: Path, mirror: str | None) -> Data:
    """Return four samples, used for both training and testing."""
    directions = np.array([[np.cos(ANGLE), np.sin(ANGLE)], [-np.sin(ANGLE), np.cos(ANGLE)]])
    signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])  # orthogonal columns
    x = signs * np.sqrt(CURVATURES) @ directions
    residual = np.array([1, -1, -1, 1]) / 2  # orthogonal to the columns, so F* > 0
    y = x @ np.array(OPTIMUM) + residual
    return Data(x, y, x, y, scale=1)
