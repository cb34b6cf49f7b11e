"""The effect of a schedule on the best step size, from a bound for convex objectives.

Stochastic subgradient descent x_{t+1} = x_t - γ η_t g_t on a convex objective, with subgradients of
norm at most G and a start x_1 at distance D from a minimiser, satisfies

    E f(x_T) - f* ≤ D² a / γ + G² b γ,   a = 1 / (2 Σ η_t),
    2 b = Σ η_t² / Σ η_t + Σ_{k<T} η_k (Σ_{t≥k} η_t²) / (Σ_{t>k} η_t  Σ_{t≥k} η_t)

(Defazio et al. 2023, arXiv 2310.07831; Schaipp et al. 2025, arXiv 2501.18965). The bound is minimal
at γ = (D / G) √(a / b); in the ratio of two schedules D and G cancel.
"""

import numpy as np
from numpy.typing import NDArray


def best_step_size(factors: NDArray) -> float:
    """√(a / b), the best γ in units of D / G; factors: η_1 … η_T ≥ 0, at least one above 0."""
    factors = np.trim_zeros(factors, "b")  # steps of size zero at the end change nothing
    sums = np.cumsum(factors[::-1])[::-1]
    squares = np.cumsum(np.square(factors[::-1]))[::-1]
    a = 1 / (2 * sums[0])
    later = factors[:-1] * squares[:-1] / (sums[1:] * sums[:-1])
    b = (squares[0] / sums[0] + later.sum()) / 2
    return float(np.sqrt(a / b))
