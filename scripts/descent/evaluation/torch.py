"""torch: products that stack many snapshots and samples, on a GPU where there is one."""

from types import ModuleType

import torch
from numpy.typing import NDArray

from descent.evaluation._blocks import stacked, together
from descent.models._classification import CLASS_AXIS
from descent.torch_device import device as device
from descent.torch_device import to_device, to_numpy

LIBRARIES = ("numpy", "torch")

# 8192 samples, and so many snapshots that the outputs of their widest layer have about this many
# numbers, 17 MB in float32: 51 of a model with ten classes, 4 with 128 hidden units. Products of a
# gigaflop or more keep a GPU busy; and always so many, since products of other shapes round
# differently: the bytes of a snapshot do not depend on how many there are.
BLOCK_SAMPLES, BLOCK_OUTPUTS = 8192, 2**22


def means(
    net: ModuleType,
    snapshots: dict[str, NDArray],
    x: NDArray,
    scale: float,
    y: NDArray,
    l2: float | None = None,
) -> list[NDArray]:
    """Mean loss, accuracy, and, where λ is given, the gradient's norm, of every snapshot."""
    size = together(snapshots, BLOCK_SAMPLES, BLOCK_OUTPUTS)
    samples, targets = (to_device(of_all).split(BLOCK_SAMPLES) for of_all in (x, y))

    def means_of(some: dict[str, NDArray]) -> list[NDArray]:
        parameters = {name: _filled(to_device(p), size) for name, p in some.items()}
        count = len(next(iter(some.values())))
        return [m[:count] for m in _means(net, parameters, samples, scale, targets, l2)]

    return stacked(means_of, snapshots, size)


def _filled(p, size):
    """So many snapshots: zeros behind those that there are."""
    return torch.cat([p, p.new_zeros((size - len(p), *p.shape[1:]))])


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
