"""The descent loop that the NumPy and the torch engine share: they differ in their gradient."""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise, repeat

import numpy as np
from numpy.typing import NDArray

from descent import schedule
from descent.iterates import Iterates
from descent.run import FULL, Run, update_rule

Samples = slice | NDArray[np.int64]


def descend(
    run: Run,
    parameters: dict,
    samples: int,
    gradient: Callable[[dict, Samples], dict],
    to_numpy: Callable,
    progress: Callable[[int], object],
) -> Iterates:
    """Step against the gradient, keeping the iterates at the evaluated steps.

    parameters: {name: [R, *shape]}, all seeds stacked, changed in place; samples: how many train;
    gradient(parameters, batch): of the objective on the samples of the batch, [R, batch size]
    positions or, where all seeds share all samples, a slice.
    """
    rule = update_rule(run.update_rule)
    state = rule.init(parameters)
    steps = schedule.evaluated_steps(run.steps(samples), run.evaluate_every)
    kept = {
        name: np.empty((len(p), len(steps), *p.shape[1:]), run.dtype)
        for name, p in parameters.items()
    }

    def keep(position: int) -> None:
        for name, p in parameters.items():
            kept[name][:, position] = to_numpy(p)

    keep(0)
    batches = _batches(run, samples)
    for position, (start, stop) in enumerate(pairwise(steps), start=1):
        for batch in islice(batches, stop - start):
            moved, state = rule.update(
                parameters, gradient(parameters, batch), state, run.step_size
            )
            for name, p in parameters.items():
                p[...] = moved[name]
        keep(position)
        progress(stop - start)

    epoch = steps / schedule.steps_per_epoch(samples, run.samples_a_step(samples))
    return Iterates(steps, epoch, np.array(run.seeds), kept, provenance={})


def _batches(run: Run, samples: int) -> Iterator[Samples]:
    if run.batch_size == FULL:
        return repeat(slice(None))
    return schedule.batches(run.seeds, samples, run.batch_size, run.epochs)


def initial(run: Run, layers: dict) -> dict[str, NDArray]:
    """Initial parameters of all seeds, {name: [R, *shape]}."""
    each = [schedule.initial(seed, layers, run.initial, run.dtype) for seed in run.seeds]
    return {name: np.stack([parameters[name] for parameters in each]) for name in layers}
