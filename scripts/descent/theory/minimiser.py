"""The minimiser w* of a strongly convex objective, by Newton's method, with a certificate."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from descent.errors import InputError
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.minimiser import Minimiser
from descent.theory.objective import Objective, Point

TIED = 1e-12  # of the largest eigenvalue of a quadratic: smaller ones are zero, by rounding
SMALL = 1e-11  # ‖∇F‖ at which Newton's method ends
UNSEEN = 1e-10  # a fall of F, which rounding may hide
MOST_STEPS, MOST_PRODUCTS = 60, 1000  # of Newton's method, and of conjugate gradients in each


def objective_of(
    data: Data, model: str, model_options: Mapping[str, Any], l2: float, validation: int
) -> Objective:
    """The objective of runs with these keys, on the samples that they train on."""
    file, training = plugin("models", model), data.without_validation(validation)
    layers = file.layers(training.x_train.shape[1], training.outputs, **model_options)
    return Objective.of(file, training, l2, layers)


def minimiser_of(
    data: Data, model: str, model_options: Mapping[str, Any], l2: float, validation: int
) -> Minimiser:
    """A and b that minimise it, in closed form where the model has one."""
    objective = objective_of(data, model, model_options, l2, validation)
    if not hasattr(objective.model, "optimum"):
        return Minimiser(objective.parameters(minimise(objective).w), unique=True)
    training = data.without_validation(validation)
    x = training.inputs(training.x_train, "float64")
    optimum = objective.model.optimum(x, training.y_train, l2, **model_options)
    curvature, _ = objective.moments
    return Minimiser(optimum, unique=bool(l2 > 0 or curvature[0] > TIED * curvature[-1]))


def minimise(objective: Objective) -> Point:
    """w* of F, from zero.

    A step solves H s = -∇F by conjugate gradients, as well as ‖∇F‖ is small (Dembo, Eisenstat,
    Steihaug 1982), and is halved until F falls by a ten-thousandth of what its slope promises.
    Raises InputError where that does not end.
    """
    point = objective.at(np.zeros(objective.shape))
    for _ in range(MOST_STEPS):
        norm = np.linalg.norm(point.gradient)
        if norm <= max(SMALL, point.rounding):
            return point
        # the last step but one makes the last one easy
        precision = np.clip(norm, 0.3 * SMALL / norm, 0.1)
        step = _solve(point, -point.gradient.ravel(), precision)
        point = _walk(point, step.reshape(objective.shape))
    found = f"‖∇F‖ = {np.linalg.norm(point.gradient):.1g} after {MOST_STEPS} steps"
    raise InputError(f"Newton's method found no minimiser: {found} of at most {SMALL:g}")


def _walk(point: Point, step: NDArray) -> Point:
    """The point after the step, or after as many halves of it as F asks for; after the step where
    the fall that it promises is too small for F to show."""
    slope, length = (point.gradient * step).sum(), 1.0
    unseen = -slope <= UNSEEN * (1 + abs(point.value))
    while True:
        new = point.objective.at(point.w + length * step)
        if unseen or new.value <= point.value + 1e-4 * length * slope or length < 1e-9:
            return new
        length /= 2


def _solve(point: Point, b: NDArray, precision: float) -> NDArray:
    """s with ‖H s - b‖ ≤ precision ‖b‖, by preconditioned conjugate gradients."""
    size = len(b)
    hessian = LinearOperator((size, size), lambda v: point.hessian(v.reshape(1, -1))[0])
    inverse = LinearOperator((size, size), _preconditioner(point))
    s, _ = cg(hessian, b, rtol=precision, maxiter=MOST_PRODUCTS, M=inverse)
    return s


def _preconditioner(point: Point) -> Callable[[NDArray], NDArray]:
    """(S ⊗ G + λ)⁻¹, of a product that resembles H: the mean S of the M_i, and their
    second moments G = X̃ᵀX̃/n (Kronecker factors, Martens and Grosse 2015)."""
    (s, of_s), (g, of_g) = point.mean_score_hessian, point.objective.moments
    spectrum = np.outer(s, g) + point.objective.l2
    spectrum = np.maximum(spectrum, 1e-12 * spectrum.max())

    def product(v: NDArray) -> NDArray:
        return (of_s @ ((of_s.T @ v.reshape(spectrum.shape) @ of_g) / spectrum) @ of_g.T).ravel()

    return product


def certificate(point: Point, strong: float) -> dict[str, float | None]:
    """How far a point is from w* at most, where F is strongly convex, H ≥ μ > 0 everywhere.

    F - F* ≤ ‖∇F‖² / (2 μ),   ‖w - w*‖ ≤ ‖∇F‖ / μ,   with what rounding may add to ‖∇F‖
    """
    norm = float(np.linalg.norm(point.gradient))
    most = norm + point.rounding
    return {
        "gradient_norm": norm,
        "gradient_rounding": point.rounding,
        "excess_bound": most**2 / (2 * strong) if strong else None,
        "distance_bound": most / strong if strong else None,
    }
