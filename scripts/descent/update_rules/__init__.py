"""A file an update rule: its equation on one array.

An update rule file gives one function,

    update(p, g, step_size, …)   a parameter p after a step against g, its gradient of the objective

What else it takes, its signature says: arguments without a default are its state, arrays in the
shape of p that begin at zero, but for one called t, the number of the step 1, 2, …; arguments with
a default are its options, which an optimizer of config.yaml may set: numbers in [0, 1) or, where
the default is at least 1.0, > 0. It returns p, and behind it the state if there is one, as new
arrays.

A rule that is linear in p, g and its state gives limit(options), α λ_max up to which full batches
settle on a quadratic; theory then follows it. A rule whose step from p against g + λ p is one from
(1 - α λ) p against g declares LINEAR = True.

Written with + - * / ** abs() and comparisons alone, which arrays of NumPy and tensors of torch
share, in float32, too; g may be 0. The engines loop over the parameters, add λ p to the gradient
and count the steps.
"""
