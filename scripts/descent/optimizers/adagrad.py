"""Adagrad: each number has a step size of its own, which shrinks with the gradients g it has seen.

    s ← s + g²,  p ← p - α g / (√s + ε)

Duchi, Hazan and Singer, Adaptive subgradient methods, 2011; as torch.optim.Adagrad.
"""

from descent.optimizers._state import zeros_like

OPTIONS = {"epsilon": 1e-10}

init = zeros_like


def update(parameters, gradient, state, step_size, epsilon=1e-10):
    """One step; state: the sum s of the squared gradients of each parameter."""
    squares = {name: s + gradient[name] ** 2 for name, s in state.items()}
    moved = {
        name: p - step_size * gradient[name] / (squares[name] ** 0.5 + epsilon)
        for name, p in parameters.items()
    }
    return moved, squares
