"""Momentum, the heavy ball: a velocity v remembers the gradients g before.

    v ← μ v + g,  p ← p - α v

Polyak, Some methods of speeding up the convergence of iteration methods, 1964; as
torch.optim.SGD(momentum=μ) defines it.
"""


def update(p, g, step_size, v, momentum=0.9):
    """One step along the velocity."""
    v = momentum * v + g
    return p - step_size * v, v
