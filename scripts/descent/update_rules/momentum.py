"""Momentum, the heavy ball: a velocity v accumulates the gradients g.

    v ← μ v + g,  p ← p - α v

Polyak, Some methods of speeding up the convergence of iteration methods, 1964; as
torch.optim.SGD(momentum=μ) defines it.
"""


def limit(momentum=0.9):
    """The largest α λ_max for which full batches converge on a quadratic (Polyak 1964): both roots
    of z² - (1 + μ - α h) z + μ have |z| ≤ 1."""
    return 2 * (1 + momentum)


def update(p, g, step_size, v, momentum=0.9):
    """One step along the velocity."""
    v = momentum * v + g
    return p - step_size * v, v
