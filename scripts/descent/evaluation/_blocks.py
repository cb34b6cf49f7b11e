"""Evaluation of snapshots and samples in blocks."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of 0 … count - 1 with at most `size` elements."""
    return (slice(start, start + size) for start in range(0, count, size))


def by_blocks(
    means_of: Callable[[dict[str, NDArray]], Sequence[NDArray]],
    snapshots: dict[str, NDArray],
    size: int,
) -> list[NDArray]:
    """Apply a function to `size` snapshots at a time, and concatenate its results."""
    count = len(next(iter(snapshots.values())))
    results = [
        means_of({name: p[block] for name, p in snapshots.items()}) for block in blocks(count, size)
    ]
    return [np.concatenate(of_blocks) for of_blocks in zip(*results, strict=True)]


def norms(gradients: Iterable[NDArray]) -> NDArray:
    """The norm of each snapshot's gradient over all parameters [M, *shape]."""
    return np.sqrt(sum(np.square(g).reshape(len(g), -1).sum(1) for g in gradients))


def block_size(snapshots: dict[str, NDArray], samples: int, outputs: int) -> int:
    """The number of snapshots whose widest layer has about `outputs` numbers on these samples."""
    widest = max(p.shape[1] for p in snapshots.values())
    return max(1, outputs // (samples * widest))
