"""What the engines share: the evaluated steps, and the loop where Python makes every step."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import pairwise, repeat
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from descent import formulas, sampling
from descent.plugins import plugin
from descent.run import FULL, Run
from descent.store.data import Data
from descent.store.iterates import AVERAGE, ROUNDING, Iterates

# Compiled steps scale parameters p = s v by their s, and divide gradients by it; below this s they
# scale v instead. float32 reaches to 2**-126.
SAFE = 2.0**-20

Samples = slice | NDArray[np.int64]


class Library(NamedTuple):
    """What an engine computes with: its functions, named as NumPy's, and conversions of its arrays.

    to_numpy(p): as an array of NumPy; in_double(p): a copy in float64.
    """

    functions: ModuleType
    to_numpy: Callable[[Any], NDArray]
    in_double: Callable[[Any], Any]


def initial(run: Run, net: ModuleType, data: Data) -> dict[str, NDArray]:
    """Initial parameters of all seeds, {name: [R, *shape]}."""
    layers = net.layers(data.x_train.shape[1], data.outputs, **run.model_options)
    each = [sampling.initial(seed, layers, run.initial, run.dtype) for seed in run.seeds]
    return {name: np.stack([parameters[name] for parameters in each]) for name in layers}


def l2_scales(run: Run) -> bool:
    """Whether l2 only scales the parameters: a rule p - a g steps from p against g + λp to

        (1 - aλ) p - a g

    Engines keep such a scaling in float64. In float32 1 - aλ is a multiple of 6e-8: l2 would have
    no effect at αλ = 1e-8, and twice its effect at 4e-8.
    """
    rule = plugin("update_rules", run.update_rule).update
    return run.l2 > 0 and _steps_straight(rule, **run.update_options)


@cache
def _steps_straight(rule: Callable, **options: float) -> bool:
    if formulas.state(rule):
        return False
    counted = {"t": 3.0} if formulas.counts(rule) else {}
    step = partial(rule, step_size=0.3, **counted, **options)
    p, g = np.random.default_rng(0).normal(size=(2, 99))
    return np.allclose(step(p, g), p + step(0.0, 1.0) * g, rtol=1e-12)


def scalings(run: Run, step_sizes: NDArray, first: int) -> NDArray[np.float64]:
    """By how much l2 scales the parameters in the steps after the first ones, 1 - aλ; ones where
    it does more than that, as a part of the gradient."""
    if not l2_scales(run):
        return np.ones(len(step_sizes))
    rule = plugin("update_rules", run.update_rule).update
    counted = {"t": first + np.arange(1.0, len(step_sizes) + 1)} if formulas.counts(rule) else {}
    return rule(1.0, run.l2, step_sizes, **counted, **run.update_options)


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
    rule = plugin("update_rules", run.update_rule).update
    update = formulas.bind(rule, lambda value: library.functions if value is np else value)
    l2, exact = run.l2, {}
    if l2_scales(run):
        l2, exact = 0.0, {name: library.in_double(p) for name, p in parameters.items()}
    state = {n: dict.fromkeys(formulas.state(rule), 0 * p) for n, p in parameters.items()}
    batches = _batches(run, samples)
    steps = run.steps(samples)
    averages = {}
    if run.average_from is not None:
        averages = {name: library.in_double(p) for name, p in parameters.items()}

    def advance(start: int, stop: int) -> NDArray | None:
        objective = np.empty((len(run.seeds), stop - start)) if run.batch_size == FULL else None
        sizes = run.step_sizes(start, stop, steps)
        each = zip(sizes.tolist(), scalings(run, sizes, start).tolist(), batches, strict=False)
        for step, (size, factor, batch) in enumerate(each, start + 1):
            loss, gradients = gradient(parameters, batch)
            if objective is not None:
                if run.l2:
                    loss = loss + run.l2 / 2 * _squares(map(library.in_double, parameters.values()))
                objective[:, step - start - 1] = library.to_numpy(loss)
            t = {"t": step} if formulas.counts(rule) else {}
            for name, p in parameters.items():
                before = factor * exact[name] if exact else p
                g = gradients[name] + l2 * p if l2 else gradients[name]
                moved = update(before, g, size, **t, **state[name], **run.update_options)
                if state[name]:
                    moved, *kept = moved
                    state[name] = dict(zip(state[name], kept, strict=True))
                if exact:
                    exact[name] = moved
                p[...] = moved
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


def segments(run: Run, first: int, last: int, samples: int) -> Iterator[tuple[int, int, int, int]]:
    """The steps first + 1 … last by epochs: how many of them come before, the epoch, and from where
    to where in its order."""
    per_epoch, size = run.steps_per_epoch(samples), run.samples_per_step(samples)
    for epoch in range(first // per_epoch, -(-last // per_epoch)):
        start = epoch * per_epoch
        begin, end = max(first, start), min(last, start + per_epoch)
        yield begin - first, epoch, (begin - start) * size, min((end - start) * size, samples)


def _batches(run: Run, samples: int) -> Iterator[Samples]:
    if run.batch_size == FULL:
        return repeat(slice(None))
    return sampling.batches(run.seeds, samples, run.batch_size, run.epochs, run.sampling)
