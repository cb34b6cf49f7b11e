"""JAX, compiled, on one thread. Samples are arguments: constants would be compiled in.

Runs with different step sizes go together by vmap.
"""

import os
from collections.abc import Callable

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCSR
from jax.nn import log_softmax, one_hot, sigmoid, softmax
from problem import CLASSES, Problem, score_gradient
from scipy.sparse import csr_array

BLOCK = 2000  # samples of a full batch that go through both products while they are in cache


def scan(problem: Problem, by_hand: bool, unroll: int = 1, as_bytes: bool = False) -> Callable:
    """lax.scan over single samples: z = A x + b, and jax.grad or a derivative by hand."""
    x = problem.stored if as_bytes else problem.x

    def loss(parameters, x, y):
        z = parameters[0] @ x + parameters[1]
        return -log_softmax(softmax(sigmoid(z)) if problem.model == "sigmoid_softmax" else z)[y]

    def run(x, y, order, step_size):
        def step(parameters, i):
            A, b = parameters
            x_i = x[i].astype(jnp.float32) / 255 if as_bytes else x[i]
            if by_hand:
                hot = one_hot(y[i], CLASSES)
                dz = step_size * score_gradient(problem.model, A @ x_i + b, hot, softmax, sigmoid)
                return (A - dz[:, None] * x_i, b - dz), None
            dA, db = jax.grad(loss)(parameters, x_i, y[i])
            return (A - step_size * dA, b - step_size * db), None

        return jax.lax.scan(step, _zeros(x.shape[1]), order, unroll=unroll)[0]

    return _compiled(run, problem, x, problem.y.astype(np.int32))


def scan_blocks(problem: Problem, size: int) -> Callable:
    """The same steps, `size` of them by three matrix products.

    The scores of a block's samples before its first step are one product. Step t moves those of
    the samples after it by dz_t (x_t·x_s + 1); the weights move once a block.
    """

    def run(x, y, order, step_size):
        def block(parameters, some):
            A, b = parameters
            x_s, hot = x[some], one_hot(y[some], CLASSES)

            def step(z, t):
                number, products, hot_t = t
                dz = step_size * score_gradient(problem.model, z[number], hot_t, softmax, sigmoid)
                return z - products[:, None] * dz, dz

            each = jnp.arange(size), x_s @ x_s.T + 1, hot
            _, dz = jax.lax.scan(step, x_s @ A.T + b, each, unroll=4)
            return (A - dz.T @ x_s, b - dz.sum(0)), None

        return jax.lax.scan(block, _zeros(x.shape[1]), order.reshape(-1, size))[0]

    return _compiled(run, problem, problem.x, problem.y.astype(np.int32))


def full(problem: Problem, features_first: bool) -> Callable:
    """All samples by jax.grad, stored as [n, features] or as [features, n]."""
    axis = 0 if features_first else 1
    x = np.ascontiguousarray(problem.x.T) if features_first else problem.x

    def loss(parameters, x, y):
        A, b = parameters
        z = A @ x + b[:, None] if features_first else x @ A.T + b
        if problem.model == "sigmoid_softmax":
            z = softmax(sigmoid(z), axis)
        picked = jnp.take_along_axis(log_softmax(z, axis), jnp.expand_dims(y, axis), axis)
        return -picked.mean()

    def run(x, y, count, step_size):
        def step(_, parameters):
            gradient = jax.grad(loss)(parameters, x, y)
            return jax.tree.map(lambda p, g: p - step_size * g, parameters, gradient)

        return jax.lax.fori_loop(0, count, step, _zeros(problem.x.shape[1]))

    return _compiled(run, problem, x, problem.y.astype(np.int32))


def full_blocks(problem: Problem) -> Callable:
    """All samples by hand, block by block, stored as bytes, [blocks, features, BLOCK]."""
    n, features = problem.stored.shape
    blocks = problem.stored.reshape(n // BLOCK, BLOCK, features).transpose(0, 2, 1)
    hot = problem.one_hot.reshape(n // BLOCK, BLOCK, CLASSES).transpose(0, 2, 1)

    def run(x, hot, count, step_size):
        def step(_, parameters):
            A, b = parameters

            def add(total, block):
                x_s, hot_s = block
                x_s = x_s.astype(jnp.float32) / 255
                z = A @ x_s + b[:, None]
                dz = score_gradient(problem.model, z, hot_s, softmax, sigmoid, 0)
                return (total[0] + dz @ x_s.T, total[1] + dz.sum(1)), None

            (dA, db), _ = jax.lax.scan(add, _zeros(features), (x, hot))
            return A - step_size / n * dA, b - step_size / n * db

        return jax.lax.fori_loop(0, count, step, _zeros(features))

    return _compiled(run, problem, np.ascontiguousarray(blocks), np.ascontiguousarray(hot))


def full_sparse(problem: Problem) -> Callable:
    """All samples by hand, as BCSR and its transpose; the classes of all runs side by side."""
    n, features = problem.stored.shape
    rows = csr_array(problem.x)
    pair = tuple(_bcsr(each) for each in (rows, csr_array(rows.T)))
    sizes, hot = jnp.asarray(np.repeat(problem.sizes, CLASSES) / n), jnp.asarray(problem.one_hot)

    @jax.jit
    def run(pair, hot, count):
        x, transposed = pair

        def step(_, parameters):
            A, b = parameters
            z = (x @ A + b).reshape(n, problem.runs, CLASSES)
            dz = score_gradient(problem.model, z, hot[:, None], softmax, sigmoid).reshape(n, -1)
            return A - sizes * (transposed @ dz), b - sizes * dz.sum(0)

        start = jnp.zeros((features, len(sizes))), jnp.zeros(len(sizes))
        return jax.lax.fori_loop(0, count, step, start)

    def descend(count):
        A, b = run(pair, hot, count)
        return np.asarray(A).T, np.asarray(b)

    return descend


def _zeros(features: int) -> tuple:
    return jnp.zeros((CLASSES, features)), jnp.zeros(CLASSES)


def _compiled(run: Callable, problem: Problem, x: np.ndarray, y: np.ndarray) -> Callable:
    """descend(order or count) of a run(x, y, order or count, step size), of all step sizes."""
    several = problem.runs > 1
    compiled = jax.jit(jax.vmap(run, in_axes=(None, None, None, 0)) if several else run)
    x, y = jnp.asarray(x), jnp.asarray(y)
    sizes = jnp.asarray(problem.sizes if several else problem.sizes[0])

    def descend(order):
        return tuple(map(np.asarray, compiled(x, y, jnp.asarray(order, jnp.int32), sizes)))

    return descend


def _bcsr(matrix: csr_array) -> BCSR:
    positions = (part.astype(np.int32) for part in (matrix.indices, matrix.indptr))
    return BCSR(tuple(map(jnp.asarray, (matrix.data, *positions))), shape=matrix.shape)
