"""Nesterov momentum: the step looks ahead along the velocity v, after the gradient g is added.

    v ← μ v + g,  p ← p - α (g + μ v)

Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983, in
the form of torch.optim.SGD(momentum=μ, nesterov=True).
"""


def update(p, g, step_size, v, momentum=0.9):
    """One step along the velocity ahead."""
    v = momentum * v + g
    return p - step_size * (g + momentum * v), v
