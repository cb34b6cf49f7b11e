"""Operators and functions of NumPy on scores, element by element.

Each is registered for numba with its instructions; the last lines of a group say which compile.
Numbers take the dtype of the scores, as Python's do beside an array; among themselves they stay in
float64. A mask meets numbers and scores as 1 or 0.
"""

import operator
from collections.abc import Callable
from itertools import product
from math import factorial

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

from descent.compiled.scores import INT, Scores, call, maximum, minimum, packed, splat, unpacked

_NUMBER = (types.Integer, types.Float)


def _common(operands) -> Scores | None:
    """The scores that operands become together; None where there are none, or they do not fit."""
    scores = [kind for kind in operands if isinstance(kind, Scores)]
    others = [kind for kind in operands if not isinstance(kind, (Scores, *_NUMBER))]
    if not scores or others or len({(kind.dtype, kind.models) for kind in scores}) > 1:
        return None
    classes = {kind.classes for kind in scores}
    return scores[0].of(max(classes)) if len(classes - {1}) <= 1 else None


def _registers(context, builder, kind: Scores, operand, value) -> list:
    """The registers of an operand, as many as kind has: numbers and single classes repeat."""
    if not isinstance(operand, Scores):
        number = context.cast(builder, value, operand, kind.dtype)
        return [splat(builder, number, kind.lanes)] * kind.registers
    registers = unpacked(builder, operand, value)
    if operand.classes == kind.classes:
        return registers
    if kind.models == 1:
        registers = [splat(builder, builder.extract_element(registers[0], INT(0)), kind.lanes)]
    return registers * (kind.registers // len(registers))


def _elementwise(function: Callable, arity: int, build: Callable, gives_mask: Callable) -> None:
    """Let numba compile a function of scores and numbers: build(builder, kind, *registers).

    gives_mask(which operands are masks): whether the result is one; None where NumPy takes no such
    operands, or computes with them in another type.
    """

    class Typing(AbstractTemplate):
        def generic(self, operands, _):
            kind = _common(operands) if len(operands) == arity else None
            mask = gives_mask(
                [isinstance(operand, Scores) and operand.mask for operand in operands]
            )
            if kind is None or mask is None:
                return None
            return signature(kind.of(kind.classes, mask), *operands)

    def generate(context, builder, of_call, arguments):
        kind = of_call.return_type
        operands = zip(of_call.args, arguments, strict=True)
        each = [_registers(context, builder, kind, *operand) for operand in operands]
        results = [build(builder, kind, *registers) for registers in zip(*each, strict=True)]
        return packed(builder, kind, results)

    infer_global(function)(Typing)
    for kinds in product((Scores, *_NUMBER), repeat=arity):
        if Scores in kinds:
            lower_builtin(function, *kinds)(generate)


def _instruction(name: str) -> Callable:
    return lambda builder, kind, *registers: getattr(builder, name)(*registers)


def _function(name: str) -> Callable:
    return lambda builder, kind, *registers: call(builder, name, *registers)


def _compared(builder, kind: Scores, symbol: str, left, right):
    """The truth of a comparison in each lane, as LLVM has it; nan is unequal to all."""
    compare = builder.fcmp_unordered if symbol == "!=" else builder.fcmp_ordered
    return compare(symbol, left, right)


def _comparison(symbol: str) -> Callable:
    def build(builder, kind, left, right):
        true = _compared(builder, kind, symbol, left, right)
        return builder.select(true, kind.same(1.0), kind.same(0.0))

    return build


def _where(builder, kind: Scores, condition, true, false):
    return builder.select(_compared(builder, kind, "!=", condition, kind.same(0.0)), true, false)


def _logic(name: str) -> Callable:
    """An operation on the bits of masks: those of 1 for true, none for false."""

    def build(builder, kind, *masks):
        bits = ir.VectorType(ir.IntType(kind.dtype.bitwidth), kind.lanes)
        masks = masks if len(masks) == 2 else (*masks, kind.same(1.0))  # not: exclusive or with 1
        both = (builder.bitcast(mask, bits) for mask in masks)
        return builder.bitcast(getattr(builder, name)(*both), kind.register)

    return build


def _square(builder, kind: Scores, z):
    return builder.fmul(z, z)


def _power(builder, kind: Scores, z, exponent):
    """As NumPy: z² is z · z, z^½ the square root. What is not taken of a constant is left out."""
    power = call(builder, "pow", z, exponent)
    for of, simpler in ((2.0, _square(builder, kind, z)), (0.5, call(builder, "sqrt", z))):
        here = _compared(builder, kind, "==", exponent, kind.same(of))
        power = builder.select(here, simpler, power)
    return power


def _sign(builder, kind: Scores, z):
    sign = z  # of nan
    for symbol, value in ((">", 1.0), ("<", -1.0), ("==", 0.0)):
        here = _compared(builder, kind, symbol, z, kind.same(0.0))
        sign = builder.select(here, kind.same(value), sign)
    return sign


def _exp(builder, kind: Scores, z):
    """exp within two units in the last place.

    exp(z) = 2ⁿ exp(r) with n = round(z / ln 2), and exp(r), |r| ≤ ln 2 / 2, by its Taylor series.
    """
    single = kind.dtype == types.float32
    terms = 8 if single else 14  # the next one is below half a unit in the last place
    mantissa, bias = (23, 127) if single else (52, 1023)
    # ln 2 in two parts, the first with so few digits that n times it is exact
    high = 0.693359375 if single else float.fromhex("0x1.62e42feep-1")
    low = float(np.log(np.longdouble(2)) - np.longdouble(high))
    # exp of less than the lowest is zero, of more than the highest infinite; nan is neither
    lowest, highest = (-105.0, 89.0) if single else (-746.0, 710.0)
    for symbol, limit in (("<", lowest), (">", highest)):
        beyond = _compared(builder, kind, symbol, z, kind.same(limit))
        z = builder.select(beyond, kind.same(limit), z)
    # adding 1.5 · 2^mantissa rounds to an integer, n + 2 bias, which stands in the lowest bits
    shift = kind.same(1.5 * 2.0**mantissa + 2 * bias)
    shifted = call(builder, "fma", z, kind.same(1 / np.log(2)), shift)
    n = builder.fsub(shifted, shift)
    r = call(builder, "fma", n, kind.same(-high), z)
    r = call(builder, "fma", n, kind.same(-low), r)
    power = kind.same(1 / factorial(terms - 1))
    for k in range(terms - 2, -1, -1):
        power = call(builder, "fma", power, r, kind.same(1 / factorial(k)))
    # 2ⁿ in two factors, whose exponents with their biases add up to n + 2 bias: beyond the normal
    # numbers a single one does not exist
    integers = ir.VectorType(ir.IntType(kind.dtype.bitwidth), kind.lanes)
    field, one, ones = (
        ir.Constant(integers, [integer] * kind.lanes)
        for integer in (mantissa, 1, (2 * bias + 1) << mantissa)
    )
    both = builder.shl(builder.bitcast(shifted, integers), field)
    half = builder.and_(builder.lshr(both, one), ones)
    for factor in (half, builder.sub(both, half)):
        power = builder.fmul(power, builder.bitcast(factor, kind.register))
    return power


def _arithmetic_gives(masks: list[bool]) -> bool | None:
    return None if all(masks) else False


def _logic_gives(masks: list[bool]) -> bool | None:
    return True if all(masks) else None


ARITHMETIC = {
    operator.add: (2, _instruction("fadd")),
    operator.sub: (2, _instruction("fsub")),
    operator.truediv: (2, _instruction("fdiv")),
    operator.pow: (2, _power),
    operator.neg: (1, _instruction("fneg")),
    operator.pos: (1, lambda builder, kind, z: z),
    abs: (1, _function("fabs")),
    np.abs: (1, _function("fabs")),
    np.exp: (1, _exp),
    np.log: (1, _function("log")),
    np.sqrt: (1, _function("sqrt")),
    np.square: (1, _square),
    np.sign: (1, _sign),
    np.maximum: (2, maximum),
    np.minimum: (2, minimum),
}
COMPARISONS = {
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
}
LOGIC = {
    operator.and_: (2, _logic("and_")),
    operator.or_: (2, _logic("or_")),
    operator.invert: (1, _logic("xor")),
}

for function, (arity, build) in ARITHMETIC.items():
    _elementwise(function, arity, build, _arithmetic_gives)
for function, symbol in COMPARISONS.items():
    _elementwise(function, 2, _comparison(symbol), lambda masks: True)
for function, (arity, build) in LOGIC.items():
    _elementwise(function, arity, build, _logic_gives)
_elementwise(operator.mul, 2, _instruction("fmul"), all)
_elementwise(np.where, 3, _where, lambda masks: all(masks[1:]))
