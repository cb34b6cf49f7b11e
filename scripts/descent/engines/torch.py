"""torch: gradients by autograd, on a GPU where there is one. The reference of the others."""

import os
from collections.abc import Callable

import numpy as np
import torch

from descent.data import Data
from descent.engines._descent import descend, initial
from descent.iterates import Iterates
from descent.run import Run, model

NEEDS = "torch_loss"

os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # CUDA's matrix products, deterministic
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True, warn_only=True)


def device() -> str:
    """Where it computes."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def versions() -> dict[str, str]:
    """Of the libraries that compute."""
    cuda = {"cuda": torch.version.cuda} if torch.cuda.is_available() else {}
    return {"numpy": np.__version__, "torch": torch.__version__, **cuda}


def train(run: Run, data: Data, progress: Callable[[int], object]) -> Iterates:
    """The iterates of a run."""
    where = "cuda" if torch.cuda.is_available() else "cpu"
    net = model(run.model)
    x = torch.from_numpy(data.inputs(data.x_train, run.dtype)).to(where)
    y = torch.from_numpy(data.y_train).to(where)
    start = initial(run, net.layers(x.shape[1], data.outputs))
    parameters = {name: torch.from_numpy(p).to(where).requires_grad_() for name, p in start.items()}

    def gradient(parameters, batch):
        for p in parameters.values():
            if p.grad is not None:
                p.grad.zero_()
        with torch.enable_grad():
            # seeds are independent: the gradient of their sum is the gradient of each
            objective = net.torch_loss(parameters, x[batch], y[batch]).sum()
            if run.l2:
                objective += run.l2 / 2 * sum(p.square().sum() for p in parameters.values())
        objective.backward()
        return {name: p.grad for name, p in parameters.items()}

    with torch.no_grad():
        return descend(run, parameters, len(x), gradient, lambda p: p.numpy(force=True), progress)
