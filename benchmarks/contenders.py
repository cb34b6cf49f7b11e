"""The contenders. Each takes a Problem and gives steps(count) -> seconds that these steps took.

Set-up, imports and compilation are done before the clock starts. All start at zeros with the same
step size; those that descend one sample at a time visit the samples in the same shuffled order.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter

import numpy as np

from descent import data
from descent.data import Data
from descent.plugins import plugin
from descent.run import FULL, Run

STEP_SIZE, CLASSES = 0.01, 10
Steps = Callable[[int], float]


@dataclass(frozen=True)
class Problem:
    """A model, samples a step (1 or full), the samples as stored, their labels."""

    model: str
    batch_size: int | str
    stored: np.ndarray
    y: np.ndarray

    @cached_property
    def x(self) -> np.ndarray:
        """The samples in [0, 1]."""
        return np.divide(self.stored, 255, dtype=np.float32)

    def order(self, count: int) -> np.ndarray:
        """The samples of so many steps."""
        random = np.random.default_rng(0)
        epochs = -(-count // len(self.y))
        return np.concatenate([random.permutation(len(self.y)) for _ in range(epochs)])[:count]


def load(path: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """MNIST's samples if they are there, else random ones as sparse; first, which they are."""
    if path.exists():
        mnist = data.load(path)
        return "MNIST", mnist.x_train, mnist.y_train
    random = np.random.default_rng(0)
    x = random.integers(1, 256, size=(60_000, 784), dtype=np.uint8)
    x[random.random(x.shape, dtype=np.float32) > 0.191] = 0
    return "random, 19.1 % not zero", x, random.integers(10, size=60_000)


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work took."""
    start = perf_counter()
    work()
    return perf_counter() - start


def ours(engine: str, seeds: int = 1) -> Callable[[Problem], Steps]:
    """An engine of this project, from its first step to its last."""

    def contender(problem: Problem) -> Steps:
        def steps(count: int) -> float:
            full = problem.batch_size == FULL
            n = len(problem.y) if full else count
            x, y = problem.stored[:n], problem.y[:n]
            run = Run(
                model=problem.model,
                step_size=STEP_SIZE,
                batch_size=problem.batch_size,
                epochs=count if full else 1,
                evaluate_every=count,
                seeds=tuple(range(seeds)),
                initial="zeros",
            )
            ticks: list[float] = []  # the first comes before the first step
            samples = Data(x, y, x[:1], y[:1], scale=255)
            plugin("engines", engine).train(run, samples, lambda made: ticks.append(perf_counter()))
            return ticks[-1] - ticks[0]

        steps(2)  # compile
        return steps

    return contender


def torch_loop(update: str, loader: bool = False) -> Callable[[Problem], Steps]:
    """An ordinary torch loop with autograd; update: "manual" or "optim"."""

    def contender(problem: Problem) -> Steps:
        import torch

        torch.set_num_threads(1)
        x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
        linear = torch.nn.Linear(x.shape[1], CLASSES)
        after = {
            "sigmoid_softmax": [torch.nn.Sigmoid(), torch.nn.Softmax(dim=1)],
            "softmax_regression": [],
        }
        net = torch.nn.Sequential(linear, *after[problem.model])
        loss = torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(net.parameters(), lr=STEP_SIZE)
        parameters = list(net.parameters())

        def batches(count: int):
            if problem.batch_size == FULL:
                yield from ((x, y) for _ in range(count))
            elif loader:
                dataset = torch.utils.data.TensorDataset(x, y)
                shuffled = torch.utils.data.DataLoader(dataset, batch_size=1, shuffle=True)
                yield from (batch for batch, _ in zip(shuffled, range(count), strict=False))
            else:
                yield from ((x[i : i + 1], y[i : i + 1]) for i in problem.order(count).tolist())

        def work(count: int) -> None:
            for inputs, labels in batches(count):
                optimizer.zero_grad()
                loss(net(inputs), labels).backward()
                if update == "optim":
                    optimizer.step()
                else:
                    with torch.no_grad():
                        for p in parameters:
                            p -= STEP_SIZE * p.grad

        return lambda count: timed(lambda: work(count))

    return contender


def jax_scan(problem: Problem) -> Steps:
    """JAX: lax.scan over the steps, compiled."""
    return jax_sweep(None)(problem)


def jax_sweep(runs: int | None) -> Callable[[Problem], Steps]:
    """JAX: lax.scan over the steps, for many step sizes at once by vmap."""

    def contender(problem: Problem) -> Steps:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"  # one thread
        import jax
        import jax.numpy as jnp

        x, y = jnp.asarray(problem.x), jnp.asarray(problem.y)
        full = problem.batch_size == FULL

        def loss(parameters, inputs, labels):
            z = inputs @ parameters["A"].T + parameters["b"]
            if problem.model == "sigmoid_softmax":
                z = jax.nn.softmax(jax.nn.sigmoid(z))
            picked = jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], 1)
            return -picked.mean()

        def descend(order, step_size):
            def step(parameters, i):
                inputs, labels = (x, y) if full else (x[i][None], y[i][None])
                gradient = jax.grad(loss)(parameters, inputs, labels)
                return jax.tree.map(lambda p, g: p - step_size * g, parameters, gradient), None

            start = {"A": jnp.zeros((CLASSES, x.shape[1])), "b": jnp.zeros(CLASSES)}
            return jax.lax.scan(step, start, order)[0]

        several = jax.vmap(descend, in_axes=(None, 0)) if runs else descend
        compiled = jax.jit(several)
        step_sizes = jnp.full(runs, STEP_SIZE) if runs else STEP_SIZE
        known: set[int] = set()

        def steps(count: int) -> float:
            order = jnp.zeros(count, int) if full else jnp.asarray(problem.order(count))

            def work() -> None:
                jax.block_until_ready(compiled(order, step_sizes))

            if count not in known:  # compile
                known.add(count)
                work()
            return timed(work)

        return steps

    return contender


def scikit_learn(problem: Problem) -> Steps:
    """scikit-learn's SGDClassifier on CSR: ten one-against-all problems, logistic loss."""
    from scipy.sparse import csr_array
    from sklearn.linear_model import SGDClassifier

    x = csr_array(problem.x)
    x.indices, x.indptr = x.indices.astype("int32"), x.indptr.astype("int32")
    classifier = SGDClassifier(loss="log_loss", alpha=0, learning_rate="constant", eta0=STEP_SIZE)
    classes = np.arange(CLASSES)
    return lambda count: timed(
        lambda: classifier.partial_fit(x[:count], problem.y[:count], classes)
    )


PLAIN = "torch, tensors, manual update"
PEER = "JAX, lax.scan"
SCIKIT_LEARN = "scikit-learn, SGDClassifier on CSR"

# name: contender, and steps a measurement
SGD = {
    "this project, numba": (ours("numba"), 60_000),
    "this project, NumPy": (ours("numpy"), 10_000),
    "this project, torch": (ours("torch"), 1_000),
    "torch, DataLoader(batch_size=1), manual update": (torch_loop("manual", loader=True), 1_000),
    PLAIN: (torch_loop("manual"), 1_000),
    "torch.optim.SGD": (torch_loop("optim"), 1_000),
    PEER: (jax_scan, 60_000),
    SCIKIT_LEARN: (scikit_learn, 20_000),
}
GD = {
    "this project, numba": (ours("numba"), 4),
    "this project, NumPy": (ours("numpy"), 4),
    "this project, torch": (ours("torch"), 4),
    PLAIN: (torch_loop("manual"), 4),
    "torch.optim.SGD": (torch_loop("optim"), 4),
    PEER: (jax_scan, 4),
}
