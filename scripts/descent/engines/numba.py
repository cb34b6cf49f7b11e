"""Engine in numba, for models with linear scores: it uses only the nonzero features.

Batch size 1 with the plain rule runs a compiled loop per seed. Full batches run the shared loop of
all engines, with a compiled gradient for all seeds at once.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from descent import sampling
from descent.compiled.linear import FORMULAS, single_steps, sums_over, to_parameters, to_rows
from descent.compiled.rows import LANES, Layout
from descent.compiled.samples import by_sample, in_blocks
from descent.engines._descent import decay, descend, follow, initial
from descent.engines.numpy import NUMPY
from descent.errors import InputError
from descent.plugins import plugin
from descent.run import FULL, Run
from descent.store.data import Data
from descent.store.iterates import AVERAGE, Iterates

LIBRARIES = ("numpy", "numba")


def device() -> str:
    """The name of the device."""
    return "cpu"


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """Train one run and return its iterates; InputError if the engine does not support it."""
    single = run.batch_size == 1 and run.update_rule == "plain"
    if run.model not in FORMULAS or not (single or run.batch_size == FULL):
        found = f"{run.model}, batch size {run.batch_size} and update rule {run.update_rule}"
        raise InputError(f"engine numba: has no kernel for {found}")
    start = initial(run, plugin("models", run.model), data)
    if run.batch_size == FULL:
        with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
            gradient = _gradient(run, data)
            return descend(run, start, len(data.y_train), gradient, NUMPY, progress)
    return _single(run, data, start, progress)


def _single(
    run: Run, data: Data, start: dict[str, NDArray], progress: Callable[[int], object]
) -> Iterates:
    """Train with steps on single samples, seed by seed."""
    n, layout = len(data.y_train), Layout(run.model, data.outputs)
    samples, level = by_sample(data.x_train, data.scale, run.dtype)
    y = data.targets(data.y_train, run.dtype)
    seeds = range(len(run.seeds))
    rows = [to_rows(layout, {name: p[i : i + 1] for name, p in start.items()}) for i in seeds]
    scale = np.ones((len(rows), 1))
    averaging = run.average_from is not None
    means = [r.astype(np.float64) if averaging else np.zeros((0, layout.width)) for r in rows]
    burn_in = run.burn_in(n) if averaging else run.steps(n)
    order = lru_cache(maxsize=len(run.seeds))(sampling.order)

    def advance(first: int, last: int) -> None:
        step_sizes = run.step_sizes(first, last, run.steps(n))
        factors = decay(run, step_sizes)
        factors = np.ones_like(step_sizes) if factors is None else factors
        for i in seeds:
            for epoch in range(first // n, -(-last // n)):
                begin, end = max(first, epoch * n), min(last, (epoch + 1) * n)
                indices = order(run.seeds[i], epoch, n, run.sampling)[begin - epoch * n :]
                now = slice(begin - first, end - first)
                single_steps(
                    *(layout, rows[i], scale[i], samples, level, y, indices[: end - begin]),
                    *(step_sizes[now], factors[now], "b" in start, means[i], begin - burn_in),
                )
            if averaging and last <= burn_in:
                means[i][...] = scale[i] * rows[i]

    def snapshot() -> dict[str, NDArray]:
        found = _stack(layout, [s * r for s, r in zip(scale, rows, strict=True)])
        if averaging:
            found |= {f"{AVERAGE}{name}": p for name, p in _stack(layout, means).items()}
        return {name: p for name, p in found.items() if name.removeprefix(AVERAGE) in start}

    return follow(run, n, advance, snapshot, progress)


def _stack(layout: Layout, rows: list[NDArray]) -> dict[str, NDArray]:
    """The parameters of all seeds, {name: [R, *shape]}, from the rows of each."""
    seeds = [to_parameters(layout, of_seed) for of_seed in rows]
    return {name: np.concatenate([p[name] for p in seeds]) for name in seeds[0]}


def _gradient(run: Run, data: Data) -> Callable:
    """The function of parameters that `descend` requires: mean loss [R] on all samples and its
    gradient."""
    n, seeds = len(data.y_train), len(run.seeds)
    parts = -(-seeds // LANES)
    ends = [seeds * i // parts for i in range(parts + 1)]  # parts of nearly equal size
    blocks = in_blocks(data.x_train, data.scale, run.dtype, data.outputs)
    y = data.targets(data.y_train, run.dtype)

    def gradient(parameters: dict[str, NDArray], batch: object) -> tuple:
        losses, gradients = [], []
        for first, last in pairwise(ends):
            layout = Layout(run.model, data.outputs, last - first)
            rows = to_rows(layout, {name: p[first:last] for name, p in parameters.items()})
            (loss,), total = sums_over(layout, rows, blocks, y, gradients=True, accuracy=False)
            losses.append(loss / n)
            gradients.append(to_parameters(layout, total / n))
        found = {name: np.concatenate([g[name] for g in gradients]) for name in parameters}
        return np.concatenate(losses), {n: g.astype(run.dtype) for n, g in found.items()}

    return gradient
