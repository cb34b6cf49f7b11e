"""Nesterov momentum: a step along the look-ahead velocity g + μ v.

    v ← μ v + g,  p ← p - α (g + μ v)

Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983, in
the form of torch.optim.SGD(momentum=μ, nesterov=True).
"""


def limit(momentum=0.9):
    """The largest α λ_max for which full batches converge on a quadratic: both roots of
    z² - (1 + μ) (1 - α h) z + μ (1 - α h) have |z| ≤ 1."""
    return 2 * (1 + momentum) / (1 + 2 * momentum)


def update(p, g, step_size, v, momentum=0.9):
    """One step along the look-ahead velocity."""
    v = momentum * v + g
    return p - step_size * (g + momentum * v), v
