"""Functions shared by classifiers: the axis of the classes, and cross-entropy as the loss."""

from numpy.typing import NDArray

from descent.functions import cross_entropy
from descent.models._layer import OUTPUT_AXIS

CLASS_AXIS = OUTPUT_AXIS


def losses(z: NDArray, y: NDArray) -> NDArray:
    """Cross-entropy of each sample, [..., classes, n] -> [..., n]."""
    return cross_entropy(z, y, CLASS_AXIS)


def torch_losses(z, y):
    """The same in torch, for R models: z [R, classes, n], y [R, n] or [n] -> [R, n]."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(z, y.expand(len(z), -1), reduction="none")
