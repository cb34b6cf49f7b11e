"""Adam: momentum, scaled as in RMSprop, with bias correction for the start at zero.

    m ← β₁ m + (1 - β₁) g,  s ← β₂ s + (1 - β₂) g²
    p ← p - α m̂ / (√ŝ + ε),  m̂ = m / (1 - β₁ᵗ),  ŝ = s / (1 - β₂ᵗ)  in step t

Kingma and Ba, Adam: a method for stochastic optimization, 2015; as torch.optim.Adam.
"""


def update(p, g, step_size, t, m, s, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """One step t along the moving average m, scaled by the moving average s."""
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    first, second = step_size / (1 - beta1**t), (1 - beta2**t) ** 0.5
    return p - first * m / (s**0.5 / second + epsilon), m, s
