"""Adagrad: each number has a step size of its own, which shrinks with the gradients g it has seen.

    s ← s + g²,  p ← p - α g / (√s + ε)

Duchi, Hazan and Singer, Adaptive subgradient methods, 2011; as torch.optim.Adagrad.
"""


def update(p, g, step_size, s, epsilon=1e-10):
    """One step, scaled by the sum s of the squared gradients."""
    s = s + g**2
    return p - step_size * g / (s**0.5 + epsilon), s
