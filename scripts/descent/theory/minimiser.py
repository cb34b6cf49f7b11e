"""The minimiser w* of a strongly convex objective, by Newton's method, and its error bounds."""

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

RANK_TOLERANCE = 1e-12  # × the largest eigenvalue: smaller eigenvalues count as zero
GRADIENT_TOLERANCE = 1e-11  # ‖∇F‖ at which Newton's method stops
RESOLVED_DECREASE = 1e-10  # smaller relative decreases of F may be hidden by rounding
NEWTON_STEPS, CG_STEPS = 60, 1000  # at most; conjugate-gradient steps per Newton step


def objective_of(
    data: Data, model: str, model_options: Mapping[str, Any], l2: float, validation: int
) -> Objective:
    """The objective of runs with these keys, on their training samples."""
    file, training = plugin("models", model), data.without_validation(validation)
    layers = file.layers(training.x_train.shape[1], training.outputs, **model_options)
    return Objective.of(file, training, l2, layers)


def minimiser_of(
    data: Data, model: str, model_options: Mapping[str, Any], l2: float, validation: int
) -> Minimiser:
    """The minimiser of `objective_of`, in closed form if the model has one."""
    objective = objective_of(data, model, model_options, l2, validation)
    if not hasattr(objective.model, "optimum"):
        return Minimiser(objective.parameters(minimise(objective).w), unique=True)
    training = data.without_validation(validation)
    x = training.inputs(training.x_train, "float64")
    optimum = objective.model.optimum(x, training.y_train, l2, **model_options)
    curvature, _ = objective.moments
    return Minimiser(optimum, unique=bool(l2 > 0 or curvature[0] > RANK_TOLERANCE * curvature[-1]))


def minimise(objective: Objective) -> Point:
    """Return w* and F there, by Newton's method from zero.

    A step solves H s = -∇F by conjugate gradients to a relative precision of ‖∇F‖ (Dembo,
    Eisenstat, Steihaug 1982), followed by a backtracking line search. Raises InputError if it does
    not converge.
    """
    point = objective.at(np.zeros(objective.shape))
    for _ in range(NEWTON_STEPS):
        norm = np.linalg.norm(point.gradient)
        if norm <= max(GRADIENT_TOLERANCE, point.rounding):
            return point
        # the last step need not be more precise than the tolerance
        precision = np.clip(norm, 0.3 * GRADIENT_TOLERANCE / norm, 0.1)
        step = _solve(point, -point.gradient.ravel(), precision)
        point = _line_search(point, step.reshape(objective.shape))
    found = f"‖∇F‖ = {np.linalg.norm(point.gradient):.1g} after {NEWTON_STEPS} steps"
    allowed = f"at most {GRADIENT_TOLERANCE:g}"
    raise InputError(f"Newton's method did not converge: found {found}; allowed: {allowed}")


def _line_search(point: Point, step: NDArray) -> Point:
    """Halve the step until F decreases by 10⁻⁴ of the linear prediction (Armijo's condition).

    Accept the full step if rounding may hide the predicted decrease.
    """
    slope, length = (point.gradient * step).sum(), 1.0
    hidden = -slope <= RESOLVED_DECREASE * (1 + abs(point.value))
    while True:
        new = point.objective.at(point.w + length * step)
        if hidden or new.value <= point.value + 1e-4 * length * slope or length < 1e-9:
            return new
        length /= 2


def _solve(point: Point, b: NDArray, precision: float) -> NDArray:
    """s with ‖H s - b‖ ≤ precision ‖b‖, by preconditioned conjugate gradients."""
    size = len(b)
    hessian = LinearOperator((size, size), lambda v: point.hessian(v.reshape(1, -1))[0])
    inverse = LinearOperator((size, size), _preconditioner(point))
    s, _ = cg(hessian, b, rtol=precision, maxiter=CG_STEPS, M=inverse)
    return s


def _preconditioner(point: Point) -> Callable[[NDArray], NDArray]:
    """(S ⊗ G + λ)⁻¹, where S ⊗ G approximates the Hessian of the loss: S is the mean of the score
    Hessians M_i, G = X̃ᵀX̃/n (Kronecker factors, Martens and Grosse 2015)."""
    (s, U), (g, Q) = point.mean_score_hessian, point.objective.moments
    spectrum = np.outer(s, g) + point.objective.l2
    spectrum = np.maximum(spectrum, 1e-12 * spectrum.max())

    def product(v: NDArray) -> NDArray:
        return (U @ ((U.T @ v.reshape(spectrum.shape) @ Q) / spectrum) @ Q.T).ravel()

    return product


def certificate(point: Point, strong_convexity: float) -> dict[str, float | None]:
    """Bounds of the error of a computed minimiser, by strong convexity: H ≥ μ > 0 everywhere.

    F - F* ≤ ‖∇F‖² / (2 μ),   ‖w - w*‖ ≤ ‖∇F‖ / μ,   where ‖∇F‖ includes its rounding error
    """
    norm, mu = float(np.linalg.norm(point.gradient)), strong_convexity
    upper = norm + point.rounding
    return {
        "gradient_norm": norm,
        "gradient_rounding": point.rounding,
        "excess_bound": upper**2 / (2 * mu) if mu else None,
        "distance_bound": upper / mu if mu else None,
    }
