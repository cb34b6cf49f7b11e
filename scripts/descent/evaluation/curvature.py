"""The largest eigenvalue of the Hessian along a path, for every model, by autograd in float64."""

from collections.abc import Mapping
from functools import partial
from types import ModuleType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from descent.run import FULL
from descent.store.data import Data
from descent.store.iterates import Iterates
from descent.theory.spectrum import largest

PRECISION = 1e-3  # relative, of an eigenvalue


def columns(run: Iterates, data: Data, model: ModuleType, samples: int) -> dict[str, NDArray]:
    """The curvature and its standard error at every evaluated step of a full-batch run, from the
    first `samples` training samples; nan for mini-batches and averages."""
    if run.provenance["batch_size"] != FULL or run.rises is None:
        missing = np.full(len(run.seed) * len(run.step), np.nan)
        return {"curvature": missing, "curvature_error": missing}
    training = data.without_validation(run.provenance["validation"])
    x = training.inputs(training.x_train[:samples], "float64")
    y = training.targets(training.y_train[:samples], "float64")
    paths = [{name: p[i] for name, p in run.parameters.items()} for i in range(len(run.seed))]
    found = [curvature(model, path, x, y, run.provenance["l2"]) for path in paths]
    value, error = map(np.concatenate, zip(*found, strict=True))
    return {"curvature": value, "curvature_error": error}


def curvature(
    model: ModuleType, path: Mapping[str, NDArray], x: NDArray, y: NDArray, l2: float
) -> tuple[NDArray, NDArray]:
    """λ_max(H) at each point of a path {name: [S, *shape]}, and its standard error, [S].

    H is the Hessian of mean loss + λ/2 ‖w‖² over samples x [n, features], y [n]. The error is that
    of sampling: the standard deviation of vᵀ H_i v divided by √n, where v is the eigenvector. Both
    are nan at points that are not finite. Each search starts at the previous eigenvector.
    """
    x, y = torch.tensor(x, dtype=torch.float64), torch.tensor(y)
    found, vector = [], None
    for i in range(len(next(iter(path.values())))):
        point = {name: torch.tensor(p[[i]], dtype=torch.float64) for name, p in path.items()}
        if not all(p.isfinite().all() for p in point.values()):
            found.append((np.nan, np.nan))
            continue
        weights = [p.requires_grad_() for p in point.values()]
        (losses,) = model.torch_losses(model.torch_scores(point, x), y)
        squares = sum(p.square().sum() for p in weights)
        gradient = _gradient(losses.mean() + l2 / 2 * squares, weights)
        top = largest(partial(_products, gradient, weights), len(gradient), vector, PRECISION)
        vector = top.vector
        second = _along(_along(losses, weights, vector), weights, vector).detach()
        found.append((top.value, second.std().item() / len(second) ** 0.5))
    value, error = np.array(found).T
    return value, error


def _gradient(of: Tensor, weights: list[Tensor], along: Tensor | None = None) -> Tensor:
    """The gradient of a scalar, or of values · along, as one differentiable vector."""
    options = {"create_graph": True, "materialize_grads": True}
    return torch.cat([g.ravel() for g in torch.autograd.grad(of, weights, along, **options)])


def _products(gradient: Tensor, weights: list[Tensor], vectors: NDArray) -> NDArray:
    """H v = ∇(∇F · v) for vectors [k, size]."""
    return np.array(
        [_gradient(gradient, weights, torch.tensor(v)).detach().numpy() for v in vectors]
    )


def _along(values: Tensor, weights: list[Tensor], vector: NDArray) -> Tensor:
    """The directional derivatives J v of values [n] along a vector v: ∂(uᵀ J v)/∂u."""
    u = torch.ones_like(values, requires_grad=True)
    product = _gradient(values, weights, u) @ torch.tensor(vector)
    (derivatives,) = torch.autograd.grad(product, u, create_graph=True, materialize_grads=True)
    return derivatives
