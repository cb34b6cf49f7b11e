"""What the engines share: the evaluated steps, and the loop where Python makes every step."""

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
    """Conversions of an engine's arrays.

    to_numpy(p): as an array of NumPy; in_double(p): a copy in float64.
    """

    to_numpy: Callable[[Any], NDArray]
    in_double: Callable[[Any], Any]


def initial(run: Run, net: ModuleType, data: Data) -> dict[str, NDArray]:
    """Initial parameters of all seeds, {name: [R, *shape]}."""
    layers = net.layers(data.x_train.shape[1], data.outputs, **run.model_options)
    each = [sampling.initial(seed, layers, run.initial, run.dtype) for seed in run.seeds]
    return {name: np.stack([parameters[name] for parameters in each]) for name in layers}


def decay(run: Run, step_sizes: NDArray) -> NDArray[np.float64] | None:
    """By how much λ shrinks the parameters in steps with these sizes, 1 - α λ; None where it does
    more than that, as a part of the gradient, or nothing.

    Engines keep this factor in float64. In float32 1 - α λ is a multiple of 6e-8: l2 would have no
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
    """The iterates of a run, from one evaluated step to the next.

    samples: how many train; advance(start, stop): make the steps start + 1 … stop of every seed,
    and, of a full batch, give the objective before each of them, [R, stop - start]; snapshot(): the
    parameters as they are, {name: [R, *shape]}.
    """
    steps = run.evaluated_steps(samples)
    kept = {
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
            kept[name][:, position] = p
        progress((stop - start) * seeds)
    epoch = steps / run.steps_per_epoch(samples)
    counted = rises.cumsum(1) if run.batch_size == FULL else None
    return Iterates(steps, epoch, np.array(run.seeds, np.int64), kept, {}, counted)


def _raised(before: NDArray, after: NDArray) -> NDArray[np.bool_]:
    """Whether the objective rose by more than rounding, to a finite number."""
    return (after > before + ROUNDING * np.abs(before)) & np.isfinite(after)


def descend(
    run: Run,
    parameters: dict,
    samples: int,
    gradient: Callable[[dict, Samples], tuple[Any, dict]],
    library: Library,
    progress: Callable[[int], object],
) -> Iterates:
    """Step against the gradient.

    parameters: {name: [R, *shape]}, all seeds stacked, changed in place; gradient(parameters,
    batch): the mean loss [R] in float64, which only a full batch needs, and its gradient, on the
    samples of the batch, [R, batch size] positions or, where all seeds share all samples, a slice.
    """
    update = plugin("update_rules", run.update_rule).update
    names = state_of(update)
    counts = "t" in signature(update).parameters
    state = {name: dict.fromkeys(names, 0 * p) for name, p in parameters.items()}
    batches, steps = _batches(run, samples), run.steps(samples)
    exact, averages = {}, {}
    if decay(run, np.ones(1)) is not None:
        exact = {name: library.in_double(p) for name, p in parameters.items()}
    if run.average_from is not None:
        averages = {name: library.in_double(p) for name, p in parameters.items()}

    def advance(start: int, stop: int) -> NDArray | None:
        objective = np.empty((len(run.seeds), stop - start)) if run.batch_size == FULL else None
        sizes = run.step_sizes(start, stop, steps)
        factors = decay(run, sizes) if exact else sizes
        each = zip(sizes.tolist(), factors.tolist(), batches, strict=False)
        for step, (size, factor, batch) in enumerate(each, start + 1):
            loss, gradients = gradient(parameters, batch)
            if objective is not None:
                if run.l2:
                    loss = loss + run.l2 / 2 * _squares(map(library.in_double, parameters.values()))
                objective[:, step - start - 1] = library.to_numpy(loss)
            t = {"t": step} if counts else {}
            for name, p in parameters.items():
                g = gradients[name] + run.l2 * p if run.l2 and not exact else gradients[name]
                before = factor * exact[name] if exact else p
                after = update(before, g, size, **t, **state[name], **run.update_options)
                if names:
                    after, *of_state = after
                    state[name] = dict(zip(names, of_state, strict=True))
                if exact:
                    exact[name] = after
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
    """Take p, the last of `count` iterates, into their mean (Polyak and Juditsky 1992)."""
    if count <= 1:
        mean[...] = p
    else:
        mean += (p - mean) / count


def _batches(run: Run, samples: int) -> Iterator[Samples]:
    if run.batch_size == FULL:
        return repeat(slice(None))
    return sampling.batches(run.seeds, samples, run.batch_size, run.epochs, run.sampling)
