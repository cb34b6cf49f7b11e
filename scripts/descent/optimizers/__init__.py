"""A file an update rule.

An update rule is a pair of functions in array operators, so that NumPy and torch share it:

    init(parameters)                                 its state before the first step
    update(parameters, gradient, state, step_size)   the parameters and state after a step
    OPTIONS                                          absent, or {name: default} of numbers in
                                                     [0, 1) that `update` takes by name

Parameters and gradients are dicts {name: array} with the same names and shapes. They are reused
from step to step: an update rule returns new arrays, and keeps none that it was given.
"""
