"""numba: compiled descent on sparse samples, for models that are linear in their scores.

The weights lie transposed, the classes of one feature side by side, the bias as the last row. A
step on one sample touches only the rows of the features that are not zero, if the update rule lets
it: about 150 rows of 64 bytes on MNIST, a fifth of the weights.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from descent import formulas, schedule
from descent.compiled.cache import inlined, kernel
from descent.compiled.classes import zero_padding
from descent.compiled.formulas import Formula, Update, first_line, problem, rule_problem
from descent.compiled.samples import UNROLL, Packed, pack, transpose
from descent.compiled.scores import (
    Layout,
    in_double,
    in_dtype_of,
    load,
    prefetch,
    store,
    zero,
    zeros,
)
from descent.data import Data
from descent.engines._descent import SAFE, follow, initial, l2_scales, scalings, segments
from descent.errors import InputError
from descent.iterates import AVERAGE, Iterates
from descent.plugins import plugin
from descent.run import FULL, Run

NEEDS = ("compiled", "compiled update")
USES_GPU = False
LIBRARIES = ("numpy", "numba")

# Samples between asking for one and using it. A shuffled step of softmax_regression takes 0.58 µs
# without asking, 0.29 asking for entries alone, 0.23 asking also for where they begin.
AHEAD = 4
BLOCK = 256  # samples of a full batch whose dz, 16 KB, stay in the first-level cache

_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)


class Statics(NamedTuple):
    """What the kernels are compiled for. As a part of Descent they cost 7 % of a step."""

    layout: Layout
    of_one_class: Layout
    losses: Formula
    score_gradient: Formula
    update: Update


class Descent(NamedTuple):
    """What the steps of one seed read and change. Arrays are rows [features + 1, Layout.width].

    arrays: weights, with the bias as the last row, and each array of the update rule's state;
    scale [1]: what the weights are multiplied by to give the parameters, in float64; total: of
    gradients over the samples of a step, zero between steps, of a full batch in float64; mean: the
    averaged parameters, in float64; options: of the update rule; l2: of the gradient, zero where it
    changes the scale; moving: rows that are parameters; unaveraged: steps before the first whose
    parameters are averaged.
    """

    arrays: tuple[NDArray, ...]
    scale: NDArray
    total: NDArray
    mean: NDArray
    options: tuple[float, ...]
    l2: float
    moving: int
    unaveraged: int


def device() -> str:
    """Where it computes."""
    return "cpu"


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """The iterates of a run; InputError if the formulas of its model or rule do not compile."""
    start = initial(run, plugin("models", run.model), data)
    seeds = _descents(run, data, start)
    steps_of = _full_steps_of if run.batch_size == FULL else _shuffled_steps_of
    make_steps = steps_of(run, data, pack(data.x_train, data.scale, run.dtype))

    def advance(first: int, last: int) -> NDArray | None:
        objectives = []
        for seed, descent in zip(run.seeds, seeds, strict=True):
            objectives.append(make_steps(seed, descent, first, last))
            if run.average_from is not None and last <= descent.unaveraged:
                descent.mean[...] = descent.scale * descent.arrays[0]
        return np.stack(objectives) if run.batch_size == FULL else None

    def snapshot() -> dict[str, NDArray]:
        both = _parameters([descent.scale * descent.arrays[0] for descent in seeds], data.outputs)
        if run.average_from is not None:
            means = _parameters([descent.mean for descent in seeds], data.outputs)
            both |= {f"{AVERAGE}{name}": mean for name, mean in means.items()}
        return {name: p for name, p in both.items() if name.removeprefix(AVERAGE) in start}

    try:
        return follow(run, len(data.y_train), advance, snapshot, progress)
    except NumbaError as error:
        reason = problem(run.model) or rule_problem(run.update_rule) or first_line(error)
        raise InputError(reason) from None


def _descents(run: Run, data: Data, start: dict[str, NDArray]) -> list[Descent]:
    """Every seed before its first step; all sum their gradients in the same memory."""
    rule = plugin("update_rules", run.update_rule).update
    options = formulas.options(rule) | dict(run.update_options)
    bias = start.get("b", np.zeros_like(start["A"][..., 0]))
    weights = [_rows(A, b) for A, b in zip(start["A"], bias, strict=True)]
    fresh = partial(zeros, len(weights[0]), Layout(data.outputs), run.dtype)
    averaging = run.average_from is not None
    of_sums = np.float64 if run.batch_size == FULL else run.dtype
    total = zeros(len(weights[0]), Layout(data.outputs), of_sums)
    samples = len(data.y_train)
    return [
        Descent(
            arrays=(rows, *(fresh() for _ in formulas.state(rule))),
            scale=np.ones(1),
            total=total,
            mean=rows.astype(np.float64) if averaging else np.zeros((0, 0)),
            options=tuple(map(float, options.values())),
            l2=0.0 if l2_scales(run) else float(run.l2),
            moving=len(rows) if "b" in start else len(rows) - 1,
            unaveraged=run.steps_before_averaging(samples) if averaging else run.steps(samples),
        )
        for rows in weights
    ]


def _shuffled_steps_of(run: Run, data: Data, samples: Packed) -> Callable:
    """Steps on batches of each epoch's order of samples."""
    statics, y = _statics(run, data), data.targets(data.y_train, run.dtype)
    n, size, steps = len(y), run.batch_size, run.steps(len(y))
    order = lru_cache(maxsize=len(run.seeds))(schedule.order)
    touching = size == 1 and run.average_from is None and _rests_at_zero(run)
    touching = touching and (run.l2 == 0 or l2_scales(run))

    def make_steps(seed: int, descent: Descent, first: int, last: int) -> None:
        sizes = schedule.step_sizes(run, first, last, steps)
        factors = scalings(run, sizes, first)
        for before, epoch, begin, end in segments(first, last, n, size):
            some, made = order(seed, epoch, n)[begin:end], first + before
            given = statics, descent, samples, y, some, sizes[before:]
            if touching:
                _single_steps(*given, factors[before:] if run.l2 else None, made)
            else:
                _batch_steps(*given, factors[before:], made, size)

    return make_steps


def _full_steps_of(run: Run, data: Data, samples: Packed) -> Callable:
    """Steps on all samples."""
    statics, y = _statics(run, data), data.targets(data.y_train, run.dtype)
    columns = transpose(samples, data.x_train.shape[1], BLOCK)
    dz = zeros(BLOCK, statics.layout, run.dtype)

    def make_steps(seed: int, descent: Descent, first: int, last: int) -> NDArray:
        sizes = schedule.step_sizes(run, first, last, run.epochs)
        factors, found = scalings(run, sizes, first), np.zeros((2, len(sizes)))
        _full_steps(statics, descent, samples, y, columns, dz, sizes, factors, first, *found)
        losses, squares = found
        return losses / len(y) + (run.l2 / 2 * squares if run.l2 else 0)

    return make_steps


def _statics(run: Run, data: Data) -> Statics:
    formulas_of = (Formula(run.model, name) for name in ("losses", "score_gradient"))
    return Statics(Layout(data.outputs), Layout(1), *formulas_of, Update(run.update_rule))


def _rests_at_zero(run: Run) -> bool:
    """Whether parameters with a gradient of zero do not move, whatever came before."""
    rule = plugin("update_rules", run.update_rule).update
    if formulas.state(rule):
        return False
    p = np.array([-1e30, -3, -1e-3, -0.0, 1e-30, 0.7, 1, 1e3], run.dtype)
    counts = [{"t": t} for t in (1, 2, 1000)] if formulas.counts(rule) else [{}]
    moved = [rule(p, 0 * p, run.step_size, **t, **run.update_options) for t in counts]
    return all(np.array_equal(p, each) for each in moved)


def _rows(A: NDArray, b: NDArray) -> NDArray:
    """Weights and bias as the kernels read them."""
    classes, features = A.shape
    rows = zeros(features + 1, Layout(classes), A.dtype)
    rows[:-1, :classes] = A.T
    rows[-1, :classes] = b
    return rows


def _parameters(each: Sequence[NDArray], classes: int) -> dict[str, NDArray]:
    """A and b of all seeds, from their rows."""
    rows = np.stack(each)[..., :classes].swapaxes(1, 2)
    return {"A": rows[..., :-1], "b": rows[..., -1]}


@inlined
def _add_rows(z0, rows, row, code, level, first, last, layout):
    """z0 + Σ level[code[k]] · rows[row[k]]; four sums side by side, since one would wait."""
    z1 = z2 = z3 = zero(rows, layout)
    for k in range(first, last, UNROLL):
        z0 = z0 + level[code[k]] * load(rows, row[k], layout)
        z1 = z1 + level[code[k + _1]] * load(rows, row[k + _1], layout)
        z2 = z2 + level[code[k + _2]] * load(rows, row[k + _2], layout)
        z3 = z3 + level[code[k + _3]] * load(rows, row[k + _3], layout)
    return (z0 + z1) + (z2 + z3)


@inlined
def _scores(i, rows, samples, layout):
    """z = A x + b of sample i."""
    start, feature, code, level = samples
    b = load(rows, len(rows) - 1, layout)
    return _add_rows(b, rows, feature, code, level, start[i], start[i + 1], layout)


@inlined
def _look_ahead(t, order, samples, y):
    """Ask for what comes: the first 224 entries of one sample, and where a later one begins."""
    last = len(order) - 1
    first = samples.start[order[min(t + AHEAD, last)]]
    for k in range(0, 224, 32):  # 64 bytes of features, then of codes, at a time
        prefetch(samples.feature, first + np.uint64(k))
    for k in range(0, 224, 64):
        prefetch(samples.code, first + np.uint64(k))
    later = order[min(t + 4 * AHEAD, last)]
    prefetch(samples.start, later)
    prefetch(y, later)


@inlined
def _safe(scale, descent, layout):
    """The scale of the weights; one that is not safe to divide by goes into the weights, so that
    they have none."""
    weights = descent.arrays[0]
    if not SAFE <= scale <= 1:
        for row in range(descent.moving):
            in_full = scale * in_double(load(weights, row, layout))
            store(weights, row, in_dtype_of(weights, in_full))
        scale = 1.0
    return scale


@kernel
def _single_steps(statics, descent, samples, y, order, step_sizes, factors, made):
    """A step on each sample of `order`, after so many made, that touches what is not zero in it.

    factors: of the scale; without l2 None, which saves a tenth of a step.
    """
    layout, _, _, score_gradient, update = statics
    start, feature, code, level = samples
    rows, bias, scale = descent.arrays[0], len(descent.total) - 1, descent.scale[0]
    for t in range(len(order)):
        _look_ahead(t, order, samples, y)
        i, step = order[t], (step_sizes[t], made + t + 1.0, descent.options)
        z = _scores(i, rows, samples, layout)
        if factors is not None:
            z = scale * z
        dz = zero_padding(score_gradient(z, y[i]))
        if factors is not None:
            scale = _safe(scale * factors[t], descent, layout)
            dz = (1 / scale) * dz
        for k in range(start[i], start[i + 1]):
            p = load((rows,), feature[k], layout)
            store(rows, feature[k], update(p, level[code[k]] * dz, *step))
        if descent.moving > bias:
            store(rows, bias, update(load((rows,), bias, layout), dz, *step))
    descent.scale[0] = scale


@kernel
def _batch_steps(statics, descent, samples, y, order, step_sizes, factors, made, size):
    """A step on every `size` samples of `order`, after so many made."""
    layout, _, _, score_gradient, _ = statics
    start, feature, code, level = samples
    total, bias = descent.total, len(descent.total) - 1
    for batch, first in enumerate(range(0, len(order), size)):
        last = min(first + size, len(order))
        for t in range(first, last):
            _look_ahead(t, order, samples, y)
            i = order[t]
            z = descent.scale[0] * _scores(i, descent.arrays[0], samples, layout)
            dz = zero_padding(score_gradient(z, y[i]))
            for k in range(start[i], start[i + 1]):
                row = load(total, feature[k], layout)
                store(total, feature[k], row + level[code[k]] * dz)
            store(total, bias, load(total, bias, layout) + dz)
        _step(statics, descent, last - first, step_sizes[batch], factors[batch], made + batch + 1)


@kernel
def _full_steps(
    statics, descent, samples, y, columns, dz, step_sizes, factors, made, losses, squares
):
    """A step on all samples for each step size, after so many made.

    Block by block of samples, whose dz stay in the first-level cache. The products dz xᵀ go feature
    by feature, so that a row of the sum stays in a register for a block: the weights and their
    gradient do not fit the cache together. A step over MNIST: 12 ms instead of 18. Of each step
    also: the sum of losses and ‖parameters‖² before it.
    """
    layout, of_one_class, loss, score_gradient, _ = statics
    column, sample, code = columns
    rows, total, bias = descent.arrays[0], descent.total, len(descent.total) - 1
    for step in range(len(step_sizes)):
        scale = descent.scale[0]
        of_samples = square = zero(losses, of_one_class)
        for first in range(0, len(y), len(dz)):
            last = min(first + len(dz), len(y))
            for i in range(first, last):
                store(dz, i - first, scale * _scores(i, rows, samples, layout))
            of_bias = zero(rows, layout)
            for i in range(first, last):  # on its own: several softmaxes are under way at once
                z = load(dz, i - first, layout)
                of_samples = of_samples + in_double(loss(z, y[i]))
                dz_i = zero_padding(score_gradient(z, y[i]))
                store(dz, i - first, dz_i)
                of_bias = of_bias + dz_i
            store(total, bias, load(total, bias, layout) + in_double(of_bias))
            for f in range(bias):
                j = first // len(dz) * bias + f
                begin, end = column[j], column[j + 1]
                if begin < end:
                    row = zero(rows, layout)
                    row = _add_rows(row, dz, sample, code, samples.level, begin, end, layout)
                    store(total, f, load(total, f, layout) + in_double(row))
        for row in range(descent.moving):
            p = scale * in_double(zero_padding(load(rows, row, layout)))
            square = square + (p * p).sum(0)
        store(losses, step, of_samples)
        store(squares, step, square)
        _step(statics, descent, len(y), step_sizes[step], factors[step], made + step + 1)


@inlined
def _step(statics, descent, count, step_size, factor, t):
    """Step t against g = total / count + λ p, and take its parameters into their mean."""
    layout, _, _, _, update = statics
    arrays, total, mean = descent.arrays, descent.total, descent.mean
    weights = arrays[0]
    scale = _safe(factor * descent.scale[0], descent, layout)
    descent.scale[0] = scale
    for row in range(descent.moving):
        p_and_state, of_loss = load(arrays, row, layout), load(total, row, layout)
        store(total, row, zero(total, layout))
        g = in_dtype_of(weights, (1 / (count * scale)) * of_loss)
        if descent.l2 != 0:
            g = g + descent.l2 * p_and_state[0]
        store(arrays, row, update(p_and_state, g, step_size, t + 0.0, descent.options))
    averaged = t - descent.unaveraged
    if averaged > 0:
        for row in range(len(mean)):
            for lane in range(mean.shape[1]):
                weight, before = scale * weights[row, lane], mean[row, lane]
                mean[row, lane] = weight if averaged == 1 else before + (weight - before) / averaged
