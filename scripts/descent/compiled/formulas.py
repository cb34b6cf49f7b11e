"""The formulas of descent.functions, of the models and of the update rules, compiled as they stand.

What compiles: numbers, + - * / ** and comparisons; & | ~ of what is compared; z.max and z.sum over
the classes, z.squeeze, z.shape[axis]; the functions of NumPy in descent.compiled.arithmetic, and
np.expand_dims of a label; and functions made of these and called by their bare names, as those of
descent.functions are. Two of them stand here anew, since NumPy needs for arrays what one sample
does not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import FunctionType

import numba
import numpy as np
from numba import types
from numba.extending import models, register_model, typeof_impl

from descent import formulas, functions
from descent.compiled import arithmetic  # noqa: F401  registers what compiles
from descent.compiled.cache import inlined
from descent.compiled.classes import classes_equal
from descent.compiled.scores import TOGETHER, Scores, Static
from descent.plugins import default_arguments, plugin


def one_hot(y, classes, axis=-1):
    """The mask of the label's class."""
    return classes_equal(classes, y)


def of_label(z, y, axis=-1):
    """The score of the label's class."""
    return np.where(classes_equal(z.shape[axis], y), z, 0).sum(axis)


TWINS = {functions.one_hot: one_hot, functions.of_label: of_label}

# Rounded as in NumPy. Inlined, a loss and its gradient share what both compute: on MNIST, of five
# models, 13 ms instead of 24 for sigmoid_softmax.
as_it_stands = numba.njit(error_model="numpy", fastmath=False, forceinline=True)


class _Function(types.Callable, Static):
    """A Static that compiled code calls: the types of a call are those of its `function`."""

    def _type(self) -> types.Dispatcher:
        return types.Dispatcher(self.value.function())

    def get_call_type(self, context, arguments, named):
        return self._type().get_call_type(context, arguments, named)

    def get_call_signatures(self):
        return self._type().get_call_signatures()

    def get_impl_key(self, signature):
        return self._type().get_impl_key(signature)


register_model(_Function)(models.OpaqueModel)


@dataclass(frozen=True)
class Formula:
    """A function of a model's file, which kernels take and call."""

    model: str
    name: str

    def function(self) -> FunctionType:
        """As numba has it."""
        return compiled(getattr(plugin("models", self.model), self.name))


@dataclass(frozen=True)
class Update:
    """An update rule, which kernels take and call.

    update((p, *state), g, step_size, t, options): what the rule returns, p or (p, *state)
    """

    rule: str

    def function(self) -> FunctionType:
        """As numba has it."""
        return _update(plugin("update_rules", self.rule).update)


typeof_impl.register(Formula)(lambda value, context: _Function(value))
typeof_impl.register(Update)(lambda value, context: _Function(value))


@cache
def compiled(formula: FunctionType, finish: Callable = as_it_stands) -> FunctionType:
    """A formula as compiled code calls it."""
    return formulas.bind(formula, lambda value: value, finish, TWINS)


@cache
def _update(rule: FunctionType) -> FunctionType:
    """The rule with its arguments as `Update` has them, in the order of its signature."""
    function = compiled(rule, inlined)
    if not formulas.counts(rule):

        def update(p_and_state, g, step_size, t, options):
            p, state = p_and_state[0], p_and_state[1:]
            return function(p, g, step_size, *state, *options)

        return inlined(update)
    before = formulas.arguments(rule).index("t") - 2

    def update_with_t(p_and_state, g, step_size, t, options):
        p, first = p_and_state[0], p_and_state[1:before]
        return function(p, g, step_size, *first, t, *p_and_state[before:], *options)

    return inlined(update_with_t)


def problem(name: str) -> str | None:
    """Why numba cannot compile the formulas of a model, in a line; None if it can."""
    regression = plugin("models", name).TASK == "regression"
    y = types.float32 if regression else types.int64
    for several in (1, TOGETHER):
        z = Scores(types.float32, 1 if regression else 10, several)
        for formula, gives in (("score_gradient", z), ("losses", z.of(1))):
            if reason := _reason(Formula(name, formula), (z, y), gives):
                return f"numba cannot compile {name}.{formula}: {reason}"
    return None


def rule_problem(name: str) -> str | None:
    """Why numba cannot compile an update rule, in a line; None if it can."""
    rule = plugin("update_rules", name).update
    p, number = Scores(types.float32, 10, 1), types.float64
    state = len(formulas.state(rule))
    arguments = (
        types.UniTuple(p, 1 + state),
        *(p, number, number),
        types.UniTuple(number, len(default_arguments(rule))),
    )
    gives = types.UniTuple(p, 1 + state) if state else p
    reason = _reason(Update(name), arguments, gives)
    return f"numba cannot compile {name}.update: {reason}" if reason else None


def _reason(formula: Formula | Update, arguments: tuple, gives: types.Type) -> str | None:
    """Why a formula does not compile, or that it gives something else; None if all is well."""
    try:
        function = formula.function()
        function.compile(arguments)
    except Exception as error:  # of numba, but also of what it compiles
        return first_line(error)
    given = function.overloads[arguments].signature.return_type
    return None if given == gives else f"it gives {given} instead of {gives}"


def first_line(error: Exception) -> str:
    """The first line of numba's message that says something; the error's name if there is none."""
    lines = re.sub(r"\x1b\[\d*m| at 0x[0-9a-f]+", "", str(error)).splitlines()
    said = (line.strip().rstrip(":") for line in lines if not line.startswith("Failed in"))
    return next(filter(None, said), type(error).__name__)
