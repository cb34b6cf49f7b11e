"""numba: compiled descent on sparse samples, for models that are linear in their scores.

With batches, seeds descend one after another, each in its own order of samples. With full batches
they see the same samples, and descend side by side.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from descent import formulas, sampling
from descent.compiled.formulas import Update, first_line, problem, rule_problem
from descent.compiled.passes import BLOCK, in_blocks, statics
from descent.compiled.samples import pack
from descent.compiled.scores import TOGETHER, Layout, zeros
from descent.compiled.steps import Descent, batch_steps, full_steps, single_steps
from descent.engines._descent import follow, initial, l2_scales, scalings, segments
from descent.errors import InputError
from descent.plugins import default_arguments, plugin
from descent.run import FULL, Run
from descent.store.data import Data
from descent.store.iterates import AVERAGE, Iterates

LIBRARIES = ("numpy", "numba")

MOST_CLASSES = 32  # of seeds side by side: 50 do not gain by it, and take long to compile


class Group(NamedTuple):
    """Seeds that descend side by side: which of the run's, and how their numbers lie."""

    some: slice
    layout: Layout


def device() -> str:
    """Where it computes."""
    return "cpu"


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """The iterates of a run; InputError if the formulas of its model or rule do not compile."""
    start = initial(run, plugin("models", run.model), data)
    groups = _groups(run, data.outputs)
    descents = [_descent(run, data, start, group) for group in groups]
    make_steps = (_full_steps_of if run.batch_size == FULL else _ordered_steps_of)(run, data)

    def advance(first: int, last: int) -> NDArray | None:
        objectives = []
        for group, descent in zip(groups, descents, strict=True):
            objectives.append(make_steps(group, descent, first, last))
            if run.average_from is not None and last <= descent.unaveraged:
                descent.mean[...] = descent.scale * descent.arrays[0]
        return np.concatenate(objectives) if run.batch_size == FULL else None

    def snapshot() -> dict[str, NDArray]:
        both = _parameters(groups, [descent.scale * descent.arrays[0] for descent in descents])
        if run.average_from is not None:
            means = _parameters(groups, [descent.mean for descent in descents])
            both |= {f"{AVERAGE}{name}": mean for name, mean in means.items()}
        return {name: p for name, p in both.items() if name.removeprefix(AVERAGE) in start}

    try:
        return follow(run, len(data.y_train), advance, snapshot, progress)
    except NumbaError as error:
        reason = problem(run.model) or rule_problem(run.update_rule) or first_line(error)
        raise InputError(reason) from None


def _groups(run: Run, classes: int) -> list[Group]:
    """Of batches a seed each; full batches pass once over the samples for several seeds, in parts
    as equal as can be."""
    seeds = len(run.seeds)
    if run.batch_size != FULL:
        return [Group(slice(i, i + 1), Layout(classes)) for i in range(seeds)]
    passes = -(-seeds // (TOGETHER if classes <= MOST_CLASSES else 1))
    ends = [seeds * i // passes for i in range(passes + 1)]
    return [Group(slice(*both), Layout(classes, both[1] - both[0])) for both in pairwise(ends)]


def _descent(run: Run, data: Data, start: dict[str, NDArray], group: Group) -> Descent:
    """A group before its first step."""
    some, layout = group
    rule = plugin("update_rules", run.update_rule).update
    options = default_arguments(rule) | dict(run.update_options)
    A = start["A"][some]
    rows = zeros(A.shape[-1] + 1, layout, run.dtype)
    numbers = layout.numbers(rows)
    numbers[:-1] = A.T
    if "b" in start:
        numbers[-1] = start["b"][some].T
    averaging = run.average_from is not None
    of_sums = np.float64 if run.batch_size == FULL else run.dtype
    samples = len(data.y_train)
    return Descent(
        arrays=(rows, *(zeros(len(rows), layout, run.dtype) for _ in formulas.state(rule))),
        scale=np.ones(1),
        total=zeros(len(rows), layout, of_sums),
        mean=rows.astype(np.float64) if averaging else np.zeros((0, 0)),
        options=tuple(map(float, options.values())),
        l2=0.0 if l2_scales(run) else float(run.l2),
        moving=len(rows) if "b" in start else len(rows) - 1,
        unaveraged=run.burn_in(samples) if averaging else run.steps(samples),
    )


def _ordered_steps_of(run: Run, data: Data) -> Callable:
    """Steps on batches of each epoch's order of samples."""
    samples = pack(data.x_train, data.scale, run.dtype)
    y, rule = data.targets(data.y_train, run.dtype), Update(run.update_rule)
    n, size, steps = len(y), run.batch_size, run.steps(len(y))
    order = lru_cache(maxsize=len(run.seeds))(sampling.order)
    touching = size == 1 and run.average_from is None and _rests_at_zero(run)
    touching = touching and (run.l2 == 0 or l2_scales(run))
    compiled_for = statics(run.model, Layout(data.outputs))

    def make_steps(group: Group, descent: Descent, first: int, last: int) -> None:
        (seed,) = run.seeds[group.some]
        sizes = run.step_sizes(first, last, steps)
        factors = scalings(run, sizes, first)
        for before, epoch, begin, end in segments(run, first, last, n):
            some, made = order(seed, epoch, n, run.sampling)[begin:end], first + before
            given = compiled_for, rule, descent, samples, y, some, sizes[before:]
            if touching:
                single_steps(*given, factors[before:] if run.l2 else None, made)
            else:
                batch_steps(*given, factors[before:], made, size)

    return make_steps


def _full_steps_of(run: Run, data: Data) -> Callable:
    """Steps on all samples."""
    packed = pack(data.x_train, data.scale, run.dtype)
    samples = in_blocks(packed, data.x_train.shape[1], data.outputs)
    y, rule = data.targets(data.y_train, run.dtype), Update(run.update_rule)

    def make_steps(group: Group, descent: Descent, first: int, last: int) -> NDArray:
        compiled_for = statics(run.model, group.layout)
        z = zeros(BLOCK, group.layout, run.dtype)
        sizes = run.step_sizes(first, last, run.epochs)
        factors = scalings(run, sizes, first)
        found = [zeros(len(sizes), compiled_for.of_one_class, np.float64) for _ in range(2)]
        full_steps(compiled_for, rule, descent, samples, y, z, sizes, factors, first, *found)
        losses, squares = (of_all[:, : group.layout.models].T for of_all in found)
        return losses / len(y) + (run.l2 / 2 * squares if run.l2 else 0)

    return make_steps


def _rests_at_zero(run: Run) -> bool:
    """Whether parameters with a gradient of zero do not move, whatever came before."""
    rule = plugin("update_rules", run.update_rule).update
    if formulas.state(rule):
        return False
    p = np.array([-1e30, -3, -1e-3, -0.0, 1e-30, 0.7, 1, 1e3], run.dtype)
    counts = [{"t": t} for t in (1, 2, 1000)] if formulas.counts(rule) else [{}]
    moved = [rule(p, 0 * p, run.step_size, **t, **run.update_options) for t in counts]
    return all(np.array_equal(p, each) for each in moved)


def _parameters(groups: Sequence[Group], rows: Sequence[NDArray]) -> dict[str, NDArray]:
    """A and b of all seeds, from the rows of each group."""
    of_groups = zip(groups, rows, strict=True)
    parameters = np.concatenate([group.layout.numbers(rows).T for group, rows in of_groups])
    return {"A": parameters[..., :-1], "b": parameters[..., -1]}
