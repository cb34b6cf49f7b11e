"""Sigmoid, softmax, cross-entropy, squared error, each beside its derivative, stable for any score.

A derivative is written as backpropagation uses it: it takes the gradient g of some loss with
respect to the function's result and returns the gradient with respect to its argument. `axis` is
the axis of the classes throughout. All of them compile as they stand (descent/compiled).
"""

import numpy as np
from numpy.typing import NDArray


def sigmoid(z: NDArray) -> NDArray:
    """Logistic function of every score.

        σ(z) = 1 / (1 + exp(-z))

    Only exp(-|z|) is taken, so no score overflows and small results keep their relative accuracy.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_gradient(s: NDArray, g: NDArray) -> NDArray:
    """Gradient with respect to z, where s = σ(z) and g is the gradient with respect to s.

    g · s (1 - s)
    """
    return g * s * (1 - s)


def softmax(z: NDArray, axis: int = -1) -> NDArray:
    """Probabilities of the classes.

    softmax(z)_k = exp(z_k) / Σ_j exp(z_j), unchanged when one number is added to all scores
    """
    e = np.exp(z - largest(z, axis))
    return e / total(e, axis)


def softmax_gradient(p: NDArray, g: NDArray, axis: int = -1) -> NDArray:
    """Gradient with respect to z, where p = softmax(z) and g is the gradient with respect to p.

    p_k (g_k - Σ_j g_j p_j)
    """
    return p * (g - total(g * p, axis))


def one_hot(y: NDArray, classes: int, axis: int = -1) -> NDArray[np.bool_]:
    """Truth table of the labels: True where the class is the label.

    y: labels, integers in 0 … classes - 1. The result has one axis more, of length `classes`, at
    position `axis`.
    """
    labels = np.expand_dims(y, axis)
    shape = [1] * labels.ndim
    shape[axis] = classes
    return labels == np.arange(classes).reshape(shape)


def cross_entropy(z: NDArray, y: NDArray, axis: int = -1) -> NDArray:
    """Cross-entropy of each sample: what its label costs under softmax(z).

        -log softmax(z)_y = log Σ_j exp(z_j) - z_y

    z: scores, with the classes along `axis`; y: labels, the shape of z without that axis, or one
    that broadcasts to it.
    """
    shift = largest(z, axis)
    log_sum = np.log(total(np.exp(z - shift), axis)) + shift
    return without(log_sum - of_label(z, y, axis), axis)


def cross_entropy_gradient(z: NDArray, y: NDArray, axis: int = -1) -> NDArray:
    """Gradient of each sample's cross-entropy with respect to its scores.

    softmax(z) - one_hot(y)
    """
    return softmax(z, axis) - one_hot(y, z.shape[axis], axis)


def squared_error(z: NDArray, y: NDArray, axis: int = -1) -> NDArray:
    """Half the squared error of each sample.

        ½ Σ_k (z_k - y)²

    z: predictions, with the outputs along `axis`; y: targets, the shape of z without that axis, or
    one that broadcasts to it.
    """
    error = squared_error_gradient(z, y, axis)
    return without(0.5 * total(error * error, axis), axis)


def squared_error_gradient(z: NDArray, y: NDArray, axis: int = -1) -> NDArray:
    """Gradient of each sample's half squared error with respect to its predictions.

    z - y
    """
    return z - np.expand_dims(y, axis)


def relu(z: NDArray) -> NDArray:
    """Rectified linear unit of every score: max(z, 0), and nan where z is nan."""
    return np.maximum(z, 0)


def relu_gradient(h: NDArray, g: NDArray) -> NDArray:
    """Gradient with respect to z, where h = relu(z) and g is the gradient with respect to h.

    g where h > 0, else 0
    """
    return g * (h > 0)


def largest(z: NDArray, axis: int = -1) -> NDArray:
    """The largest score of each sample; the axis of the classes stays, with length 1."""
    return z.max(axis=axis, keepdims=True)


def total(z: NDArray, axis: int = -1) -> NDArray:
    """The sum over the classes of each sample; the axis of the classes stays, with length 1."""
    return z.sum(axis=axis, keepdims=True)


def without(z: NDArray, axis: int = -1) -> NDArray:
    """Without the axis of the classes, of which one is left."""
    return z.squeeze(axis)


def of_label(z: NDArray, y: NDArray, axis: int = -1) -> NDArray:
    """The score of each sample's label; the axis of the classes stays, with length 1.

    z: scores; y: labels, the shape of z without the axis of the classes, or one that broadcasts to
    it.
    """
    labels = np.expand_dims(y, axis)
    labels = labels.reshape((1,) * (z.ndim - labels.ndim) + labels.shape)
    return np.take_along_axis(z, labels, axis)
