"""Triton: descent on a GPU, for models that are linear in their scores.

Batches: a program for each seed, which keeps the weights in registers from one evaluated step to
the next. Full batches: one product for all seeds, gradients by hand.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
import triton
import triton.language as tl
from numpy.typing import NDArray

from descent import schedule
from descent.data import Data
from descent.engines._descent import (
    SAFE,
    Library,
    descend,
    follow,
    initial,
    scalings,
    segments,
)
from descent.gpu import device as gpu
from descent.gpu.device import device as device
from descent.gpu.formulas import compiled
from descent.gpu.stacks import in_stacks
from descent.iterates import Iterates
from descent.models import _linear
from descent.plugins import plugin
from descent.run import FULL, Run

NEEDS = ("score gradient", "plain", "no averages", "CUDA")
USES_GPU = True
LIBRARIES = ("numpy", "torch", "triton")

SAFE = tl.constexpr(SAFE)
TILE = 128  # samples whose ∂loss/∂z a program takes


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """The iterates of a run."""
    by_batches = _full_batches if run.batch_size == FULL else _ordered_batches
    return in_stacks(by_batches, run, data, progress)


def _full_batches(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """Descend on all samples, all seeds in one product."""
    x = gpu.to_device(data.inputs(data.x_train, run.dtype))
    y = gpu.to_device(data.targets(data.y_train, run.dtype))
    net = plugin("models", run.model)
    start = initial(run, net, data)
    parameters = {name: gpu.to_device(p) for name, p in start.items()}
    losses, score_gradient = (
        compiled(formula, data.outputs) for formula in (net.losses, net.score_gradient)
    )
    rows = triton.next_power_of_2(data.outputs)

    def gradient(parameters, _):
        dz = _linear.scores(parameters, x)
        each = torch.empty_like(dz[:, 0])
        tiles = (len(dz), triton.cdiv(len(y), TILE))
        _to_score_gradients[tiles](
            dz, each, y, len(y), data.outputs, rows, TILE, losses, score_gradient
        )
        return each.mean(-1, dtype=torch.float64), _linear.gradient(dz, x)

    library = Library(torch, gpu.to_numpy, gpu.in_double)
    return descend(run, parameters, len(x), gradient, library, progress)


def _ordered_batches(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """Descend on batches of each epoch's order of samples, a program for each seed."""
    n, features = data.x_train.shape
    x = gpu.to_device(data.x_train)
    y = gpu.to_device(data.targets(data.y_train, run.dtype))
    net = plugin("models", run.model)
    start = initial(run, net, data)
    bias = "b" in start
    A = gpu.to_device(start["A"])
    b = gpu.to_device(start["b"]) if bias else torch.zeros_like(A[..., 0])
    scale = torch.ones(len(A), dtype=torch.float64, device=A.device)  # of A and b
    # a number, as Triton would take an argument, has 32 bits
    divisor = gpu.to_device(np.array([data.scale], run.dtype))
    steps = run.steps(n)
    score_gradient = compiled(net.score_gradient, data.outputs)
    rows = triton.next_power_of_2(data.outputs)
    columns = triton.next_power_of_2(features)

    # 784 pixels in float32 then fit the registers, of two programs at once with batch size 1
    warps = 4 if run.batch_size == 1 and run.dtype == "float32" else 8

    @lru_cache(maxsize=1)
    def order(epoch: int) -> torch.Tensor:
        of_seeds = [schedule.order(seed, epoch, n, run.sampling) for seed in run.seeds]
        return gpu.to_device(np.stack(of_seeds).astype(np.int32))

    def advance(first: int, last: int) -> None:
        sizes = schedule.step_sizes(run, first, last, steps)
        factors = gpu.to_device(scalings(run, sizes, first))
        sizes = gpu.to_device(sizes)
        for before, epoch, begin, end in segments(first, last, n, run.batch_size):
            _steps[len(run.seeds),](
                *(A, b, scale, x, y, order(epoch), n, begin, end),
                *(sizes[before:], factors[before:], divisor),
                *(features, data.outputs, run.batch_size, rows, columns, bias, score_gradient),
                num_warps=warps,
            )

    def snapshot() -> dict[str, NDArray]:
        scaled = {"A": scale[:, None, None] * A, "b": scale[:, None] * b}
        return {name: gpu.to_numpy(p) for name, p in scaled.items() if name in start}

    return follow(run, n, advance, snapshot, progress)


@triton.jit
def _to_score_gradients(
    z_at,
    losses_at,
    y_at,
    n,
    classes: tl.constexpr,
    ROWS: tl.constexpr,
    TILE: tl.constexpr,
    losses: tl.constexpr,
    score_gradient: tl.constexpr,
):
    """z ← ∂loss/∂z, z [R, classes, n], and the losses [R, n], for a tile of one model's samples."""
    k, i = tl.arange(0, ROWS), tl.program_id(1) * TILE + tl.arange(0, TILE)
    model = tl.program_id(0).to(tl.int64)
    place = (model * classes + k[:, None]) * n + i[None, :]
    inside = (k < classes)[:, None] & (i < n)[None, :]
    z = tl.load(z_at + place, inside, 0.0)
    y = tl.load(y_at + i, i < n, 0)
    tl.store(losses_at + model * n + i, losses(z, y), i < n)
    tl.store(z_at + place, score_gradient(z, y), inside)


@triton.jit
def _steps(
    A_at,
    b_at,
    scale_at,
    x_at,
    y_at,
    order_at,
    n,
    begin,
    end,
    step_sizes_at,
    factors_at,
    divisor_at,
    features: tl.constexpr,
    classes: tl.constexpr,
    size: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    bias: tl.constexpr,
    score_gradient: tl.constexpr,
):
    """Steps of one seed on the samples begin … end - 1 of its order, `size` at a time.

    p ← p (1 - α λ) - α ∂loss/∂p, with A [ROWS, COLUMNS] and b in registers throughout, and the
    factors 1 - α λ, in float64, in the scale of both.
    """
    seed = tl.program_id(0)
    k, j = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    place = (seed * classes + k[:, None]) * features + j[None, :]
    inside = (k < classes)[:, None] & (j < features)[None, :]
    A = tl.load(A_at + place, inside, 0.0)
    b = tl.load(b_at + seed * classes + k, k < classes, 0.0)[:, None]
    scale, divisor = tl.load(scale_at + seed), tl.load(divisor_at)
    dA, db = tl.zeros_like(A), tl.zeros_like(b)
    i = tl.load(order_at + seed * n + begin).to(tl.int64)
    for t in range(begin, end):
        x = tl.load(x_at + i * features + j, j < features, 0).to(A.dtype) / divisor
        y = tl.load(y_at + i + tl.arange(0, 1))
        i = tl.load(order_at + seed * n + min(t + 1, end - 1)).to(tl.int64)
        z = (tl.sum(A * x[None, :], 1, keep_dims=True) + b) * scale.to(A.dtype)
        dz = tl.where((k < classes)[:, None], score_gradient(z, y), 0.0)
        dA += dz * x[None, :]
        db += dz
        if ((t + 1) % size == 0) | (t + 1 == end):
            step = (t - begin) // size
            scale *= tl.load(factors_at + step)
            safe = (scale >= SAFE) & (scale <= 1)
            into_weights, scale = tl.where(safe, 1.0, scale), tl.where(safe, scale, 1.0)
            rate = tl.load(step_sizes_at + step) / ((t % size + 1) * scale)
            A = A * into_weights.to(A.dtype) - rate.to(A.dtype) * dA
            if bias:
                b = b * into_weights.to(A.dtype) - rate.to(A.dtype) * db
            dA, db = tl.zeros_like(A), tl.zeros_like(b)
    tl.store(A_at + place, A, inside)
    tl.store(b_at + seed * classes + k[:, None], b, (k < classes)[:, None])
    tl.store(scale_at + seed, scale)
