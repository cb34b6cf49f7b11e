"""The scores of one sample as one vector value for numba: the classes side by side.

`Lanes(dtype, classes)` is a numba type over an LLVM vector, one lane a class, padded to a power of
two. Arithmetic is element by element, reductions take the classes alone, so descent.functions
compile as they stand, and the gradient of a model in the kernels is the one in its file.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import (
    NativeValue,
    intrinsic,
    models,
    overload,
    overload_method,
    register_model,
    typeof_impl,
    unbox,
)

from descent import functions
from descent.run import model


class Lanes(types.Type):
    """Scores of `classes` classes, in `lanes` ≥ classes lanes of dtype float32 or float64."""

    def __init__(self, dtype: types.Float, classes: int) -> None:
        self.dtype, self.classes, self.lanes = dtype, classes, lanes(classes)
        super().__init__(name=f"Lanes({dtype}, {classes})")


@dataclass(frozen=True)
class Loss:
    """Which model's loss, of how many classes: a kernel's argument that its compiler knows."""

    model: str
    classes: int


class _LossType(types.Opaque):
    def __init__(self, loss: Loss) -> None:
        self.model, self.classes = loss.model, loss.classes
        super().__init__(name=str(loss))


register_model(_LossType)(models.OpaqueModel)
typeof_impl.register(Loss)(lambda loss, context: _LossType(loss))


@unbox(_LossType)
def _unbox_loss(kind, loss, context):
    return NativeValue(context.context.get_dummy_value())


def score_gradient(loss, z, y):
    """∂loss/∂z of a sample with label y: the function of that name in the model's file."""
    raise NotImplementedError  # in compiled code only


@overload(score_gradient)
def _score_gradient_of_the_model(loss, z, y):
    of_model = njit(model(loss.model).score_gradient)
    return lambda loss, z, y: of_model(z, y)


def lanes(classes: int) -> int:
    """Lanes for so many classes: a power of two, 4 at least."""
    return max(4, 1 << (classes - 1).bit_length())


def _number(kind: Lanes) -> ir.Type:
    return ir.FloatType() if kind.dtype == types.float32 else ir.DoubleType()


def _vector(kind: Lanes) -> ir.VectorType:
    return ir.VectorType(_number(kind), kind.lanes)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind: Lanes) -> None:
        super().__init__(manager, kind, _vector(kind))


def _same(kind: Lanes, value: float) -> ir.Constant:
    return ir.Constant(_vector(kind), [value] * kind.lanes)


def _masked(builder, kind: Lanes, value, outside: float):
    """The value with its padding set to `outside`."""
    inside = [lane < kind.classes for lane in range(kind.lanes)]
    mask = ir.Constant(ir.VectorType(ir.IntType(1), kind.lanes), inside)
    return builder.select(mask, value, _same(kind, outside))


def _call(builder, name: str, result: ir.Type, *arguments, fastmath=()):
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments, fastmath=fastmath)


def _suffix(kind: Lanes) -> str:
    return f"v{kind.lanes}f{kind.dtype.bitwidth}"


def _pointer(context, builder, signature, arguments, kind: Lanes):
    """Where a row lies: the first arguments are the array and the row, of any integer type."""
    struct = context.make_array(signature.args[0])(context, builder, arguments[0])
    row = context.cast(builder, arguments[1], signature.args[1], types.intp)
    first = builder.mul(row, ir.Constant(row.type, kind.lanes))
    return builder.bitcast(builder.gep(struct.data, [first]), _vector(kind).as_pointer())


@intrinsic
def load(typing_context, array, row, loss):
    """Lanes from a row of a C-ordered array whose rows have as many numbers as there are lanes."""
    kind = Lanes(array.dtype, loss.classes)

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments, kind)
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return kind(array, row, loss), generate


@intrinsic
def store(typing_context, array, row, value):
    """Write lanes to a row of an array."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments, value)
        builder.store(arguments[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, row, value), generate


def _splat(builder, kind: Lanes, number):
    undefined = ir.Constant(_vector(kind), ir.Undefined)
    zero = ir.Constant(ir.IntType(32), 0)
    first = builder.insert_element(undefined, number, zero)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(first, undefined, everywhere)


@intrinsic
def add_scaled(typing_context, z, number, x):
    """z + number · x, rounded once."""

    def generate(context, builder, signature, arguments):
        scale = context.cast(builder, arguments[1], signature.args[1], x.dtype)
        operands = _splat(builder, x, scale), arguments[2], arguments[0]
        return _call(builder, f"llvm.fma.{_suffix(x)}", _vector(x), *operands)

    return x(x, number, x), generate


def _arithmetic(operation: Callable, instruction: str) -> None:
    """Let an operator work between lanes, and between lanes and a number on either side."""

    @intrinsic
    def apply(typing_context, left, right):
        kind = left if isinstance(left, Lanes) else right

        def operand(context, builder, value, value_type):
            if isinstance(value_type, Lanes):
                return value
            return _splat(builder, kind, context.cast(builder, value, value_type, kind.dtype))

        def generate(context, builder, signature, arguments):
            both = (
                operand(context, builder, value, value_type)
                for value, value_type in zip(arguments, signature.args, strict=True)
            )
            return getattr(builder, instruction)(*both)

        return kind(left, right), generate

    def implementation(left, right):
        if isinstance(left, Lanes) or isinstance(right, Lanes):
            return lambda left, right: apply(left, right)
        return None

    overload(operation, inline="always")(implementation)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
_arithmetic(operator.truediv, "fdiv")


@intrinsic
def _sum(typing_context, z):
    def generate(context, builder, signature, arguments):
        inside = _masked(builder, z, arguments[0], 0.0)
        zero = ir.Constant(_number(z), -0.0)
        name = f"llvm.vector.reduce.fadd.{_suffix(z)}"
        # reassoc: a tree of additions, always the same one
        result = _call(builder, name, _number(z), zero, inside, fastmath=("reassoc",))
        return _splat(builder, z, result)

    return z(z), generate


@intrinsic
def _max(typing_context, z):
    def generate(context, builder, signature, arguments):
        inside = _masked(builder, z, arguments[0], -np.inf)
        name = f"llvm.vector.reduce.fmax.{_suffix(z)}"
        return _splat(builder, z, _call(builder, name, _number(z), inside))

    return z(z), generate


@overload_method(Lanes, "sum", inline="always")
def _lanes_sum(z, axis=-1, keepdims=True):
    return lambda z, axis=-1, keepdims=True: _sum(z)


@overload_method(Lanes, "max", inline="always")
def _lanes_max(z, axis=-1, keepdims=True):
    return lambda z, axis=-1, keepdims=True: _max(z)


@intrinsic
def _exp(typing_context, z):
    """exp of numbers ≤ 0, within two units in the last place.

    exp(z) = 2ⁿ exp(r) with n = round(z / ln 2), and exp(r), |r| ≤ ln 2 / 2, by its Taylor series.
    """
    single = z.dtype == types.float32
    terms = 8 if single else 14  # the next one is below half a unit in the last place
    mantissa = 23 if single else 52
    lowest = -87.0 if single else -708.0  # exp of less is not a normal number
    integers = ir.VectorType(ir.IntType(32 if single else 64), z.lanes)
    one = np.float32(1).view(np.uint32) if single else np.float64(1).view(np.uint64)
    # ln 2 in two parts, the first with so few digits that n times it is exact
    high = float(np.float32(0.693359375)) if single else float.fromhex("0x1.62e42feep-1")
    low = float(np.log(np.longdouble(2)) - np.longdouble(high))

    def generate(context, builder, signature, arguments):
        def fma(x, y, w):
            return _call(builder, f"llvm.fma.{_suffix(z)}", _vector(z), x, y, w)

        (value,) = arguments
        too_low = builder.fcmp_ordered("<", value, _same(z, lowest))  # not true of nan
        value = builder.select(too_low, _same(z, lowest), value)
        # adding 1.5 · 2^mantissa rounds to an integer, which stands in the lowest bits
        shift = _same(z, 1.5 * 2.0**mantissa)
        shifted = fma(value, _same(z, 1 / np.log(2)), shift)
        n = builder.fsub(shifted, shift)
        r = fma(n, _same(z, -low), fma(n, _same(z, -high), value))
        series = _same(z, 1.0)
        for k in range(terms - 1, 0, -1):
            series = fma(builder.fmul(series, r), _same(z, 1 / k), _same(z, 1.0))
        bits = builder.shl(
            builder.bitcast(shifted, integers), ir.Constant(integers, [mantissa] * z.lanes)
        )
        bits = builder.add(bits, ir.Constant(integers, [int(one)] * z.lanes))
        return builder.fmul(series, builder.bitcast(bits, _vector(z)))

    return z(z), generate


@overload(np.exp, inline="always")
def _lanes_exp(z):
    if isinstance(z, Lanes):
        return lambda z: _exp(z)
    return None


@intrinsic
def _sigmoid(typing_context, z, e):
    """σ(z), where e = exp(-|z|)."""

    def generate(context, builder, signature, arguments):
        value, power = arguments
        positive = builder.fcmp_ordered(">=", value, _same(z, 0.0))
        numerator = builder.select(positive, _same(z, 1.0), power)
        return builder.fdiv(numerator, builder.fadd(power, _same(z, 1.0)))

    return z(z, z), generate


@intrinsic
def _minus_absolute(typing_context, z):
    def generate(context, builder, signature, arguments):
        absolute = _call(builder, f"llvm.fabs.{_suffix(z)}", _vector(z), arguments[0])
        return builder.fneg(absolute)

    return z(z), generate


@intrinsic
def _one_hot(typing_context, z, y):
    """1 in the lane of the label, 0 elsewhere."""

    def generate(context, builder, signature, arguments):
        integers = ir.VectorType(ir.IntType(32), z.lanes)
        label = builder.trunc(arguments[1], ir.IntType(32)) if y.bitwidth > 32 else arguments[1]
        first = builder.insert_element(
            ir.Constant(integers, ir.Undefined), label, ir.Constant(ir.IntType(32), 0)
        )
        zeros = ir.Constant(integers, [0] * z.lanes)
        labels = builder.shuffle_vector(first, ir.Constant(integers, ir.Undefined), zeros)
        here = builder.icmp_signed("==", labels, ir.Constant(integers, list(range(z.lanes))))
        return builder.select(here, _same(z, 1.0), _same(z, 0.0))

    return z(z, y), generate


@overload(functions.sigmoid, inline="always", strict=False)
def _lanes_of_sigmoid(z):
    return lambda z: _sigmoid(z, _exp(_minus_absolute(z)))


@overload(functions.cross_entropy_gradient, inline="always", strict=False)
def _lanes_of_cross_entropy_gradient(z, y, axis=-1):
    return lambda z, y, axis=-1: functions.softmax(z, axis) - _one_hot(z, y)


# these compile as they stand
overload(functions.softmax, strict=False)(lambda z, axis=-1: functions.softmax)
overload(functions.softmax_gradient, strict=False)(lambda p, g, axis=-1: functions.softmax_gradient)
overload(functions.sigmoid_gradient, strict=False)(lambda s, g: functions.sigmoid_gradient)


@intrinsic
def zero_padding(typing_context, z):
    """The classes as they are, zeros beside them."""

    def generate(context, builder, signature, arguments):
        return _masked(builder, z, arguments[0], 0.0)

    return z(z), generate


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line of an element before it is needed."""

    def generate(context, builder, signature, arguments):
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte = ir.IntType(8).as_pointer()
        pointer = builder.bitcast(builder.gep(struct.data, [arguments[1]]), byte)
        to_read, to_keep, data = (ir.Constant(ir.IntType(32), value) for value in (0, 3, 1))
        _call(builder, "llvm.prefetch.p0", ir.VoidType(), pointer, to_read, to_keep, data)
        return context.get_dummy_value()

    return types.void(array, index), generate
