"""Update rules, one per file: the equation of a step on one array.

An update rule file defines one function,

    update(p, g, step_size, …)   the parameter p after a step with g, its gradient of the objective

Further arguments without a default are the state of the rule, arrays with the shape of p that are
zero at first, except for t, the number of the step 1, 2, …. Arguments with a default are options,
which an optimizer in config.yaml may set: numbers in [0, 1), or > 0 if the default is at least 1.0.
The function returns the new p or, if there is state, a tuple of p and the state, as new arrays.

A rule that is linear in p, g and its state may define limit(options), the largest α λ_max for which
full batches converge on a quadratic; theory then covers the rule. A rule may declare LINEAR = True
if a step from p with gradient g + λ p equals a step from (1 - α λ) p with gradient g.

The function may use only + - * / ** abs() and comparisons, which work on both NumPy arrays and
torch tensors, and must work in float32 and for g = 0. The engines loop over the parameters, add λ p
to the gradient and count the steps.
"""
