"""This project's engines and other libraries, each with its fastest implementation that was tried.

A library is imported only when its contender is prepared. With full batches, the other libraries
multiply block by block, so that scores stay in cache, and stack the seeds into one product.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import numpy as np
from problem import CLASSES, STEP_SIZE, Problem, Steps, Timed, clocked, score_gradient

from descent.plugins import plugin
from descent.run import FULL, Run
from descent.store.data import Data

BLOCK = 500  # samples per block of a full batch, which stay in cache for both products


class _EnoughStepsError(Exception):
    pass


def engine(name: str) -> Callable[[Problem], Steps]:
    """Return a contender for an engine of this project.

    The clock starts at the first evaluated step, after the engine has packed the samples. The time
    includes the order of samples of each seed, the snapshots after 1, 2, 4, … steps and, with full
    batches, the objective of each step.
    """

    def prepare(problem: Problem) -> Steps:
        x, y = problem.stored, problem.y
        samples = Data(x, y, x[:1], y[:1], scale=255)

        def steps(count: int) -> Timed:
            run = Run(
                model=problem.model,
                step_size=STEP_SIZE,
                batch_size=problem.batch_size,
                epochs=count if problem.batch_size == FULL else 1,
                evaluate_every=count,
                seeds=tuple(range(problem.seeds)),
                initial="zeros",
            )
            ticks, finished = list[float](), 0

            def progress(steps_of_all_seeds: int) -> None:
                nonlocal finished
                ticks.append(perf_counter())
                finished += steps_of_all_seeds
                if count * problem.seeds == finished < run.steps(len(y)) * problem.seeds:
                    raise _EnoughStepsError

            p = {"A": None, "b": None}
            with suppress(_EnoughStepsError):
                trained = plugin("engines", name).train(run, samples, progress).parameters
                p = {name: trained[name][0, -1] for name in p}
            return Timed(ticks[-1] - ticks[0], **p)

        return steps

    return prepare


def torch_autograd(problem: Problem) -> Steps:
    """Ordinary loop in torch: a module, a loss, autograd, and updates by hand."""
    import torch

    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    loss = torch.nn.CrossEntropyLoss()
    sigmoid = [torch.nn.Sigmoid(), torch.nn.Softmax(dim=1)]

    def descend(steps):
        linear = torch.nn.Linear(x.shape[1], CLASSES)
        for p in linear.parameters():
            torch.nn.init.zeros_(p)
        net = torch.nn.Sequential(linear, *(sigmoid if problem.model == "sigmoid_softmax" else []))
        parameters = list(net.parameters())
        full = problem.batch_size == FULL
        for some in [slice(None)] * steps if full else ([i] for i in steps.tolist()):
            for p in parameters:
                p.grad = None
            loss(net(x[some]), y[some]).backward()
            with torch.no_grad():
                for p in parameters:
                    p -= STEP_SIZE * p.grad
        return tuple(p.detach().numpy() for p in parameters)

    return clocked(problem, descend)


def torch_compile(problem: Problem, size: int = 32) -> Steps:
    """Derivatives by hand; 32 steps on single samples are compiled into one call."""
    import torch

    x, hot = torch.from_numpy(problem.x), torch.from_numpy(problem.one_hot)

    def steps(A, b, x, hot):
        A_after, b_after = A, b
        for k in range(size):
            z = torch.mv(A_after, x[k]) + b_after
            dz = score_gradient(problem.model, z, hot[k], torch.softmax, torch.sigmoid)
            A_after = A_after - STEP_SIZE * dz[:, None] * x[k]
            b_after = b_after - STEP_SIZE * dz
        A.copy_(A_after)
        b.copy_(b_after)

    in_one_call = torch.compile(steps, fullgraph=True, dynamic=False)

    @torch.no_grad()
    def descend(order):
        A, b = torch.zeros(CLASSES, x.shape[1]), torch.zeros(CLASSES)
        for some in torch.from_numpy(order).split(size):
            in_one_call(A, b, x[some], hot[some])
        return A.numpy(), b.numpy()

    return clocked(problem, descend)


def torch_blocks(problem: Problem) -> Steps:
    """Full-batch steps with derivatives by hand, block by block."""
    import torch

    blocks = torch.from_numpy(problem.x).split(BLOCK)
    hot = [each.T.contiguous() for each in torch.from_numpy(problem.one_hot).split(BLOCK)]
    n, features = problem.x.shape
    rows = problem.seeds * CLASSES

    @torch.inference_mode()
    def descend(count):
        A, b = torch.zeros(rows, features), torch.zeros(rows, 1)
        for _ in range(count):
            dA, db = torch.zeros_like(A), torch.zeros_like(b)
            for x, hot_s in zip(blocks, hot, strict=True):
                z = torch.addmm(b, A, x.T).view(problem.seeds, CLASSES, -1)
                dz = score_gradient(problem.model, z, hot_s, torch.softmax, torch.sigmoid, 1)
                dz = dz.view(rows, -1)
                dA.addmm_(dz, x)
                db += dz.sum(1, keepdim=True)
            A -= STEP_SIZE / n * dA
            b -= STEP_SIZE / n * db
        return A[:CLASSES].numpy(), b[:CLASSES, 0].numpy()

    return clocked(problem, descend)


def jax_scan(problem: Problem) -> Steps:
    """lax.scan over single samples stored as bytes, unrolled by 16, with derivatives by hand."""
    import jax
    import jax.numpy as jnp

    x, hot = jnp.asarray(problem.stored), jnp.asarray(problem.one_hot)

    @jax.jit
    def run(x, hot, order):
        def step(parameters, i):
            A, b = parameters
            x_i = x[i].astype(jnp.float32) / 255
            z, functions = A @ x_i + b, (jax.nn.softmax, jax.nn.sigmoid)
            dz = STEP_SIZE * score_gradient(problem.model, z, hot[i], *functions)
            return (A - dz[:, None] * x_i, b - dz), None

        start = jnp.zeros((CLASSES, x.shape[1])), jnp.zeros(CLASSES)
        return jax.lax.scan(step, start, order, unroll=16)[0]

    def descend(order):
        return tuple(map(np.asarray, run(x, hot, jnp.asarray(order, jnp.int32))))

    return clocked(problem, descend)


def jax_blocks(problem: Problem, size: int = 2000) -> Steps:
    """Full-batch steps with derivatives by hand, on blocks of bytes; vmap over seeds."""
    import jax
    import jax.numpy as jnp

    n, features = problem.stored.shape
    x = jnp.asarray(problem.stored.reshape(n // size, size, features).transpose(0, 2, 1))
    hot = jnp.asarray(problem.one_hot.reshape(n // size, size, CLASSES).transpose(0, 2, 1))

    def run(x, hot, count, A, b):
        def step(_, parameters):
            A, b = parameters

            def add(total, block):
                x_s, hot_s = block
                x_s = x_s.astype(jnp.float32) / 255
                z, functions = A @ x_s + b[:, None], (jax.nn.softmax, jax.nn.sigmoid)
                dz = score_gradient(problem.model, z, hot_s, *functions, 0)
                return (total[0] + dz @ x_s.T, total[1] + dz.sum(1)), None

            (dA, db), _ = jax.lax.scan(add, (0 * A, 0 * b), (x, hot))
            return A - STEP_SIZE / n * dA, b - STEP_SIZE / n * db

        return jax.lax.fori_loop(0, count, step, (A, b))

    compiled = jax.jit(jax.vmap(run, in_axes=(None, None, None, 0, 0)))

    def descend(count):
        A = jnp.zeros((problem.seeds, CLASSES, features))
        A, b = compiled(x, hot, count, A, jnp.zeros((problem.seeds, CLASSES)))
        return np.asarray(A)[0], np.asarray(b)[0]

    return clocked(problem, descend)


def numpy_single(problem: Problem) -> Steps:
    """Single samples with derivatives by hand; A -= dz xᵀ is a call of SciPy's BLAS."""
    from scipy.linalg.blas import sger
    from scipy.special import expit

    x, hot = problem.x, problem.one_hot

    def descend(order):
        A, b = np.zeros((CLASSES, x.shape[1]), np.float32), np.zeros(CLASSES, np.float32)
        for i in order.tolist():
            z = A @ x[i]
            z += b
            dz = score_gradient(problem.model, z, hot[i], _softmax, expit)
            dz *= np.float32(STEP_SIZE)
            sger(-1, x[i], dz, a=A.T, overwrite_a=1)
            b -= dz
        return A, b

    return clocked(problem, descend)


def numpy_blocks(problem: Problem) -> Steps:
    """Full-batch steps with derivatives by hand, block by block."""
    from scipy.special import expit

    n, features = problem.x.shape
    slices = [slice(first, first + BLOCK) for first in range(0, n, BLOCK)]
    blocks = [problem.x[block] for block in slices]
    hot = [np.ascontiguousarray(problem.one_hot[block].T) for block in slices]
    rows, size = problem.seeds * CLASSES, np.float32(STEP_SIZE / n)

    def descend(count):
        A, b = np.zeros((rows, features), np.float32), np.zeros((rows, 1), np.float32)
        for _ in range(count):
            dA, db = np.zeros_like(A), np.zeros_like(b)
            for x, hot_s in zip(blocks, hot, strict=True):
                z = (A @ x.T + b).reshape(problem.seeds, CLASSES, -1)
                dz = score_gradient(problem.model, z, hot_s, _softmax, expit, 1).reshape(rows, -1)
                dA += dz @ x
                db += dz.sum(1, keepdims=True)
            A -= size * dA
            b -= size * db
        return A[:CLASSES], b[:CLASSES, 0]

    return clocked(problem, descend)


def _softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(z - z.max(axis, keepdims=True))
    e /= e.sum(axis, keepdims=True)
    return e


def scikit_learn(problem: Problem) -> Steps:
    """LogisticRegression with the solver "sag" on CSR data, without a penalty.

    It makes one multinomial step per sample, draws the samples itself, and chooses the step size.
    The time of a fit without steps counts as preparation and is subtracted.
    """
    from scipy.sparse import csr_array
    from sklearn.linear_model import LogisticRegression

    x, n = csr_array(problem.x), len(problem.y)
    x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)

    def fit(epochs: int) -> float:
        model = LogisticRegression(C=np.inf, solver="sag", max_iter=epochs, tol=0, random_state=0)
        start = perf_counter()
        with warnings.catch_warnings(action="ignore"):  # scikit-learn warns of no convergence
            model.fit(x, problem.y)
        return perf_counter() - start

    preparation = fit(0)
    return lambda count: Timed(fit(count // n) - preparation)


OURS = "this project, numba"
EPOCH, FEWER = 60_000, 6_000  # steps per measurement; fewer for contenders above 8 µs per step
# {name: (contender, steps per measurement)}
SINGLE = {
    OURS: (engine("numba"), EPOCH),
    "this project, NumPy": (engine("numpy"), FEWER),
    "JAX, scan": (jax_scan, EPOCH),
    "scikit-learn, LogisticRegression": (scikit_learn, EPOCH),
    "torch.compile": (torch_compile, EPOCH),
    "NumPy, by hand": (numpy_single, FEWER),
    "torch, autograd": (torch_autograd, FEWER),
}
FULL_BATCHES = {
    OURS: (engine("numba"), 16),
    "this project, NumPy": (engine("numpy"), 4),
    "JAX, by hand": (jax_blocks, 4),
    "NumPy, by hand": (numpy_blocks, 4),
    "torch, by hand": (torch_blocks, 4),
    "torch, autograd": (torch_autograd, 4),
}
