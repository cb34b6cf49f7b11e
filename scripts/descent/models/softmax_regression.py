"""Multinomial logistic regression: loss = cross_entropy(A x + b). Convex."""

import numpy as np
from numpy.typing import NDArray

from descent.functions import cross_entropy_gradient, softmax
from descent.models import _classification, _linear
from descent.models._classification import CLASS_AXIS

TASK = "classification"
SMOOTHNESS = 0.5  # bound of the eigenvalues of diag(p) - ppᵀ (Böhning 1992)

layers = _linear.layers
losses, torch_losses = _classification.losses, _classification.torch_losses
scores = torch_scores = _linear.scores


def score_gradient(z, y):
    """∂loss/∂z of each sample: softmax(z) - one_hot(y)."""
    return cross_entropy_gradient(z, y, CLASS_AXIS)


def score_hessian(z: NDArray) -> NDArray:
    """∂²loss/∂z² of each sample, z [classes, n] -> [n, classes, classes]: diag(p) - p pᵀ."""
    p = softmax(z, CLASS_AXIS).T
    return p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]


def gradient(parameters: dict[str, NDArray], x: NDArray, y: NDArray) -> dict[str, NDArray]:
    """Gradient of the mean loss."""
    return _linear.gradient(score_gradient(scores(parameters, x), y), x)
