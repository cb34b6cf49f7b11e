"""NumPy and SciPy: derivatives by hand."""

from collections.abc import Callable

import numpy as np
from problem import CLASSES, Problem, score_gradient
from scipy.linalg.blas import sger
from scipy.sparse import csr_array
from scipy.special import expit

BLOCK = 500  # samples of a full batch that go through both products while they are in cache


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities of the classes."""
    e = np.exp(z - z.max(axis, keepdims=True))
    e /= e.sum(axis, keepdims=True)
    return e


def single(problem: Problem, blas: bool) -> Callable:
    """Single samples; blas: A -= dz xᵀ by one call of SciPy's BLAS, without a temporary."""
    x, hot, step_size = problem.x, problem.one_hot, problem.sizes[0]

    def descend(order):
        A, b = np.zeros((CLASSES, x.shape[1]), np.float32), np.zeros(CLASSES, np.float32)
        for i in order.tolist():
            x_i = x[i]
            z = A @ x_i
            z += b
            dz = score_gradient(problem.model, z, hot[i], softmax, expit)
            dz *= step_size
            if blas:
                sger(-1, x_i, dz, a=A.T, overwrite_a=1)
            else:
                A -= dz[:, None] * x_i
            b -= dz
        return A, b

    return descend


def blocks(problem: Problem, size: int) -> Callable:
    """Steps on single samples, `size` of them by matrix products, as peers_jax.scan_blocks."""
    x, hot, sizes = problem.x, problem.one_hot, problem.sizes[:, None]

    def descend(order):
        A = np.zeros((problem.runs * CLASSES, x.shape[1]), np.float32)
        b = np.zeros(problem.runs * CLASSES, np.float32)
        for first in range(0, len(order), size):
            some = order[first : first + size]
            x_s, hot_s = x[some], hot[some]
            products = x_s @ x_s.T + 1
            z = x_s @ A.T + b
            dz = np.empty_like(z)
            for t in range(len(some)):
                z_t = (z[t] - products[t, :t] @ dz[:t]).reshape(problem.runs, CLASSES)
                of_loss = score_gradient(problem.model, z_t, hot_s[t], softmax, expit)
                dz[t] = (sizes * of_loss).ravel()
            A -= dz.T @ x_s
            b -= dz.sum(0)
        return A, b

    return descend


def full_blocks(problem: Problem) -> Callable:
    """All samples, block by block; the classes of all runs one below another."""
    n, features = problem.x.shape
    some = [slice(first, first + BLOCK) for first in range(0, n, BLOCK)]
    blocks = [problem.x[each] for each in some]
    hot = [np.ascontiguousarray(problem.one_hot[each].T) for each in some]
    sizes = np.repeat(problem.sizes, CLASSES)[:, None] / np.float32(n)

    def descend(count):
        A = np.zeros((len(sizes), features), np.float32)
        b = np.zeros((len(sizes), 1), np.float32)
        for _ in range(count):
            dA, db = np.zeros_like(A), np.zeros_like(b)
            for x, hot_s in zip(blocks, hot, strict=True):
                z = (A @ x.T + b).reshape(problem.runs, CLASSES, -1)
                dz = score_gradient(problem.model, z, hot_s, softmax, expit, 1)
                dz = dz.reshape(len(sizes), -1)
                dA += dz @ x
                db += dz.sum(1, keepdims=True)
            A -= sizes * dA
            b -= sizes * db
        return A, b

    return descend


def full_sparse(problem: Problem) -> Callable:
    """All samples, as SciPy's CSR and its transpose; the classes of all runs side by side."""
    n, features = problem.x.shape
    x, hot = csr_array(problem.x), problem.one_hot[:, None]
    sizes = np.repeat(problem.sizes, CLASSES) / np.float32(n)

    def descend(count):
        A = np.zeros((features, len(sizes)), np.float32)
        b = np.zeros(len(sizes), np.float32)
        for _ in range(count):
            z = (x @ A + b).reshape(n, problem.runs, CLASSES)
            dz = score_gradient(problem.model, z, hot, softmax, expit).reshape(n, -1)
            A -= sizes * (x.T @ dz)
            b -= sizes * dz.sum(0)
        return A.T, b

    return descend
