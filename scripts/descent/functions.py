"""Sigmoid, softmax, cross-entropy, squared error and ReLU with their derivatives, stable for any
score.

Derivatives of σ, softmax and ReLU take the gradient g of a loss with respect to the function's
result and return its gradient with respect to the argument, as in backpropagation. `axis` is the
axis of the classes or outputs.
"""

import numpy as np
from numpy.typing import NDArray


def sigmoid(z: NDArray) -> NDArray:
    """Logistic function of every score.

        σ(z) = 1 / (1 + exp(-z))

    It uses only exp(-|z|): no score overflows, and small results keep their relative accuracy.
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
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def softmax_gradient(p: NDArray, g: NDArray, axis: int = -1) -> NDArray:
    """Gradient with respect to z, where p = softmax(z) and g is the gradient with respect to p.

    p_k (g_k - Σ_j g_j p_j)
    """
    return p * (g - (g * p).sum(axis=axis, keepdims=True))


def one_hot(y: NDArray, classes: int, axis: int = -1) -> NDArray[np.bool_]:
    """One-hot encoding of the labels: True where the class is the label.

    y: labels, integers in 0 … classes - 1. The result has an additional axis of length `classes` at
    position `axis`.
    """
    labels = np.expand_dims(y, axis)
    shape = [1] * labels.ndim
    shape[axis] = classes
    return labels == np.arange(classes).reshape(shape)


def cross_entropy(z: NDArray, y: NDArray, axis: int = -1) -> NDArray:
    """Cross-entropy of each sample with respect to softmax(z).

        -log softmax(z)_y = log Σ_j exp(z_j) - z_y

    z: scores, with the classes along `axis`; y: labels, the shape of z without that axis, or one
    that broadcasts to it.
    """
    shift = z.max(axis=axis, keepdims=True)
    log_sum = np.log(np.exp(z - shift).sum(axis=axis, keepdims=True)) + shift
    labels = np.expand_dims(y, axis)
    labels = labels.reshape((1,) * (z.ndim - labels.ndim) + labels.shape)
    return (log_sum - np.take_along_axis(z, labels, axis)).squeeze(axis)


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
    return 0.5 * (error * error).sum(axis=axis)


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
