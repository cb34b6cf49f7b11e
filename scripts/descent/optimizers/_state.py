"""The state that most update rules begin with."""


def zeros_like(parameters):
    """Zeros in the shape of every parameter."""
    return {name: 0 * p for name, p in parameters.items()}
