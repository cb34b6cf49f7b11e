"""Evaluator in torch, on a GPU if there is one: matrix products over blocks of snapshots and
samples."""

from types import ModuleType

import torch
from numpy.typing import NDArray

from descent.evaluation._blocks import block_size, by_blocks
from descent.models._classification import CLASS_AXIS
from descent.torch_device import device as device
from descent.torch_device import to_device, to_numpy

LIBRARIES = ("numpy", "torch")

# Samples per block, and numbers in the widest layer's outputs (17 MB in float32), which set the
# number of snapshots per block: 51 of a model with ten classes, 4 with 128 hidden units. Matrix
# products of a gigaflop or more keep a GPU busy. Blocks are padded to this number of snapshots: the
# rounding of a product depends on its shape, and results must not depend on the number of snapshots
# of a run.
BLOCK_SAMPLES, BLOCK_OUTPUTS = 8192, 2**22


def means(
    net: ModuleType,
    snapshots: dict[str, NDArray],
    x: NDArray,
    scale: float,
    y: NDArray,
    l2: float | None = None,
) -> list[NDArray]:
    """Mean loss, accuracy and, if λ is given, gradient norm of every snapshot."""
    size = block_size(snapshots, BLOCK_SAMPLES, BLOCK_OUTPUTS)
    samples, targets = (to_device(array).split(BLOCK_SAMPLES) for array in (x, y))

    def means_of(block: dict[str, NDArray]) -> list[NDArray]:
        parameters = {name: _padded(to_device(p), size) for name, p in block.items()}
        count = len(next(iter(block.values())))
        return [m[:count] for m in _means(net, parameters, samples, scale, targets, l2)]

    return by_blocks(means_of, snapshots, size)


def _padded(p, size):
    """Snapshots padded with zeros to a number of `size`."""
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
        if l2 is not None:  # snapshots are independent: this is the gradient of each
            of_block = torch.autograd.grad(losses.sum() / count, leaves.values())
            gradient = {n: gradient[n] + g.double() for n, g in zip(leaves, of_block, strict=True)}
        correct = z.argmax(CLASS_AXIS) == y  # unused for a regression
        totals = totals + torch.stack([e.detach().double().sum(-1) for e in (losses, correct)])
    found = list(to_numpy(totals / count))
    if l2 is not None:
        squares = ((gradient[name] + l2 * p).square() for name, p in parameters.items())
        found.append(to_numpy(sum(each.flatten(1).sum(1) for each in squares).sqrt()))
    return found
