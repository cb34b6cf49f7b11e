"""torch: products that stack many snapshots and samples, on a GPU where there is one."""

from types import ModuleType

import torch
from numpy.typing import NDArray

from descent.gpu.device import to_device, to_numpy
from descent.models._classification import CLASSES

NEEDS = "torch_losses"
GPU = "optional"

# 64 snapshots × 8192 samples: 21 MB of scores with ten classes, 270 MB with 128 hidden units
BLOCK_SAMPLES, BLOCK_SNAPSHOTS = 8192, 64


def means(
    net: ModuleType, snapshots: dict[str, NDArray], x: NDArray, scale: float, y: NDArray
) -> tuple[NDArray, NDArray]:
    """Mean loss and accuracy of every snapshot."""
    samples = to_device(x).split(BLOCK_SAMPLES)
    labels = to_device(y).split(BLOCK_SAMPLES)
    sums = []
    for start in range(0, len(next(iter(snapshots.values()))), BLOCK_SNAPSHOTS):
        some = slice(start, start + BLOCK_SNAPSHOTS)
        parameters = {name: to_device(p[some]) for name, p in snapshots.items()}
        blocks = zip(samples, labels, strict=True)
        sums.append(sum(_sums(net, parameters, *block, scale) for block in blocks))
    loss, correct = to_numpy(torch.cat(sums, 1))
    return loss / len(x), correct / len(x)


@torch.no_grad()
def _sums(net: ModuleType, parameters: dict, x, y, scale: float):
    """Loss and correct predictions of each snapshot, summed over samples, [2, M] in float64."""
    dtype = next(iter(parameters.values())).dtype
    outputs = net.torch_outputs(parameters, x.to(dtype) / scale)
    each = net.torch_losses(outputs, y), outputs.argmax(CLASSES) == y  # of classes; else unused
    return torch.stack([of_samples.double().sum(-1) for of_samples in each])
