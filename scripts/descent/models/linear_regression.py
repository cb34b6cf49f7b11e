"""Linear regression by least squares: loss = ½ (A x + b - y)². Convex, with a minimiser in closed
form.

With two features and no bias, the objective is a bowl over the plane of the two weights.
"""

import numpy as np
from numpy.typing import NDArray

from descent.functions import squared_error, squared_error_gradient
from descent.models import _linear
from descent.models._layer import OUTPUT_AXIS, Layer

TASK = "regression"
SMOOTHNESS = 1.0

scores = torch_scores = _linear.scores


def layers(features: int, outputs: int, bias: bool = True) -> dict[str, Layer]:
    """A [1, features] and, with bias, b [1]."""
    layers = _linear.layers(features, outputs)
    return layers if bias else {"A": layers["A"]}


def losses(z: NDArray, y: NDArray) -> NDArray:
    """Half the squared error of each sample, [..., n]."""
    return squared_error(z, y, OUTPUT_AXIS)


def score_gradient(z, y):
    """∂loss/∂z of each sample: z - y."""
    return squared_error_gradient(z, y, OUTPUT_AXIS)


def score_hessian(z: NDArray) -> NDArray:
    """∂²loss/∂z² of each sample, z [1, n] -> [n, 1, 1]: 1."""
    return np.ones((z.shape[1], 1, 1))


def gradient(parameters: dict[str, NDArray], x: NDArray, y: NDArray) -> dict[str, NDArray]:
    """Gradient of the mean loss."""
    found = _linear.gradient(score_gradient(scores(parameters, x), y), x)
    return {name: found[name] for name in parameters}


def torch_losses(z, y):
    """The same in torch: z [R, 1, n], y [R, n] or [n] -> [R, n]."""
    from torch.nn.functional import mse_loss

    z = z.squeeze(OUTPUT_AXIS)
    return mse_loss(z, y.expand_as(z), reduction="none") / 2


def optimum(x: NDArray, y: NDArray, l2: float, bias: bool = True) -> dict[str, NDArray]:
    """The minimiser of ½ mean (A x + b - y)² + λ/2 (‖A‖² + b²) of least norm.

    It solves (X̃ᵀX̃/n + λI) w = X̃ᵀy/n, where X̃ is the samples x [n, features] and, with bias, a
    column of ones; computed as the least-squares solution with X̃ stacked on √(λn) I.
    """
    ones = np.ones((len(x), 1))
    design = np.hstack([x, ones]) if bias else np.asarray(x)
    width = design.shape[1]
    penalty = np.sqrt(l2 * len(x)) * np.eye(width)
    w, *_ = np.linalg.lstsq(np.vstack([design, penalty]), np.r_[y, np.zeros(width)])
    return {"A": w[None, :-1], "b": w[-1:]} if bias else {"A": w[None]}
