"""Linear update rules, such as momentum, near the minimiser.

Near w* the objective is quadratic. Along an eigenvector of curvature h, the state s = (p, v, …) of
a rule, with p measured from w*, follows

    s ← M s + c ξ,   M s = update(p, h p, α, v, …),   c = update(0, 1, α, 0, …)

where ξ is the noise of the gradient. M and c are read off from the rule's update function, so this
works for every rule that is linear in p, g and its state.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator, eigs

from descent.plugins import state_of
from descent.theory.spectrum import Spectrum
from descent.theory.stability import FLAT, SecondMoments

Update = Callable  # an update rule with its options: p, g, step size and state to p and state


def iterated_from_start(
    update: Update, start: Spectrum, step_size: float, steps: ArrayLike
) -> NDArray:
    """½ Σ h p_t², the expected F - F* of full batches after the given numbers of steps [S]."""
    steps = np.asarray(steps)
    state = [np.ones_like(start.curvature), *(0 * start.curvature for _ in state_of(update))]
    excess, done = np.empty(len(steps)), 0
    for position, step in enumerate(steps):
        for _ in range(step - done):
            state = _step(update, start.curvature * state[0], step_size, state)
        done = step
        excess[position] = state[0] ** 2 @ (start.curvature * start.weight / 2)
    return excess


def limit(
    update: Update, moments: SecondMoments, batch_size: int, full_batch_limit: float
) -> float:
    """The step size up to which second moments stay bounded with batches of this size.

    Let Σ be the second moments of p. The differences between the samples' Hessians add noise with
    covariance N(Σ) = (E H_iΣH_i - HΣH) / B to the gradient. The rule turns noise with covariance N
    into second moments R∘N, where R_ij = Σ_t p_t(h_i) p_t(h_j) for one impulse of noise. Second
    moments stay bounded as long as the spectral radius of Σ ↦ R∘N(Σ) is below 1.
    """
    h = moments.curvatures
    curved = h > FLAT * h.max()  # iterates do not move in flat directions

    def growth(step_size: float) -> float:
        """The spectral radius minus 1."""
        R = np.zeros((h.size, h.size))
        R[np.ix_(curved, curved)] = responses(update, h[curved], step_size)

        def feedback(flat: NDArray) -> NDArray:
            S = flat.reshape(R.shape)
            return (R * (moments.single(S) - h[:, None] * S * h)).ravel() / batch_size

        if h.size <= 2:  # ARPACK needs larger matrices
            return np.abs(np.linalg.eigvals([feedback(S) for S in np.eye(R.size)])).max() - 1
        operator = LinearOperator((R.size, R.size), matvec=feedback, dtype=np.float64)
        return abs(eigs(operator, 1, v0=np.eye(h.size).ravel(), return_eigenvectors=False)[0]) - 1

    high = (1 - 1e-9) * full_batch_limit
    if growth(high) <= 0:  # all samples have the same Hessian
        return full_batch_limit
    return brentq(growth, 1e-6 * full_batch_limit, high, xtol=1e-9 * full_batch_limit)


def responses(update: Update, curvature: NDArray, step_size: float) -> NDArray:
    """R [K, K]: Σ_t p_t(h_i) p_t(h_j) after a gradient of 1 at w*, for each pair of curvatures.

    R_ij is the first entry of S = Σ_t s_t(h_i) s_t(h_j)ᵀ, which solves S = c cᵀ + M_i S M_jᵀ.
    """
    M, c = matrices(update, curvature, step_size)
    size = M.shape[1]
    kronecker = np.einsum("iab,jcd->ijacbd", M, M).reshape(*[len(M)] * 2, size**2, size**2)
    impulse = np.broadcast_to(np.outer(c, c).reshape(-1, 1), (*kronecker.shape[:3], 1))
    return np.linalg.solve(np.eye(size**2) - kronecker, impulse)[..., 0, 0]


def matrices(update: Update, curvature: NDArray, step_size: float) -> tuple[NDArray, NDArray]:
    """M of each curvature, [K, m, m], and c [m]."""
    size = 1 + len(state_of(update))
    columns = []
    for unit in np.eye(size):
        state = [entry * np.ones_like(curvature) for entry in unit]
        columns.append(np.stack(_step(update, curvature * state[0], step_size, state), -1))
    impulse = _step(update, np.ones(1), step_size, [np.zeros(1)] * size)
    return np.stack(columns, -1), np.concatenate(impulse)


def _step(update: Update, gradient: NDArray, step_size: float, state: list) -> list[NDArray]:
    after = update(state[0], gradient, step_size, *state[1:])
    return [*after] if isinstance(after, tuple) else [after]
