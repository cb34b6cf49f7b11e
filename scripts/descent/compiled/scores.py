"""The scores of one sample as one value for numba, in vector registers.

`Scores(dtype, classes, models)` is a numba type. Of one model, the classes lie side by side in one
register, padded to a power of two; of several models, each class has a register with a lane for
each model. Arithmetic is element by element and reductions go over the classes, so
descent.functions and the formulas of a model compile as they stand: the gradient in the kernels is
the one in its file.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    NativeValue,
    intrinsic,
    models,
    overload,
    register_model,
    typeof_impl,
    unbox,
)

from descent import functions
from descent.compiled.cache import inlined
from descent.run import model

INDEX = ir.IntType(32)


@dataclass(frozen=True)
class Kind:
    """What a kernel's compiler must know: whose formulas, of how many classes and models."""

    model: str
    classes: int
    models: int = 1

    @property
    def width(self) -> int:
        """Numbers in the scores of a sample, with padding."""
        return lanes(self.classes) if self.models == 1 else self.classes * self.models


def lanes(classes: int) -> int:
    """Lanes of a register for so many classes: a power of two, 4 at least."""
    return max(4, 1 << (classes - 1).bit_length())


class _KindType(types.Opaque):
    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__(name=str(kind))


register_model(_KindType)(models.OpaqueModel)
typeof_impl.register(Kind)(lambda kind, context: _KindType(kind))


@unbox(_KindType)
def _unbox_kind(kind_type, kind, context):
    return NativeValue(context.context.get_dummy_value())


class Scores(types.Type):
    """The numba type: classes × models numbers of dtype float32 or float64."""

    def __init__(self, dtype: types.Float, classes: int, models: int) -> None:  # noqa: D107
        self.dtype, self.classes, self.models = dtype, classes, models
        self.single = dtype == types.float32
        self.lanes = lanes(classes) if models == 1 else models
        self.registers = 1 if models == 1 else classes
        self.number = ir.FloatType() if self.single else ir.DoubleType()
        self.register = ir.VectorType(self.number, self.lanes)
        self.suffix = f"v{self.lanes}f{dtype.bitwidth}"
        super().__init__(name=f"Scores({dtype}, {classes}, {models})")

    def same(self, value: float) -> ir.Constant:
        """A register with one number in all lanes."""
        return ir.Constant(self.register, [value] * self.lanes)


@register_model(Scores)
class _ScoresModel(models.PrimitiveModel):
    def __init__(self, manager, kind: Scores) -> None:
        super().__init__(manager, kind, ir.ArrayType(kind.register, kind.registers))


# Below, `generate` builds the LLVM instructions of an operation, register by register.


def _each(builder, kind: Scores, operation: Callable, *values):
    """Apply an operation to the registers of values."""
    result = ir.Constant(ir.ArrayType(kind.register, kind.registers), ir.Undefined)
    for i in range(kind.registers):
        register = operation(*(builder.extract_value(value, i) for value in values))
        result = builder.insert_value(result, register, i)
    return result


def _call(builder, name: str, result: ir.Type, *arguments, fastmath=()):
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments, fastmath=fastmath)


def _splat(builder, register: ir.VectorType, number):
    """A register with one number in all lanes."""
    undefined = ir.Constant(register, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(INDEX, 0))
    zeros = ir.Constant(ir.VectorType(INDEX, register.count), [0] * register.count)
    return builder.shuffle_vector(first, undefined, zeros)


def _everywhere(builder, kind: Scores, register):
    """The same register for every class."""
    result = ir.Constant(ir.ArrayType(kind.register, kind.registers), ir.Undefined)
    for i in range(kind.registers):
        result = builder.insert_value(result, register, i)
    return result


def _masked(builder, kind: Scores, register, outside: float):
    """The register of one model with its padding set to `outside`."""
    inside = [lane < kind.classes for lane in range(kind.lanes)]
    mask = ir.Constant(ir.VectorType(ir.IntType(1), kind.lanes), inside)
    return builder.select(mask, register, kind.same(outside))


def _pointer(context, builder, signature, arguments, kind: Scores):
    """Where a row lies: the first arguments are the array and the row, of any integer type."""
    struct = context.make_array(signature.args[0])(context, builder, arguments[0])
    row = context.cast(builder, arguments[1], signature.args[1], types.intp)
    first = builder.mul(row, ir.Constant(row.type, kind.lanes * kind.registers))
    return builder.bitcast(builder.gep(struct.data, [first]), kind.register.as_pointer())


def _register_at(builder, pointer, i: int):
    return builder.gep(pointer, [ir.Constant(INDEX, i)])


@intrinsic
def load(typing_context, array, row, kind):
    """Scores from a row of a C-ordered array whose rows have kind.width numbers."""
    scores = Scores(array.dtype, kind.kind.classes, kind.kind.models)

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments, scores)
        result = ir.Constant(ir.ArrayType(scores.register, scores.registers), ir.Undefined)
        for i in range(scores.registers):
            place = _register_at(builder, pointer, i)
            register = builder.load(place, align=array.dtype.bitwidth // 8)
            result = builder.insert_value(result, register, i)
        return result

    return scores(array, row, kind), generate


@intrinsic
def store(typing_context, array, row, scores):
    """Write scores to a row of an array."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments, scores)
        for i in range(scores.registers):
            register = builder.extract_value(arguments[2], i)
            place = _register_at(builder, pointer, i)
            builder.store(register, place, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, row, scores), generate


@intrinsic
def add_scaled(typing_context, z, number, x):
    """z + number · x, rounded once."""

    def generate(context, builder, signature, arguments):
        number_as = context.cast(builder, arguments[1], signature.args[1], x.dtype)
        scale = _splat(builder, x.register, number_as)

        def fma(z_register, x_register):
            name = f"llvm.fma.{x.suffix}"
            return _call(builder, name, x.register, scale, x_register, z_register)

        return _each(builder, x, fma, arguments[0], arguments[2])

    return x(x, number, x), generate


def _arithmetic(operation: Callable, instruction: str) -> None:
    """Let an operator work between scores, and between scores and a number on either side."""

    @intrinsic
    def apply(typing_context, left, right):
        kind = left if isinstance(left, Scores) else right

        def operand(context, builder, value, value_type):
            if isinstance(value_type, Scores):
                return value
            number = context.cast(builder, value, value_type, kind.dtype)
            return _everywhere(builder, kind, _splat(builder, kind.register, number))

        def generate(context, builder, signature, arguments):
            both = (
                operand(context, builder, value, value_type)
                for value, value_type in zip(arguments, signature.args, strict=True)
            )
            return _each(builder, kind, getattr(builder, instruction), *both)

        return kind(left, right), generate

    def implementation(left, right):
        if isinstance(left, Scores) or isinstance(right, Scores):
            return lambda left, right: apply(left, right)
        return None

    overload(operation, inline="always")(implementation)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
_arithmetic(operator.truediv, "fdiv")


def _reduction(of_one: str, start: float | None, outside: float, of_several: Callable):
    """A reduction over the classes, its result in all lanes, as with keepdims.

    of_one, start, outside: LLVM's reduction of a register, its start value, and what padding counts
    as; of_several(builder, kind, left, right): of two registers.
    """

    @intrinsic
    def reduce(typing_context, z):
        def generate(context, builder, signature, arguments):
            registers = [builder.extract_value(arguments[0], i) for i in range(z.registers)]
            if z.models > 1:
                while len(registers) > 1:  # a tree, always the same one
                    pairs = zip(registers[::2], registers[1::2], strict=False)
                    left_over = registers[len(registers) // 2 * 2 :]
                    registers = [of_several(builder, z, *pair) for pair in pairs] + left_over
                return _everywhere(builder, z, registers[0])
            inside = _masked(builder, z, registers[0], outside)
            first = () if start is None else (ir.Constant(z.number, start),)
            name = f"llvm.vector.reduce.{of_one}.{z.suffix}"
            # reassoc: a tree of additions, always the same one
            result = _call(builder, name, z.number, *first, inside, fastmath=("reassoc",))
            return _everywhere(builder, z, _splat(builder, z.register, result))

        return z(z), generate

    return reduce


_sum = _reduction("fadd", -0.0, 0.0, lambda builder, kind, a, b: builder.fadd(a, b))
_max = _reduction(
    "fmax",
    None,
    -np.inf,
    lambda builder, kind, a, b: _call(builder, f"llvm.maxnum.{kind.suffix}", kind.register, a, b),
)


overload(functions.total, inline="always", strict=False)(
    lambda z, axis=-1: lambda z, axis=-1: _sum(z)
)
overload(functions.largest, inline="always", strict=False)(
    lambda z, axis=-1: lambda z, axis=-1: _max(z)
)


@intrinsic
def _exp(typing_context, z):
    """exp of numbers ≤ 0, within two units in the last place.

    exp(z) = 2ⁿ exp(r) with n = round(z / ln 2), and exp(r), |r| ≤ ln 2 / 2, by its Taylor series.
    """
    terms = 8 if z.single else 14  # the next one is below half a unit in the last place
    mantissa = 23 if z.single else 52
    lowest = -87.0 if z.single else -708.0  # exp of less is not a normal number
    integers = ir.VectorType(ir.IntType(z.dtype.bitwidth), z.lanes)
    one = np.float32(1).view(np.uint32) if z.single else np.float64(1).view(np.uint64)
    # ln 2 in two parts, the first with so few digits that n times it is exact
    high = 0.693359375 if z.single else float.fromhex("0x1.62e42feep-1")
    low = float(np.log(np.longdouble(2)) - np.longdouble(high))

    def generate(context, builder, signature, arguments):
        def fma(x, y, w):
            return _call(builder, f"llvm.fma.{z.suffix}", z.register, x, y, w)

        def exp(value):
            too_low = builder.fcmp_ordered("<", value, z.same(lowest))  # not true of nan
            value = builder.select(too_low, z.same(lowest), value)
            # adding 1.5 · 2^mantissa rounds to an integer, which stands in the lowest bits
            shift = z.same(1.5 * 2.0**mantissa)
            shifted = fma(value, z.same(1 / np.log(2)), shift)
            n = builder.fsub(shifted, shift)
            r = fma(n, z.same(-low), fma(n, z.same(-high), value))
            series = z.same(1.0)
            for k in range(terms - 1, 0, -1):
                series = fma(builder.fmul(series, r), z.same(1 / k), z.same(1.0))
            exponent = ir.Constant(integers, [mantissa] * z.lanes)
            bits = builder.shl(builder.bitcast(shifted, integers), exponent)
            bits = builder.add(bits, ir.Constant(integers, [int(one)] * z.lanes))
            return builder.fmul(series, builder.bitcast(bits, z.register))

        return _each(builder, z, exp, arguments[0])

    return z(z), generate


@intrinsic
def _log(typing_context, z):
    def generate(context, builder, signature, arguments):
        def log(register):
            return _call(builder, f"llvm.log.{z.suffix}", z.register, register)

        return _each(builder, z, log, arguments[0])

    return z(z), generate


@overload(np.exp, inline="always")
def _scores_exp(z):
    return (lambda z: _exp(z)) if isinstance(z, Scores) else None


@intrinsic
def _sigmoid(typing_context, z, e):
    """σ(z), where e = exp(-|z|)."""

    def generate(context, builder, signature, arguments):
        def sigmoid(value, power):
            positive = builder.fcmp_ordered(">=", value, z.same(0.0))
            numerator = builder.select(positive, z.same(1.0), power)
            return builder.fdiv(numerator, builder.fadd(power, z.same(1.0)))

        return _each(builder, z, sigmoid, *arguments)

    return z(z, z), generate


@intrinsic
def _minus_absolute(typing_context, z):
    def generate(context, builder, signature, arguments):
        def minus_absolute(value):
            return builder.fneg(_call(builder, f"llvm.fabs.{z.suffix}", z.register, value))

        return _each(builder, z, minus_absolute, arguments[0])

    return z(z), generate


def _is_class(builder, z: Scores, label) -> list:
    """For each register, the mask of the lanes that belong to the class `label`."""
    labels = _splat(builder, ir.VectorType(INDEX, z.lanes), label)
    classes = [list(range(z.lanes))] if z.models == 1 else [[k] * z.lanes for k in range(z.classes)]
    return [
        builder.icmp_signed("==", labels, ir.Constant(ir.VectorType(INDEX, z.lanes), of_register))
        for of_register in classes
    ]


@intrinsic
def _one_hot(typing_context, z, y):
    """1 where the class is the label, 0 elsewhere."""

    def generate(context, builder, signature, arguments):
        result = arguments[0]
        label = context.cast(builder, arguments[1], y, types.int32)
        for i, here in enumerate(_is_class(builder, z, label)):
            register = builder.select(here, z.same(1.0), z.same(0.0))
            result = builder.insert_value(result, register, i)
        return result

    return z(z, y), generate


def _at_label(builder, z: Scores, registers: list, is_class: list):
    """The lanes of the class `label`, of several models."""
    result = registers[0]
    for register, here in zip(registers[1:], is_class[1:], strict=True):
        result = builder.select(here, register, result)
    return result


@intrinsic
def _of_label(typing_context, z, y):
    """The scores of the label, in all registers, of several models."""

    def generate(context, builder, signature, arguments):
        label = context.cast(builder, arguments[1], y, types.int32)
        registers = [builder.extract_value(arguments[0], i) for i in range(z.registers)]
        chosen = _at_label(builder, z, registers, _is_class(builder, z, label))
        return _everywhere(builder, z, chosen)

    return z(z, y), generate


@overload(functions.sigmoid, inline="always", strict=False)
def _scores_sigmoid(z):
    return lambda z: _sigmoid(z, _exp(_minus_absolute(z)))


@overload(functions.cross_entropy_gradient, inline="always", strict=False)
def _scores_cross_entropy_gradient(z, y, axis=-1):
    return lambda z, y, axis=-1: functions.softmax(z, axis) - _one_hot(z, y)


@overload(functions.squared_error_gradient, inline="always", strict=False)
def _scores_squared_error_gradient(z, y, axis=-1):
    return lambda z, y, axis=-1: z - y


@overload(functions.cross_entropy, strict=False)
def _scores_cross_entropy(z, y, axis=-1):
    def cross_entropy(z, y, axis=-1):
        largest = _max(z)
        return _log(_sum(np.exp(z - largest))) + largest - _of_label(z, y)

    return cross_entropy


# these compile as they stand
overload(functions.softmax, strict=False)(lambda z, axis=-1: functions.softmax)
overload(functions.softmax_gradient, strict=False)(lambda p, g, axis=-1: functions.softmax_gradient)
overload(functions.sigmoid_gradient, strict=False)(lambda s, g: functions.sigmoid_gradient)


def score_gradient(kind, z, y):
    """∂loss/∂z of a sample with label y, by the model's file; in compiled code."""
    raise NotImplementedError


def outputs_from_scores(kind, z):
    """The model's outputs, by its file; in compiled code."""
    raise NotImplementedError


def losses(kind, outputs, y):
    """The loss of a sample with label y, by the model's file; in compiled code."""
    raise NotImplementedError


@overload(score_gradient)
def _score_gradient(kind, z, y):
    formula = inlined(model(kind.kind.model).score_gradient)
    return lambda kind, z, y: formula(z, y)


@overload(outputs_from_scores)
def _outputs_from_scores(kind, z):
    formula = inlined(model(kind.kind.model).outputs_from_scores)
    return lambda kind, z: formula(z)


@overload(losses)
def _losses(kind, outputs, y):
    formula = inlined(model(kind.kind.model).losses)
    return lambda kind, outputs, y: formula(outputs, y)


@intrinsic
def is_largest(typing_context, outputs, y):
    """1 where NumPy's argmax over the classes is y, in the first register; of several models.

    No other class may be larger, nor one before y equal; nan counts as the largest.
    """

    def generate(context, builder, signature, arguments):
        label = context.cast(builder, arguments[1], y, types.int32)
        largest = ir.Constant(ir.VectorType(ir.IntType(1), outputs.lanes), [1] * outputs.lanes)
        registers = [builder.extract_value(arguments[0], i) for i in range(outputs.registers)]
        chosen = _at_label(builder, outputs, registers, _is_class(builder, outputs, label))
        chosen_is_nan = builder.fcmp_unordered("uno", chosen, chosen)
        for k, register in enumerate(registers):
            number = ir.Constant(INDEX, k)
            before = _splat(builder, largest.type, builder.icmp_signed("<", number, label))
            here = _splat(builder, largest.type, builder.icmp_signed("==", number, label))
            is_nan = builder.fcmp_unordered("uno", register, register)
            above = builder.fcmp_ordered(">", register, chosen)
            equal = builder.fcmp_ordered("==", register, chosen)
            if_before = builder.or_(is_nan, builder.or_(above, equal))
            if_after = builder.or_(builder.and_(is_nan, builder.not_(chosen_is_nan)), above)
            beats = builder.select(before, if_before, if_after)
            largest = builder.and_(largest, builder.or_(here, builder.not_(beats)))
        result = builder.select(largest, outputs.same(1.0), outputs.same(0.0))
        return _everywhere(builder, outputs, result)

    return outputs(outputs, y), generate


@intrinsic
def add_first_register(typing_context, array, z):
    """Add the first register to an array of float64 with as many numbers."""

    def generate(context, builder, signature, arguments):
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        double = ir.VectorType(ir.DoubleType(), z.lanes)
        pointer = builder.bitcast(struct.data, double.as_pointer())
        register = builder.extract_value(arguments[1], 0)
        wide = builder.fpext(register, double) if z.single else register
        builder.store(builder.fadd(builder.load(pointer, align=8), wide), pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, z), generate


@intrinsic
def zero_padding(typing_context, z):
    """Scores of one model with zeros beside its classes."""

    def generate(context, builder, signature, arguments):
        inside = _masked(builder, z, builder.extract_value(arguments[0], 0), 0.0)
        return builder.insert_value(arguments[0], inside, 0)

    return z(z), generate
