"""A neural network with one hidden layer.

h = relu(A1 x + b1),  z = A2 h + b2,  loss = cross_entropy(z)
"""

from numpy.typing import NDArray

from descent.functions import cross_entropy_gradient, relu, relu_gradient
from descent.models import _classification, _linear
from descent.models._classification import CLASS_AXIS
from descent.models._layer import Layer

TASK = "classification"

losses, torch_losses = _classification.losses, _classification.torch_losses


def layers(features: int, outputs: int, hidden: int = 128) -> dict[str, Layer]:
    """A1 [hidden, features], b1 [hidden], A2 [classes, hidden], b2 [classes]."""
    first, second = _linear.layers(features, hidden), _linear.layers(hidden, outputs)
    return {"A1": first["A"], "b1": first["b"], "A2": second["A"], "b2": second["b"]}


def _of_layer(number: int, parameters) -> dict:
    return {"A": parameters[f"A{number}"], "b": parameters[f"b{number}"]}


def _hidden(parameters: dict[str, NDArray], x: NDArray) -> NDArray:
    """h [..., n, hidden], the input of the second layer."""
    return relu(_linear.scores(_of_layer(1, parameters), x)).swapaxes(-1, -2)


def scores(parameters: dict[str, NDArray], x: NDArray) -> NDArray:
    """Scores z, [..., classes, n]."""
    return _linear.scores(_of_layer(2, parameters), _hidden(parameters, x))


def gradient(parameters: dict[str, NDArray], x: NDArray, y: NDArray) -> dict[str, NDArray]:
    """Gradient of the mean loss, by backpropagation."""
    h = _hidden(parameters, x)
    dz2 = cross_entropy_gradient(_linear.scores(_of_layer(2, parameters), h), y, CLASS_AXIS)
    second = _linear.gradient(dz2, h)
    dh = parameters["A2"].swapaxes(-1, -2) @ dz2
    first = _linear.gradient(relu_gradient(h.swapaxes(-1, -2), dh), x)
    return {"A1": first["A"], "b1": first["b"], "A2": second["A"], "b2": second["b"]}


def torch_scores(parameters, x):
    """The same scores in torch, [R, classes, n]."""
    h = _linear.scores(_of_layer(1, parameters), x).relu()
    return _linear.scores(_of_layer(2, parameters), h.swapaxes(-1, -2))
