"""The affine map of a layer: z = A x + b, and its gradient."""

from numpy.typing import NDArray

from descent.models._layer import Layer


def layers(features: int, outputs: int) -> dict[str, Layer]:
    """A [outputs, features] and b [outputs]."""
    return {"A": Layer((outputs, features), features), "b": Layer((outputs,), features)}


def scores(parameters, x):
    """z = A xᵀ + b, [..., outputs, n], in NumPy or torch; b is optional.

    If all stacked parameters share the samples, one matrix product serves the whole stack.
    """
    A = parameters["A"]
    if x.ndim == 2:
        z = (A.reshape(-1, A.shape[-1]) @ x.T).reshape(*A.shape[:-1], len(x))
    else:
        z = A @ x.swapaxes(-1, -2)
    return z + parameters["b"][..., None] if "b" in parameters else z


def gradient(dz: NDArray, x: NDArray) -> dict[str, NDArray]:
    """Gradient of the mean over samples, from the gradient dz [..., outputs, n] of each sample.

        ∂/∂A = dz x / n,  ∂/∂b = Σ dz / n

    As in `scores`, shared samples need only one matrix product.
    """
    dz = dz / dz.shape[-1]
    if x.ndim == 2:
        dA = (dz.reshape(-1, dz.shape[-1]) @ x).reshape(*dz.shape[:-1], x.shape[-1])
    else:
        dA = dz @ x
    return {"A": dA, "b": dz.sum(-1)}
