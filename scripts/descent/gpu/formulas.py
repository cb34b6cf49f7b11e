"""The formulas of descent.functions and of the model files, compiled by Triton as they stand.

A formula is bound anew: where it says np it gets triton.language, and the functions that it calls
are bound in turn. So the gradient in a kernel is the one in the model's file. What NumPy and Triton
write differently has a twin here.
"""

from functools import cache
from types import FunctionType

import numpy as np
import triton
import triton.language as tl

from descent import functions

classes = tl.constexpr(0)  # each twin is bound to its own; further rows of scores mean nothing


def _max(z, axis):
    inside = tl.arange(0, z.shape[0])[:, None] < classes
    return tl.max(tl.where(inside, z, float("-inf")), axis, keep_dims=True)


def _sum(z, axis):
    inside = tl.arange(0, z.shape[0])[:, None] < classes
    return tl.sum(tl.where(inside, z, 0.0), axis, keep_dims=True)


def _one_hot(y, rows, axis):
    return (tl.arange(0, rows)[:, None] == y[None, :]).to(tl.float32)


_TWINS = {functions._max: _max, functions._sum: _sum, functions.one_hot: _one_hot}


@cache
def compiled(formula: FunctionType, of_classes: int) -> triton.JITFunction:
    """A formula on scores [rows, samples], rows ≥ classes, and labels [samples]."""
    formula = _TWINS.get(formula, formula)
    names = {
        name: _bound(formula.__globals__.get(name), of_classes)
        for name in formula.__code__.co_names
    }
    names["classes"] = tl.constexpr(of_classes)
    known = {"__name__": formula.__module__, "tl": tl, "NDArray": tl.tensor}
    known |= {name: value for name, value in names.items() if value is not None}
    return triton.jit(FunctionType(formula.__code__, known, formula.__name__, formula.__defaults__))


def _bound(value, of_classes: int):
    if value is np:
        return tl
    if isinstance(value, int):
        return tl.constexpr(value)
    if isinstance(value, FunctionType):
        return compiled(value, of_classes)
    return None
