"""torch: products that stack many snapshots and samples, on a GPU where there is one."""

from types import ModuleType

import torch
from numpy.typing import NDArray

from descent.evaluators._blocks import stacked
from descent.gpu.device import device as device
from descent.gpu.device import to_device, to_numpy
from descent.models._classification import CLASS_AXIS

NEEDS = ("torch",)
USES_GPU = True
LIBRARIES = ("numpy", "torch")

# 8192 samples, and so many snapshots that the outputs of their widest layer have about this many
# numbers, 270 MB in float32: 800 of a model with ten classes, 64 with 128 hidden units
BLOCK_SAMPLES, BLOCK_OUTPUTS = 8192, 2**26


def means(
    net: ModuleType,
    snapshots: dict[str, NDArray],
    x: NDArray,
    scale: float,
    y: NDArray,
    l2: float | None = None,
) -> list[NDArray]:
    """Mean loss, accuracy, and, where λ is given, the gradient's norm, of every snapshot."""
    samples = to_device(x).split(BLOCK_SAMPLES)
    targets = to_device(y).split(BLOCK_SAMPLES)

    def means_of(some: dict[str, NDArray]) -> list[NDArray]:
        parameters = {name: to_device(p) for name, p in some.items()}
        return _means(net, parameters, samples, scale, targets, l2)

    return stacked(means_of, snapshots, BLOCK_SAMPLES, BLOCK_OUTPUTS)


def _means(net, parameters, samples, scale, targets, l2):
    dtype = next(iter(parameters.values())).dtype
    count = sum(map(len, targets))
    totals, gradient = 0, dict.fromkeys(parameters, 0)
    for x, y in zip(samples, targets, strict=True):
        with torch.set_grad_enabled(l2 is not None):
            leaves = {
                name: p.detach().requires_grad_(l2 is not None) for name, p in parameters.items()
            }
            z = net.torch_scores(leaves, x.to(dtype) / scale)
            losses = net.torch_losses(z, y)
        if l2 is not None:  # snapshots are independent: the gradient of their sum is that of each
            of_block = torch.autograd.grad(losses.sum() / count, leaves.values())
            gradient = {n: gradient[n] + g.double() for n, g in zip(leaves, of_block, strict=True)}
        correct = z.argmax(CLASS_AXIS) == y  # of classes; else unused
        totals = totals + torch.stack([e.detach().double().sum(-1) for e in (losses, correct)])
    found = list(to_numpy(totals / count))
    if l2 is not None:
        squares = ((gradient[name] + l2 * p).square() for name, p in parameters.items())
        found.append(to_numpy(sum(each.flatten(1).sum(1) for each in squares).sqrt()))
    return found
