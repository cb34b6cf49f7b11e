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
from descent.ability import in_registers
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
from descent.gpu.memory import in_stacks
from descent.iterates import Iterates
from descent.models import _linear
from descent.plugins import plugin
from descent.run import FULL, Run

NEEDS = ("score gradient", "plain", "no averages", "registers", "CUDA", "C compiler")
USES_GPU = True
LIBRARIES = ("numpy", "torch", "triton")

SAFE = tl.constexpr(SAFE)
SCORES = 2048  # whose ∂loss/∂z a program takes
BYTES_A_WARP = 2**14  # half the registers of its 32 threads, of which each may have 255


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
    tile = max(SCORES // rows, 1)
    programs = len(run.seeds) * triton.cdiv(len(y), tile)

    def gradient(parameters, _):
        dz = _linear.scores(parameters, x)
        each = torch.empty_like(dz[:, 0])
        _to_score_gradients[programs,](
            dz, each, y, len(y), data.outputs, rows, tile, losses, score_gradient
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
    unit = gpu.to_device(np.array([1 / data.scale], np.float64))
    steps = run.steps(n)
    score_gradient = compiled(net.score_gradient, data.outputs)
    rows = triton.next_power_of_2(data.outputs)
    columns = triton.next_power_of_2(features)
    warps = max(in_registers(run, data.size) // BYTES_A_WARP, 1)

    @lru_cache(maxsize=2)
    def order(epoch: int) -> torch.Tensor:
        of_seeds = (schedule.order(seed, epoch, n, run.sampling) for seed in run.seeds)
        return gpu.to_device(np.stack([of_seed.astype(np.int32) for of_seed in of_seeds]))

    def advance(first: int, last: int) -> None:
        sizes = schedule.step_sizes(run, first, last, steps)
        factors = gpu.to_device(scalings(run, sizes, first))
        sizes = gpu.to_device(sizes)
        for before, epoch, begin, end in segments(first, last, n, run.batch_size):
            _steps[len(run.seeds),](
                *(A, b, scale, x, y, order(epoch), n, begin, end),
                *(sizes[before:], factors[before:], unit),
                *(features, data.outputs, run.batch_size, rows, columns, bias, run.l2 > 0),
                score_gradient,
                num_warps=warps,
            )
            if epoch + 1 < run.epochs:
                order(epoch + 1)  # drawn while the GPU makes these steps

    def snapshot() -> dict[str, NDArray]:
        scaled = {"A": scale[:, None, None] * A, "b": scale[:, None] * b}
        return {name: gpu.to_numpy(p.to(A.dtype)) for name, p in scaled.items() if name in start}

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
    """z ← ∂loss/∂z, z [R, classes, n], and the losses [R, n], of TILE samples of one model."""
    program, tiles = tl.program_id(0).to(tl.int64), tl.cdiv(n, TILE)
    model, k, i = program // tiles, tl.arange(0, ROWS), program % tiles * TILE + tl.arange(0, TILE)
    place = (model * classes + k[:, None]) * n + i[None, :]
    inside = (k < classes)[:, None] & (i < n)[None, :]
    z = tl.load(z_at + place, inside, 0.0)
    y = tl.load(y_at + i, i < n, 0)
    tl.store(losses_at + model * n + i, losses(z, y), i < n)
    tl.store(z_at + place, score_gradient(z, y), inside)


@triton.jit(
    do_not_specialize=["begin", "end"],
    do_not_specialize_on_alignment=["step_sizes_at", "factors_at"],
)
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
    unit_at,
    features: tl.constexpr,
    classes: tl.constexpr,
    size: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    bias: tl.constexpr,
    decays: tl.constexpr,
    score_gradient: tl.constexpr,
):
    """Steps of one seed on the samples begin … end - 1 of its order, `size` at a time.

    p ← p (1 - α λ) - α ∂loss/∂p, with A [ROWS, COLUMNS] and b in registers throughout and, where
    λ > 0 (decays), the factors 1 - α λ, in float64, in the scale of both. Samples are multiplied as
    they are stored; their unit comes with their scores, and with the rate.
    """
    seed = tl.program_id(0).to(tl.int64)
    k, j = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    A_at += (seed * classes + k[:, None]) * features + j[None, :]
    b_at += seed * classes + k[:, None]
    order_at += seed * n
    rows, inside = (k < classes)[:, None], (k < classes)[:, None] & (j < features)[None, :]
    A, b = tl.load(A_at, inside, 0.0), tl.load(b_at, rows, 0.0)
    scale, unit = tl.load(scale_at + seed), tl.load(unit_at)
    dA, db = tl.zeros_like(A), tl.zeros_like(b)
    next_x, next_y = _sample(x_at, y_at, tl.load(order_at + begin), j, features)
    i = tl.load(order_at + min(begin + 1, end - 1))
    for t in range(begin, end):
        x, y = next_x.to(A.dtype)[None, :], next_y
        # on their way while this step computes
        next_x, next_y = _sample(x_at, y_at, i, j, features)
        i = tl.load(order_at + min(t + 2, end - 1))
        z = tl.sum(A * x, 1, keep_dims=True) * (scale * unit).to(A.dtype)
        dz = tl.where(rows, score_gradient(z + b * scale.to(A.dtype), y), 0.0)
        if size > 1:
            dA += dz * x
            db += dz
        if ((t + 1) % size == 0) | (t + 1 == end):
            step = (t - begin) // size
            rate = tl.load(step_sizes_at + step) / (t % size + 1)
            if decays:
                scale *= tl.load(factors_at + step)
                if (scale < SAFE) | (scale > 1):
                    A *= scale.to(A.dtype)
                    b *= scale.to(A.dtype)
                    scale = tl.full((), 1.0, tl.float64)
                rate /= scale
            rate_of_A = (rate * unit).to(A.dtype)
            if size == 1:
                A -= rate_of_A * dz * x
                db = dz
            else:
                A -= rate_of_A * dA
            if bias:
                b -= rate.to(A.dtype) * db
            dA, db = tl.zeros_like(A), tl.zeros_like(b)
    tl.store(A_at, A, inside)
    tl.store(b_at, b, rows)
    tl.store(scale_at + seed, scale)


@triton.jit
def _sample(x_at, y_at, i, j, features: tl.constexpr):
    """The stored numbers of sample i, at the columns j, and its label."""
    i = i.to(tl.int64)
    return tl.load(x_at + i * features + j, j < features, 0), tl.load(y_at + i + tl.arange(0, 1))
