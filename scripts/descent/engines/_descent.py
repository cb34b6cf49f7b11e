"""Functions shared by the engines: recording of iterates, and the descent loop in Python."""

from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from itertools import pairwise, repeat
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent import sampling
from descent.plugins import plugin, state_of
from descent.run import FULL, Run
from descent.store.data import Data
from descent.store.iterates import AVERAGE, ROUNDING, Iterates

Samples = slice | NDArray[np.int64]


class Library(NamedTuple):
    """Conversions of an engine's arrays: to a NumPy array, and to a copy in float64."""

    to_numpy: Callable[[Any], NDArray]
    in_double: Callable[[Any], Any]


def initial(run: Run, net: ModuleType, data: Data) -> dict[str, NDArray]:
    """Initial parameters of all seeds, {name: [R, *shape]}."""
    layers = net.layers(data.x_train.shape[1], data.outputs, **run.model_options)
    each = [sampling.initial(seed, layers, run.initial, run.dtype) for seed in run.seeds]
    return {name: np.stack([parameters[name] for parameters in each]) for name in layers}


def decay(run: Run, step_sizes: NDArray) -> NDArray[np.float64] | None:
    """The factors 1 - α λ by which weight decay shrinks the parameters in each step.

    None if λ is 0, or if the update rule is not linear, so that λ p is a part of the gradient.
    Engines keep the factor in float64. In float32 1 - α λ is a multiple of 6e-8: l2 would have no
    effect at α λ = 1e-8, and twice its effect at 4e-8.
    """
    linear = getattr(plugin("update_rules", run.update_rule), "LINEAR", False)
    return 1 - run.l2 * step_sizes if linear and run.l2 else None


def follow(
    run: Run,
    samples: int,
    advance: Callable[[int, int], NDArray | None],
    snapshot: Callable[[], dict[str, NDArray]],
    progress: Callable[[int], object],
) -> Iterates:
    """Train from one evaluated step to the next, and return the iterates.

    samples: the number of training samples; advance(start, stop): make the steps start + 1 … stop
    of every seed, and for full batches return the objective before each step, [R, stop - start];
    snapshot(): the current parameters, {name: [R, *shape]}.
    """
    steps = run.evaluated_steps(samples)
    iterates = {
        name: np.empty((len(p), len(steps), *p.shape[1:]), run.dtype)
        for name, p in snapshot().items()
    }
    seeds = len(run.seeds)
    rises, last = np.zeros((seeds, len(steps)), np.int64), np.full((seeds, 1), np.inf)
    for position, (start, stop) in enumerate(pairwise([0, *steps.tolist()])):
        objective = advance(start, stop)
        if objective is not None:
            path = np.hstack([last, objective])
            rises[:, position] = _raised(path[:, :-1], path[:, 1:]).sum(1)
            last = path[:, -1:]
        for name, p in snapshot().items():
            iterates[name][:, position] = p
        progress((stop - start) * seeds)
    epoch = steps / run.steps_per_epoch(samples)
    counts = rises.cumsum(1) if run.batch_size == FULL else None
    return Iterates(steps, epoch, np.array(run.seeds, np.int64), iterates, {}, counts)


def _raised(before: NDArray, after: NDArray) -> NDArray[np.bool_]:
    """Whether the objective increased by more than rounding, to a finite number."""
    return (after > before + ROUNDING * np.abs(before)) & np.isfinite(after)


def descend(
    run: Run,
    parameters: dict,
    samples: int,
    gradient: Callable[[dict, Samples], tuple[Any, dict]],
    library: Library,
    progress: Callable[[int], object],
) -> Iterates:
    """Train by steps of the update rule, with all seeds in one array, and return the iterates.

    parameters: {name: [R, *shape]}, changed in place; gradient(parameters, batch): the mean loss
    [R] in float64, used only for full batches, and its gradient on the batch: positions of samples
    [R, batch size], or for full batches a slice.
    """
    update = plugin("update_rules", run.update_rule).update
    names = state_of(update)
    takes_step = "t" in signature(update).parameters
    state = {name: dict.fromkeys(names, 0 * p) for name, p in parameters.items()}
    batches, steps = _batches(run, samples), run.steps(samples)
    in_double, averages = {}, {}
    if decay(run, np.ones(1)) is not None:
        in_double = {name: library.in_double(p) for name, p in parameters.items()}
    if run.average_from is not None:
        averages = {name: library.in_double(p) for name, p in parameters.items()}

    def advance(start: int, stop: int) -> NDArray | None:
        objective = np.empty((len(run.seeds), stop - start)) if run.batch_size == FULL else None
        sizes = run.step_sizes(start, stop, steps)
        factors = decay(run, sizes) if in_double else sizes
        arguments = zip(sizes.tolist(), factors.tolist(), batches, strict=False)
        for step, (size, factor, batch) in enumerate(arguments, start + 1):
            loss, gradients = gradient(parameters, batch)
            if objective is not None:
                if run.l2:
                    loss = loss + run.l2 / 2 * _squares(map(library.in_double, parameters.values()))
                objective[:, step - start - 1] = library.to_numpy(loss)
            t = {"t": step} if takes_step else {}
            for name, p in parameters.items():
                g = gradients[name] + run.l2 * p if run.l2 and not in_double else gradients[name]
                before = factor * in_double[name] if in_double else p
                after = update(before, g, size, **t, **state[name], **run.update_options)
                if names:
                    after, *new_state = after
                    state[name] = dict(zip(names, new_state, strict=True))
                if in_double:
                    in_double[name] = after
                p[...] = after
            for name, mean in averages.items():
                _average(mean, parameters[name], step - run.burn_in(samples))
        return objective

    def snapshot() -> dict[str, NDArray]:
        averaged = {f"{AVERAGE}{name}": library.to_numpy(mean) for name, mean in averages.items()}
        return {name: library.to_numpy(p) for name, p in parameters.items()} | averaged

    return follow(run, samples, advance, snapshot, progress)


def _squares(parameters: Iterable) -> Any:
    """‖parameters‖² of each seed."""
    return sum((p * p).reshape(len(p), -1).sum(1) for p in parameters)


def _average(mean, p, count: int) -> None:
    """Update in place the mean of `count` iterates, the last of which is p (Polyak and Juditsky
    1992)."""
    if count <= 1:
        mean[...] = p
    else:
        mean += (p - mean) / count


def _batches(run: Run, samples: int) -> Iterator[Samples]:
    if run.batch_size == FULL:
        return repeat(slice(None))
    return sampling.batches(run.seeds, samples, run.batch_size, run.epochs, run.sampling)
