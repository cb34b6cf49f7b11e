"""RMSprop: the step is scaled by a moving average s of the squared gradients g².

    s ← ρ s + (1 - ρ) g²,  p ← p - α g / (√s + ε)

Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning, 2012; as
torch.optim.RMSprop.
"""

from descent.optimizers._state import zeros_like

OPTIONS = {"decay": 0.99, "epsilon": 1e-8}

init = zeros_like


def update(parameters, gradient, state, step_size, decay=0.99, epsilon=1e-8):
    """One step; state: the moving average s of each parameter."""
    squares = {name: decay * s + (1 - decay) * gradient[name] ** 2 for name, s in state.items()}
    moved = {
        name: p - step_size * gradient[name] / (squares[name] ** 0.5 + epsilon)
        for name, p in parameters.items()
    }
    return moved, squares
