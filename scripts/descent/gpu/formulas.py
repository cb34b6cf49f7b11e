"""The formulas of descent.functions and of the model files, compiled by Triton as they stand.

Where a formula says np it gets triton.language. What NumPy and Triton write differently has a twin
here.
"""

from functools import cache
from types import FunctionType

import numpy as np
import triton
import triton.language as tl

from descent import functions
from descent.formulas import bind

classes = tl.constexpr(0)  # each twin is bound to its own; further rows of scores mean nothing


def _max(z, axis):
    inside = tl.arange(0, z.shape[0])[:, None] < classes
    return tl.max(tl.where(inside, z, float("-inf")), axis, keep_dims=True)


def _sum(z, axis):
    inside = tl.arange(0, z.shape[0])[:, None] < classes
    return tl.sum(tl.where(inside, z, 0.0), axis, keep_dims=True)


def _one_hot(y, rows, axis):
    return (tl.arange(0, rows)[:, None] == y[None, :]).to(tl.float32)


def _of_label(z, y, axis):
    labelled = tl.arange(0, z.shape[0])[:, None] == y[None, :]
    return tl.sum(tl.where(labelled, z, 0.0), axis, keep_dims=True)


def _without(z, axis):
    return tl.sum(z, axis)


_TWINS = {
    functions.largest: _max,
    functions.total: _sum,
    functions.one_hot: _one_hot,
    functions.of_label: _of_label,
    functions.without: _without,
}


@cache
def compiled(formula: FunctionType, of_classes: int) -> triton.JITFunction:
    """A formula on scores [rows, samples], rows ≥ classes, and labels [samples]."""

    def translate(value):
        if value is np:
            return tl
        if value is classes:
            return tl.constexpr(of_classes)
        return tl.constexpr(value) if isinstance(value, int) else value

    return bind(formula, translate, _jit, _TWINS)


def _jit(function: FunctionType) -> triton.JITFunction:
    function.__globals__.update(tl=tl, NDArray=tl.tensor)  # which annotations name
    return triton.jit(function)
