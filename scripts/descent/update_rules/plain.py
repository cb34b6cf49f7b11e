"""The plain gradient step.

    p ← p - α g

With batch size 1 this is stochastic gradient descent (Robbins and Monro 1951), with full batches
gradient descent (Cauchy 1847).
"""

LINEAR = True  # a step from p with gradient g + λ p equals one from (1 - α λ) p with gradient g


def limit():
    """The largest α λ_max for which full batches converge on a quadratic: |1 - α h| ≤ 1."""
    return 2.0


def update(p, g, step_size):
    """One step against the gradient."""
    return p - step_size * g
