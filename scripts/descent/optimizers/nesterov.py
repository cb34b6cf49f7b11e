"""Nesterov momentum: the step looks ahead along the velocity v, after the gradient g is added.

    v ← μ v + g,  p ← p - α (g + μ v)

Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983, in
the form of torch.optim.SGD(momentum=μ, nesterov=True).
"""

from descent.optimizers._state import zeros_like

OPTIONS = {"momentum": 0.9}

init = zeros_like


def update(parameters, gradient, state, step_size, momentum=0.9):
    """One step; state: the velocity of each parameter."""
    velocity = {name: momentum * v + gradient[name] for name, v in state.items()}
    moved = {
        name: p - step_size * (gradient[name] + momentum * velocity[name])
        for name, p in parameters.items()
    }
    return moved, velocity
