"""The contenders, by name. The module of one is imported when it is called, and not before."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import NamedTuple

import problem

from descent.plugins import plugin

EPOCH, SOME = 60_000, 6_000  # steps of a measurement: slow ones make the first of the epoch's order


class Contender(NamedTuple):
    """One way to descend.

    module, prepare, options: the function that prepares it; steps: of a measurement of one run;
    compiles: whether it compiles when it is first called, and keeps that for the next process;
    models: those it knows; start: whether a run of it is also timed in a fresh process.
    """

    module: str
    prepare: str
    options: dict = {}  # noqa: RUF012  nobody changes it
    steps: int = EPOCH
    compiles: bool = False
    models: tuple[str, ...] = problem.MODELS
    start: bool = True

    def load(self) -> None:
        """Import what it computes with."""
        import_module(self.module)
        if self.module == "ours":
            plugin("engines", self.options["name"])

    def steps_of(self, of: problem.Problem) -> int:
        """Steps of a measurement: of many runs on single samples fewer, where they share an order
        (then a multiple of 64, so that they are whole blocks)."""
        share_order = of.batch_size == 1 and of.runs > 1 and self.module != "ours"
        return max(960, self.steps // of.runs // 64 * 64) if share_order else self.steps

    def __call__(self, of: problem.Problem) -> problem.Steps:
        """It, ready to make steps."""
        prepare: Callable = partial(
            getattr(import_module(self.module), self.prepare), **self.options
        )
        gives_its_own_time = self.module in ("ours", "peers_sklearn")
        return prepare(of) if gives_its_own_time else problem.clocked(prepare, of)


OURS = "this project, numba"
CONVEX = ("softmax_regression",)


def _ours(steps: int) -> dict[str, Contender]:
    return {
        OURS: Contender("ours", "engine", {"name": "numba"}, min(EPOCH, 10 * steps), True),
        "this project, NumPy": Contender("ours", "engine", {"name": "numpy"}, steps),
        "this project, torch": Contender("ours", "engine", {"name": "torch"}, steps),
    }


SINGLE = _ours(SOME) | {
    "torch, DataLoader(batch_size=1), autograd": Contender(
        "peers_torch", "loop", {"update": "manual", "loader": True}, SOME
    ),
    "torch, tensors, autograd": Contender("peers_torch", "loop", {"update": "manual"}, SOME),
    "torch, tensors, torch.optim.SGD": Contender("peers_torch", "loop", {"update": "optim"}, SOME),
    "torch.func.grad": Contender("peers_torch", "func_grad", {}, SOME),
    "torch, by hand": Contender("peers_torch", "by_hand", {}, SOME),
    "torch.compile, by hand, 32 steps a call": Contender(
        "peers_torch", "compiled", {"size": 32}, EPOCH, True
    ),
    "JAX, scan, grad": Contender("peers_jax", "scan", {"by_hand": False}, EPOCH, True),
    "JAX, scan unrolled by 4, grad": Contender(
        "peers_jax", "scan", {"by_hand": False, "unroll": 4}, EPOCH, True
    ),
    "JAX, scan unrolled by 16, by hand, samples as bytes": Contender(
        "peers_jax", "scan", {"by_hand": True, "unroll": 16, "as_bytes": True}, EPOCH, True
    ),
    "NumPy, by hand": Contender("peers_numpy", "single", {"blas": False}, SOME),
    "NumPy, by hand, with SciPy's BLAS": Contender("peers_numpy", "single", {"blas": True}, SOME),
    "scikit-learn, SGDClassifier (ten binary updates)": Contender(
        "peers_sklearn", "sgd_classifier", models=CONVEX
    ),
    "scikit-learn, LogisticRegression, sag": Contender(
        "peers_sklearn", "logistic_regression", {"solver": "sag"}, models=CONVEX
    ),
    "scikit-learn, LogisticRegression, saga": Contender(
        "peers_sklearn", "logistic_regression", {"solver": "saga"}, models=CONVEX
    ),
}
SWEEP = {
    OURS: SINGLE[OURS],
    "JAX, scan, grad, vmap": Contender("peers_jax", "scan", {"by_hand": False}),
    "JAX, blocks of 32 steps, by hand, vmap": Contender("peers_jax", "scan_blocks", {"size": 32}),
    "torch, by hand, runs stacked": Contender("peers_torch", "by_hand", {}),
    "NumPy, blocks of 64 steps, by hand, runs stacked": Contender(
        "peers_numpy", "blocks", {"size": 64}
    ),
}
FULL_BATCHES = _ours(4) | {
    "torch, autograd, x [n, 784]": Contender("peers_torch", "full", {"features_first": False}, 4),
    "torch, autograd, x [784, n]": Contender("peers_torch", "full", {"features_first": True}, 4),
    "torch, by hand, blocks of 500": Contender("peers_torch", "full_blocks", {}, 4),
    "torch, by hand, CSR": Contender("peers_torch", "full_sparse", {}, 4),
    "JAX, grad, x [n, 784]": Contender("peers_jax", "full", {"features_first": False}, 4, True),
    "JAX, grad, x [784, n]": Contender("peers_jax", "full", {"features_first": True}, 4, True),
    "JAX, by hand, blocks of 2,000 as bytes": Contender("peers_jax", "full_blocks", {}, 4, True),
    "JAX, by hand, BCSR": Contender("peers_jax", "full_sparse", {}, 1, True, start=False),
    "NumPy, by hand, blocks of 500": Contender("peers_numpy", "full_blocks", {}, 4),
    "SciPy, by hand, CSR": Contender("peers_numpy", "full_sparse", {}, 4),
}
