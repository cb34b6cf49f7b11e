"""The ten-class logistic model that started the study.

    s = sigmoid(A x + b),  p = softmax(s),  loss = cross_entropy(p)

The loss is torch.nn.CrossEntropyLoss applied to the probabilities p, so it takes a second softmax,
q = softmax(p). With ten classes p stays within 0.039 … 0.232 and the loss within 2.17 … 2.37; it is
not convex, and its gradient is small.
"""

from numpy.typing import NDArray

from descent.functions import (
    cross_entropy_gradient,
    sigmoid,
    sigmoid_gradient,
    softmax,
    softmax_gradient,
)
from descent.models import _classification, _linear
from descent.models._classification import CLASS_AXIS

TASK = "classification"

layers = _linear.layers
losses, torch_losses = _classification.losses, _classification.torch_losses


def outputs(parameters: dict[str, NDArray], x: NDArray) -> NDArray:
    """Probabilities, [..., classes, n]."""
    return outputs_from_scores(_linear.scores(parameters, x))


def outputs_from_scores(z):
    """Probabilities p = softmax(sigmoid(z))."""
    return softmax(sigmoid(z), CLASS_AXIS)


def score_gradient(z, y):
    """∂loss/∂z of each sample, by the chain rule.

    ∂loss/∂p = softmax(p) - one_hot(y), then back through the softmax and the sigmoid.
    """
    s = sigmoid(z)
    p = softmax(s, CLASS_AXIS)
    dp = cross_entropy_gradient(p, y, CLASS_AXIS)
    ds = softmax_gradient(p, dp, CLASS_AXIS)
    return sigmoid_gradient(s, ds)


def gradient(parameters: dict[str, NDArray], x: NDArray, y: NDArray) -> dict[str, NDArray]:
    """Gradient of the mean loss."""
    return _linear.gradient(score_gradient(_linear.scores(parameters, x), y), x)


def torch_outputs(parameters, x):
    """Probabilities in torch, [R, classes, n]."""
    return _linear.scores(parameters, x).sigmoid().softmax(CLASS_AXIS)
