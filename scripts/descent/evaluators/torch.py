"""torch: products that stack many snapshots and samples, on a GPU where there is one."""

from types import ModuleType

import torch
from numpy.typing import NDArray

from descent.evaluators._blocks import together
from descent.gpu.device import device as device
from descent.gpu.device import to_device, to_numpy
from descent.models._classification import CLASS_AXIS

NEEDS = ("torch",)
USES_GPU = True
LIBRARIES = ("numpy", "torch")

# 8192 samples, and so many snapshots that the outputs of their widest layer have about this many
# numbers, 270 MB in float32: 800 of a model with ten classes, 64 with 128 hidden units
BLOCK_SAMPLES, BLOCK_OUTPUTS = 8192, 2**26


def mean_loss_and_accuracy(
    net: ModuleType, snapshots: dict[str, NDArray], x: NDArray, scale: float, y: NDArray
) -> tuple[NDArray, NDArray]:
    """Mean loss and accuracy of every snapshot."""
    samples = to_device(x).split(BLOCK_SAMPLES)
    labels = to_device(y).split(BLOCK_SAMPLES)
    sums = []
    count = together(snapshots, BLOCK_SAMPLES, BLOCK_OUTPUTS)
    for start in range(0, len(next(iter(snapshots.values()))), count):
        some = slice(start, start + count)
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
    each = net.torch_losses(outputs, y), outputs.argmax(CLASS_AXIS) == y  # of classes; else unused
    return torch.stack([of_samples.double().sum(-1) for of_samples in each])
