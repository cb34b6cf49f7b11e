"""A bowl: least squares in two parameters, made so that the steps of gradient descent can be drawn.

The objective ½ mean (x·w - y)² has its minimum at w* = (1, 1). Its second derivative XᵀX/n has the
eigenvalue 1 along a valley wall and 1/20 along the valley, which lies 30° from the first axis: the
condition number is 20, and descent converges for step sizes below 2.
"""

from pathlib import Path

import numpy as np

from descent.store.data import Data, Size

SIZE = Size(train=4, test=4, features=2, outputs=1, task="regression")

CURVATURES, ANGLE, OPTIMUM = (1 / 20, 1), np.pi / 6, (1.0, 1.0)


def obtain(raw: Path, mirror: str | None) -> Data:
    """Four samples, which both train and test."""
    directions = np.array([[np.cos(ANGLE), np.sin(ANGLE)], [-np.sin(ANGLE), np.cos(ANGLE)]])
    signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])  # orthogonal columns
    x = signs * np.sqrt(CURVATURES) @ directions
    orthogonal = np.array([1, -1, -1, 1]) / 2  # to the columns: no w explains it
    y = x @ np.array(OPTIMUM) + orthogonal
    return Data(x, y, x, y, scale=1)
