"""Plain gradient step with a fixed step size α.

    p ← p - α g

At batch size 1 this is stochastic gradient descent, on the full batch gradient descent
(Cauchy 1847; Robbins and Monro 1951).
"""

LINEAR = True  # a step from p against g + λ p is one from (1 - α λ) p against g


def limit():
    """α λ_max up to which full batches settle on a quadratic: |1 - α h| ≤ 1."""
    return 2.0


def update(p, g, step_size):
    """One step against the gradient."""
    return p - step_size * g
