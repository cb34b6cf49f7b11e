"""Momentum, the heavy ball: a velocity v remembers the gradients g before.

    v ← μ v + g,  p ← p - α v

Polyak, Some methods of speeding up the convergence of iteration methods, 1964; as
torch.optim.SGD(momentum=μ) defines it.
"""


def limit(momentum=0.9):
    """α λ_max up to which full batches settle on a quadratic: |z| ≤ 1 for z² - (1 + μ - α h) z + μ.

    Polyak 1964.
    """
    return 2 * (1 + momentum)


def update(p, g, step_size, v, momentum=0.9):
    """One step along the velocity."""
    v = momentum * v + g
    return p - step_size * v, v
