"""How the evaluators go through snapshots and samples, block by block."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def blocks(count: int, size: int) -> Iterator[slice]:
    """0 … count - 1 in blocks of a size."""
    return (slice(start, start + size) for start in range(0, count, size))


def stacked(
    means_of: Callable[[dict[str, NDArray]], Sequence[NDArray]],
    snapshots: dict[str, NDArray],
    size: int,
) -> list[NDArray]:
    """What a function gives of all snapshots, so many at a time."""
    count = len(next(iter(snapshots.values())))
    each = [
        means_of({name: p[some] for name, p in snapshots.items()}) for some in blocks(count, size)
    ]
    return [np.concatenate(of_blocks) for of_blocks in zip(*each, strict=True)]


def norms(gradients: Iterable[NDArray]) -> NDArray:
    """The norm of the gradient of each snapshot, of all its parameters [M, *shape] together."""
    return np.sqrt(sum(np.square(g).reshape(len(g), -1).sum(1) for g in gradients))


def together(snapshots: dict[str, NDArray], samples: int, outputs: int) -> int:
    """So many that the outputs of their widest layer on the samples are about this many numbers."""
    widest = max(p.shape[1] for p in snapshots.values())
    return max(1, outputs // (samples * widest))
