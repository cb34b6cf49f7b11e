"""How the evaluators go through snapshots and samples, block by block."""

from collections.abc import Iterator

from numpy.typing import NDArray


def blocks(count: int, size: int) -> Iterator[slice]:
    """0 … count - 1 in blocks of a size."""
    return (slice(start, start + size) for start in range(0, count, size))


def together(snapshots: dict[str, NDArray], samples: int, outputs: int) -> int:
    """So many that the outputs of their widest layer on the samples are about this many numbers."""
    widest = max(p.shape[1] for p in snapshots.values())
    return max(1, outputs // (samples * widest))
