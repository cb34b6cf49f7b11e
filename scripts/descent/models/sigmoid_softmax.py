"""The ten-class logistic model of the study mnist.

    s = sigmoid(A x + b),  p = softmax(s),  loss = cross_entropy(p)

The loss is torch.nn.CrossEntropyLoss applied to the probabilities p, which computes a second
softmax, q = softmax(p). With ten classes p is within 0.039 … 0.232 and the loss within 2.17 … 2.37;
the loss is not convex, and its gradient is small.
"""

from numpy.typing import NDArray

from descent.functions import (
    cross_entropy,
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
scores = torch_scores = _linear.scores


def probabilities(z):
    """p = softmax(sigmoid(z)), with the shape of z."""
    return softmax(sigmoid(z), CLASS_AXIS)


def losses(z, y):
    """Cross-entropy of the probabilities of each sample, [..., classes, n] -> [..., n]."""
    return cross_entropy(probabilities(z), y, CLASS_AXIS)


def torch_losses(z, y):
    """The same in torch: z [R, classes, n], y [R, n] or [n] -> [R, n]."""
    return _classification.torch_losses(z.sigmoid().softmax(CLASS_AXIS), y)


def score_gradient(z, y):
    """∂loss/∂z of each sample, by the chain rule from ∂loss/∂p = softmax(p) - one_hot(y)."""
    s = sigmoid(z)
    p = softmax(s, CLASS_AXIS)
    dp = cross_entropy_gradient(p, y, CLASS_AXIS)
    ds = softmax_gradient(p, dp, CLASS_AXIS)
    return sigmoid_gradient(s, ds)


def gradient(parameters: dict[str, NDArray], x: NDArray, y: NDArray) -> dict[str, NDArray]:
    """Gradient of the mean loss."""
    return _linear.gradient(score_gradient(scores(parameters, x), y), x)
