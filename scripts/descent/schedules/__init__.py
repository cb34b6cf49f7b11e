"""Schedules, one per file: the factor of the step size in each step.

A schedule file defines one function,

    factor(t, steps, …)   the factors of α in the steps t of a run with `steps` steps

t is a float64 array of some of the numbers 1, 2, …, steps; the result has its shape and is finite
and ≥ 0. Each factor depends only on its own t. Further arguments are options, which an optimizer in
config.yaml may set. Their default decides the allowed values: True or False, an integer ≥ 1, a
number in [0, 1), or a number > 0 if the default is at least 1.0.
"""
