"""Momentum, the heavy ball: a velocity v remembers the gradients g before.

    v ← μ v + g,  p ← p - α v

Polyak, Some methods of speeding up the convergence of iteration methods, 1964; as
torch.optim.SGD(momentum=μ) defines it.
"""

from descent.optimizers._state import zeros_like

OPTIONS = {"momentum": 0.9}

init = zeros_like


def update(parameters, gradient, state, step_size, momentum=0.9):
    """One step along the velocity; state: the velocity of each parameter."""
    velocity = {name: momentum * v + gradient[name] for name, v in state.items()}
    return {name: p - step_size * velocity[name] for name, p in parameters.items()}, velocity
