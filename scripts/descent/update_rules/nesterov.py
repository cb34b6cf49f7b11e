"""Nesterov momentum: the step looks ahead along the velocity v, after the gradient g is added.

    v ← μ v + g,  p ← p - α (g + μ v)

Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983, in
the form of torch.optim.SGD(momentum=μ, nesterov=True).
"""


def limit(momentum=0.9):
    """α λ_max up to which full batches settle on a quadratic: |z| ≤ 1 for
    z² - (1 + μ) (1 - α h) z + μ (1 - α h).
    """
    return 2 * (1 + momentum) / (1 + 2 * momentum)


def update(p, g, step_size, v, momentum=0.9):
    """One step along the velocity ahead."""
    v = momentum * v + g
    return p - step_size * (g + momentum * v), v
