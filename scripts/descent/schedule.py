"""What a seed decides, the step size of every step, and when a run is evaluated.

A seed decides the initial parameters and the order of samples, and nothing else does: engines and
step sizes of one seed start at the same point and see the same samples (common random numbers).
Every stream is keyed by (seed, purpose, epoch), so none depends on how much of another was used.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError
from descent.models._layer import Layer
from descent.plugins import place, plugin

if TYPE_CHECKING:
    from descent.run import Run

# purposes; none is 0, since default_rng(5) equals default_rng([5, 0])
INITIAL, ORDER, DRAWS = 1, 2, 3
SHUFFLED, WITH_REPLACEMENT = "shuffled", "with_replacement"  # samplings
BLOCK = 2**20  # steps that are checked at a time


def initial(seed: int, layers: Mapping[str, Layer], kind: str, dtype: str) -> dict[str, NDArray]:
    """Initial parameters {name: array of its shape}.

    kind "uniform": uniform on ±1/√(inputs of the layer), as torch.nn.Linear draws them, drawn in
    float64 and rounded to dtype; "zeros": zeros.
    """
    random = np.random.default_rng([seed, INITIAL])
    return {
        name: (
            np.zeros(layer.shape, dtype)
            if kind == "zeros"
            else random.uniform(-1, 1, layer.shape).astype(dtype)
            / np.sqrt(layer.inputs, dtype=dtype)
        )
        for name, layer in layers.items()
    }


def order(seed: int, epoch: int, samples: int, sampling: str) -> NDArray[np.int64]:
    """The samples of an epoch in their order, as many as there are of 0 … samples - 1.

    sampling "shuffled": each once, a permutation; "with_replacement": each place is drawn from all
    of them, uniformly and independently of the others.
    """
    if sampling == WITH_REPLACEMENT:
        return np.random.default_rng([seed, DRAWS, epoch]).integers(samples, size=samples)
    return np.random.default_rng([seed, ORDER, epoch]).permutation(samples)


def batches(
    seeds: Sequence[int], samples: int, batch_size: int, epochs: int, sampling: str
) -> Iterator[NDArray[np.int64]]:
    """The samples of every step, [seeds, batch size]; an epoch's last batch may be smaller."""
    for epoch in range(epochs):
        orders = np.stack([order(seed, epoch, samples, sampling) for seed in seeds])
        for start in range(0, samples, batch_size):
            yield orders[:, start : start + batch_size]


def steps_per_epoch(samples: int, batch_size: int) -> int:
    """Steps of an epoch, which takes as many samples as there are."""
    return -(-samples // batch_size)


def step_sizes(run: "Run", first: int, last: int, steps: int) -> NDArray[np.float64]:
    """Step sizes of the steps t = first + 1 … last of a run of so many steps: α factor(t, steps).

    Raises InputError where the schedule gives anything but a finite factor ≥ 0 for each step.
    """
    t = np.arange(first + 1, last + 1, dtype=np.float64)
    where = f"{place('schedules', run.schedule)}: factor"
    with np.errstate(all="ignore"):  # what comes of it is looked at
        factor = plugin("schedules", run.schedule).factor(t, steps, **run.schedule_options)
    if np.shape(factor) != t.shape:
        found = f"shape {np.shape(factor)} for t of shape {t.shape}"
        raise InputError(f"{where}: found {found}; allowed: the shape of t")
    wrong = ~np.isfinite(factor) | (factor < 0)
    if wrong.any():
        found = f"{factor[wrong][0]} in step {first + 1 + wrong.argmax()} of {steps}"
        raise InputError(f"{where}: found {found}; allowed: a finite number ≥ 0")
    return run.step_size * factor


def check_step_sizes(run: "Run", steps: int) -> None:
    """Raise InputError where the schedule is wrong in any step, before the first is made."""
    for first in range(0, steps, BLOCK):
        step_sizes(run, first, min(first + BLOCK, steps), steps)


def evaluated_steps(steps: int, evaluate_every: int) -> NDArray[np.int64]:
    """The steps at which iterates are kept, ascending.

    0, every `evaluate_every`, the last one, and 1, 2, 4, 8, … below the first `evaluate_every`.
    """
    powers = 2 ** np.arange(max(1, min(steps, evaluate_every)).bit_length())
    early = powers[powers < min(steps, evaluate_every)]
    return np.unique(np.r_[0, early, np.arange(0, steps, evaluate_every), steps])
