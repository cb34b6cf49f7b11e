"""RMSprop: the step is scaled by a moving average s of the squared gradients g².

    s ← ρ s + (1 - ρ) g²,  p ← p - α g / (√s + ε)

Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning, 2012; as
torch.optim.RMSprop.
"""


def update(p, g, step_size, s, decay=0.99, epsilon=1e-8):
    """One step, scaled by the moving average s."""
    s = decay * s + (1 - decay) * g**2
    return p - step_size * g / (s**0.5 + epsilon), s
