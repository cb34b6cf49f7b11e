"""A file a schedule: what the step size is multiplied by, from step to step.

A schedule file gives one function,

    factor(t, steps, …)   what α is multiplied by in the steps t of a run of so many steps

t is an array of float64, some of the numbers 1, 2, … steps; the result has its shape and is finite
and ≥ 0. Further arguments are options that an optimizer of config.yaml may set. Their default says
what they may be: True or False, an integer ≥ 1, a number in [0, 1), or, where it is at least 1.0, a
number > 0.

Written with + - * / ** and NumPy's functions. A factor depends on t alone, and not on what other
steps are asked for beside it.
"""
