"""What classifiers share: where the classes are, and cross-entropy as their loss."""

from numpy.typing import NDArray

from descent.functions import cross_entropy
from descent.models._layer import OUTPUT_AXIS

CLASS_AXIS = OUTPUT_AXIS


def losses(z: NDArray, y: NDArray) -> NDArray:
    """Cross-entropy of each sample, [..., classes, n] -> [..., n]."""
    return cross_entropy(z, y, CLASS_AXIS)


def torch_losses(z, y):
    """The same in torch, of R models: z [R, classes, n], y [R, n] or [n] -> [R, n].

    torch.nn.functional.cross_entropy as torch.nn.CrossEntropyLoss calls it.
    """
    from torch.nn.functional import cross_entropy

    return cross_entropy(z, y.expand(len(z), -1), reduction="none")
