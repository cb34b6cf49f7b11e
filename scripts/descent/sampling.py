"""What a seed decides: the initial parameters and the order of samples, and nothing else.

Engines and step sizes of one seed start at the same point and see the same samples (common random
numbers). Every stream is keyed by (seed, purpose, epoch), so none depends on how much of another
was used.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from descent.run import WITH_REPLACEMENT

# purposes; none is 0, since default_rng(5) equals default_rng([5, 0])
INITIAL, ORDER, DRAWS = 1, 2, 3


def initial(seed: int, layers: Mapping[str, Any], kind: str, dtype: str) -> dict[str, NDArray]:
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
