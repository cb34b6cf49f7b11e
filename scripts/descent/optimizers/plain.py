"""Plain gradient step with a fixed step size α.

    p ← p - α ∂objective/∂p

At batch size 1 this is stochastic gradient descent, on the full batch gradient descent
(Cauchy 1847; Robbins and Monro 1951).
"""


def init(parameters):
    """No state."""
    return ()


def update(parameters, gradient, state, step_size):
    """One step against the gradient."""
    return {name: p - step_size * gradient[name] for name, p in parameters.items()}, state
