"""Adam: momentum, scaled as in RMSprop, both corrected for having started at zero.

    m ← β₁ m + (1 - β₁) g,  s ← β₂ s + (1 - β₂) g²
    p ← p - α m̂ / (√ŝ + ε),  m̂ = m / (1 - β₁ᵗ),  ŝ = s / (1 - β₂ᵗ)  in step t

Kingma and Ba, Adam: a method for stochastic optimization, 2015; as torch.optim.Adam.
"""

from descent.optimizers._state import zeros_like

OPTIONS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def init(parameters):
    """The moving averages m and s of each parameter, and the number of steps made."""
    return zeros_like(parameters), zeros_like(parameters), 0


def update(parameters, gradient, state, step_size, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """One step."""
    mean, square, t = state
    mean = {name: beta1 * m + (1 - beta1) * gradient[name] for name, m in mean.items()}
    square = {name: beta2 * s + (1 - beta2) * gradient[name] ** 2 for name, s in square.items()}
    t += 1
    first, second = step_size / (1 - beta1**t), (1 - beta2**t) ** 0.5
    moved = {
        name: p - first * mean[name] / (square[name] ** 0.5 / second + epsilon)
        for name, p in parameters.items()
    }
    return moved, (mean, square, t)
