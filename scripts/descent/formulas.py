"""Formulas that every engine shares: written once in NumPy, bound to what an engine computes with.

A formula is a function of descent.functions, of a model's file or of an update rule's. To bind it
is to make the same function anew with its globals translated, and with the functions that it calls
bound in turn: so the formula in a kernel is the one in the file.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from types import CodeType, FunctionType
from typing import Any

from descent.plugins import default_arguments


def bind(
    formula: FunctionType,
    translate: Callable[[Any], Any],
    finish: Callable[[FunctionType], Any] = lambda function: function,
    twins: Mapping[FunctionType, FunctionType] | None = None,
) -> Any:
    """The same formula for another library.

    translate(value): what a global that the formula names becomes, as NumPy itself; finish: makes
    each bound function what the library calls, as a compiler does; twins: what stands in for
    functions that the library cannot take as they stand.
    """
    formula = (twins or {}).get(formula, formula)
    named = {
        name: formula.__globals__[name]
        for name in _names(formula.__code__)
        if name in formula.__globals__
    }
    translated = {
        name: bind(value, translate, finish, twins)
        if isinstance(value, FunctionType)
        else translate(value)
        for name, value in named.items()
    }
    bound = FunctionType(
        formula.__code__,
        {"__name__": formula.__module__, **translated},
        formula.__name__,
        formula.__defaults__,
        formula.__closure__,
    )
    bound.__kwdefaults__ = formula.__kwdefaults__
    return finish(bound)


def _names(code: CodeType) -> set[str]:
    """What a function and those inside it name."""
    inside = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inside))


def arguments(function: Callable) -> list[str]:
    """The names of a function's arguments."""
    return list(signature(function).parameters)


def state(update: Callable) -> list[str]:
    """The arrays that an update rule keeps from step to step, by the names of its arguments."""
    given = arguments(update)[3:]  # behind p, g and step_size
    return [name for name in given if name != "t" and name not in default_arguments(update)]


def counts(update: Callable) -> bool:
    """Whether an update rule takes the number t of the step."""
    return "t" in arguments(update)
