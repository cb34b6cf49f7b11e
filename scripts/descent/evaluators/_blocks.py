"""How many snapshots an evaluator takes together."""

from numpy.typing import NDArray


def together(snapshots: dict[str, NDArray], samples: int, outputs: int) -> int:
    """So many that the outputs of their widest layer on the samples are about this many numbers."""
    widest = max(p.shape[1] for p in snapshots.values())
    return max(1, outputs // (samples * widest))
