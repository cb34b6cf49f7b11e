"""Initial parameters and the order of samples, the only two things that depend on the seed.

All engines and step sizes of a seed start at the same point and see the same samples (common random
numbers). Every random stream is keyed by (seed, purpose, epoch), so the streams are independent of
how many numbers were drawn from the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from descent.run import WITH_REPLACEMENT

# purposes of streams; 0 is not used, since default_rng(5) equals default_rng([5, 0])
INITIAL, ORDER, DRAWS = 1, 2, 3


def initial(seed: int, layers: Mapping[str, Any], kind: str, dtype: str) -> dict[str, NDArray]:
    """Return the initial parameters by name.

    kind "uniform": uniform on ±1/√fan-in, as in torch.nn.Linear, drawn in float64 and rounded to
    dtype; "zeros": zeros.
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
    """Return the indices of the samples of one epoch, [samples], each in 0 … samples - 1.

    sampling "shuffled": a permutation; "with_replacement": independent uniform draws.
    """
    if sampling == WITH_REPLACEMENT:
        return np.random.default_rng([seed, DRAWS, epoch]).integers(samples, size=samples)
    return np.random.default_rng([seed, ORDER, epoch]).permutation(samples)


def batches(
    seeds: Sequence[int], samples: int, batch_size: int, epochs: int, sampling: str
) -> Iterator[NDArray[np.int64]]:
    """Yield the sample indices of every step, [seeds, batch size].

    The last batch of an epoch may be smaller.
    """
    for epoch in range(epochs):
        orders = np.stack([order(seed, epoch, samples, sampling) for seed in seeds])
        for start in range(0, samples, batch_size):
            yield orders[:, start : start + batch_size]
