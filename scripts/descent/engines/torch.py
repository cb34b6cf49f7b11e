"""Engine in torch, the reference for the others: gradients by autograd, on a GPU if available."""

from collections.abc import Callable

import torch

from descent.engines._descent import Library, descend, initial
from descent.plugins import plugin
from descent.run import Run
from descent.store.data import Data
from descent.store.iterates import Iterates
from descent.torch_device import device as device
from descent.torch_device import in_double, to_device, to_numpy

LIBRARIES = ("numpy", "torch")

TORCH = Library(to_numpy, in_double)


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """Train one run and return its iterates."""
    net = plugin("models", run.model)
    x = to_device(data.inputs(data.x_train, run.dtype))
    y = to_device(data.targets(data.y_train, run.dtype))
    start = initial(run, net, data)
    parameters = {name: to_device(p).requires_grad_() for name, p in start.items()}

    def gradient(parameters, batch):
        for p in parameters.values():
            if p.grad is not None:
                p.grad.zero_()
        with torch.enable_grad():
            # seeds are independent: the gradient of their sum is the gradient of each
            losses = net.torch_losses(net.torch_scores(parameters, x[batch]), y[batch])
            losses.mean(-1).sum().backward()
        return losses.mean(-1, dtype=torch.float64), {n: p.grad for n, p in parameters.items()}

    with torch.no_grad():
        return descend(run, parameters, len(x), gradient, TORCH, progress)
