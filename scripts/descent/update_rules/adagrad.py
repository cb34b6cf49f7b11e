"""Adagrad: a step size per coordinate, which decreases with the sum of its squared gradients g.

    s ← s + g²,  p ← p - α g / (√s + ε)

Duchi, Hazan and Singer, Adaptive subgradient methods, 2011; as torch.optim.Adagrad.
"""


def update(p, g, step_size, s, epsilon=1e-10):
    """One step, scaled by the sum s of squared gradients."""
    s = s + g**2
    return p - step_size * g / (s**0.5 + epsilon), s
