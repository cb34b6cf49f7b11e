"""Rows of numbers in vector registers, as a numba type.

A Row holds a number for each class of each model: the scores of a sample, or the weights of a
feature. With one model, the classes are the lanes of one register, padded to a power of two. With
several models, each class has a register with a lane for each model; unused lanes are undefined.
`total` and `largest` reduce over the classes to a Row with one number per model.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_builtin,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numpy.typing import DTypeLike, NDArray

INT = ir.IntType(32)
LANES = 8  # models per pass at most, a lane each: ten classes fill ten registers


@dataclass(frozen=True)
class Layout:
    """Compile-time constants of a kernel: the model, its number of classes, and how many models a
    row holds.

    In memory a row is an array [classes, models], followed by padding. The unused lanes of a class
    overlap the next class in memory: they read its numbers, and the next class overwrites whatever
    they write. The padding serves the unused lanes of the last class.
    """

    model: str
    classes: int
    models: int = 1

    @property
    def lanes(self) -> int:
        """Numbers in a register: a power of two; with one model 1 or ≥ 4."""
        if self.models > 1:
            return LANES
        return 1 if self.classes == 1 else max(4, 1 << (self.classes - 1).bit_length())

    @property
    def registers(self) -> int:
        """Number of registers of a row."""
        return self.classes if self.models > 1 else 1

    @property
    def width(self) -> int:
        """Numbers in a row, including padding."""
        end = (self.registers - 1) * self.models + self.lanes
        return -(-end // self.lanes) * self.lanes

    @property
    def flat(self) -> "Layout":
        """The same memory as full registers, for operations element by element."""
        if self.models == 1:
            return self
        return Layout(self.model, self.width // LANES, LANES)

    def zeros(self, rows: int, dtype: DTypeLike) -> NDArray:
        """Rows of zeros, [rows, width], aligned to a cache line."""
        memory = np.zeros(rows * self.width + 64, dtype)
        offset = -memory.ctypes.data % 64 // memory.itemsize
        return memory[offset : offset + rows * self.width].reshape(rows, self.width)

    def numbers(self, rows: NDArray) -> NDArray:
        """The numbers in rows, [rows, classes, models], without the padding."""
        numbers = rows[:, : self.classes * self.models]
        return numbers.reshape(len(rows), self.classes, self.models)


class LayoutType(types.Opaque):
    """The numba type of one Layout, a compile-time constant: no value is passed to kernels."""

    def __init__(self, value: Layout) -> None:
        self.value = value
        super().__init__(name=repr(value))


register_model(LayoutType)(models.OpaqueModel)
typeof_impl.register(Layout)(lambda layout, context: LayoutType(layout))


@unbox(LayoutType)
def _unbox_layout(layout, value, context):
    return NativeValue(context.context.get_dummy_value())


class Row(types.Type):
    """The numba type of a row: numbers of dtype in `registers` registers; one register if the
    numbers are the same for all classes."""

    def __init__(self, dtype: types.Float, layout: Layout, registers: int):
        self.dtype, self.layout, self.registers = dtype, layout, registers
        number = ir.FloatType() if dtype == types.float32 else ir.DoubleType()
        self.register = ir.VectorType(number, layout.lanes)
        super().__init__(f"Row({dtype}, {layout}, {registers})")

    def same(self, number: float) -> ir.Constant:
        """A register with one number in all lanes."""
        return ir.Constant(self.register, [number] * self.layout.lanes)


@register_model(Row)
class _RowModel(models.PrimitiveModel):
    def __init__(self, manager, row: Row) -> None:
        super().__init__(manager, row, ir.ArrayType(row.register, row.registers))


def _unpack(builder, row: Row, value) -> list:
    return [builder.extract_value(value, i) for i in range(row.registers)]


def _pack(builder, row: Row, registers: Sequence):
    value = ir.Constant(ir.ArrayType(row.register, row.registers), ir.Undefined)
    for i, register in enumerate(registers):
        value = builder.insert_value(value, register, i)
    return value


def _splat(builder, number, lanes: int):
    """A register with one number in all lanes."""
    undefined = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, number, INT(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(INT, lanes), [0] * lanes))


def _call(builder, name: str, *registers):
    """Call LLVM's function of this name; the sign of zero is arbitrary (nsz)."""
    kind = registers[0].type
    bits = 32 if kind.element == ir.FloatType() else 64
    of_function = ir.FunctionType(kind, [kind] * len(registers))
    name = f"llvm.{name}.v{kind.count}f{bits}"
    function = cgutils.get_or_insert_function(builder.module, of_function, name)
    return builder.call(function, registers, fastmath=["nsz"])


# Loads and stores of rows of C-ordered arrays [rows, width]


def _pointers(context, builder, array_type, array, index_type, index, row: Row):
    """Pointers to the registers of a row."""
    data = context.make_array(array_type)(context, builder, array).data
    index = context.cast(builder, index, index_type, types.intp)
    first = builder.gep(data, [builder.mul(index, index.type(row.layout.width))])
    for i in range(row.registers):
        pointer = builder.gep(first, [INT(i * row.layout.models)])
        yield builder.bitcast(pointer, row.register.as_pointer())


@intrinsic
def zero(typing_context, array, layout):
    """A row of zeros in the dtype of an array."""
    row = Row(array.dtype, layout.value, layout.value.registers)

    def generate(context, builder, sig, args):
        return _pack(builder, row, [row.same(0.0)] * row.registers)

    return row(array, layout), generate


@intrinsic
def load(typing_context, array, index, layout):
    """The row of an array at an index."""
    row = Row(array.dtype, layout.value, layout.value.registers)

    def generate(context, builder, sig, args):
        pointers = _pointers(context, builder, array, args[0], index, args[1], row)
        align = row.dtype.bitwidth // 8
        return _pack(builder, row, [builder.load(pointer, align=align) for pointer in pointers])

    return row(array, index, layout), generate


@intrinsic
def store(typing_context, array, index, row):
    """Write a row to an array at an index, rounded to the dtype of the array."""
    stored = Row(array.dtype, row.layout, row.registers)

    def generate(context, builder, sig, args):
        pointers = _pointers(context, builder, array, args[0], index, args[1], stored)
        registers = _unpack(builder, row, args[2])
        if row.dtype != stored.dtype:
            registers = [builder.fptrunc(register, stored.register) for register in registers]
        for pointer, register in zip(pointers, registers, strict=True):
            builder.store(register, pointer, align=stored.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, row), generate


@intrinsic
def in_double(typing_context, row):
    """The same row in float64."""
    result = Row(types.float64, row.layout, row.registers)

    def generate(context, builder, sig, args):
        if row == result:
            return args[0]
        registers = _unpack(builder, row, args[0])
        return _pack(builder, result, [builder.fpext(r, result.register) for r in registers])

    return result(row), generate


@intrinsic
def prefetch(typing_context, array, index):
    """Prefetch the cache line of an element."""

    def generate(context, builder, sig, args):
        data = context.make_array(array)(context, builder, args[0]).data
        position = context.cast(builder, args[1], index, types.intp)
        byte = ir.IntType(8).as_pointer()
        pointer = builder.bitcast(builder.gep(data, [position]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, INT, INT, INT])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        to_read, to_keep, of_data = INT(0), INT(3), INT(1)
        builder.call(function, [pointer, to_read, to_keep, of_data])
        return context.get_dummy_value()

    return types.void(array, index), generate


# Reductions and masks over the classes


def _fill_padding(builder, row: Row, register, number: float):
    """The register of one model with a number in all padding lanes."""
    inside = [lane < row.layout.classes for lane in range(row.layout.lanes)]
    mask = ir.Constant(ir.VectorType(ir.IntType(1), row.layout.lanes), inside)
    return builder.select(mask, register, row.same(number))


def _over_classes(combine: Callable, neutral: float) -> Callable:
    """A reduction over the classes to one number per model.

    It repeatedly combines the second half of the classes with the first, so that the order of
    summation does not depend on the number of models.
    """

    @intrinsic
    def reduction(typing_context, row):
        layout, result = row.layout, Row(row.dtype, row.layout, 1)

        def lanes_of(builder, register, first):
            half = ir.VectorType(INT, register.type.count // 2)
            chosen = ir.Constant(half, list(range(first, first + half.count)))
            return builder.shuffle_vector(register, register, chosen)

        def generate(context, builder, sig, args):
            registers = _unpack(builder, row, args[0])
            while len(registers) > 1:
                half = 1 << (len(registers) - 1).bit_length() - 1
                second = registers[half:]
                pairs = zip(registers, second, strict=False)
                combined = [combine(builder, *pair) for pair in pairs]
                registers = combined + registers[len(second) : half]
            if layout.models > 1:
                return _pack(builder, result, registers)
            register = _fill_padding(builder, row, registers[0], neutral)
            while register.type.count > 1:
                half = register.type.count // 2
                register = combine(
                    builder, lanes_of(builder, register, 0), lanes_of(builder, register, half)
                )
            number = builder.extract_element(register, INT(0))
            return _pack(builder, result, [_splat(builder, number, layout.lanes)])

        return result(row), generate

    return reduction


def _maximum(builder, a, b):
    return _call(builder, "maximum", a, b)  # propagates nan


total = _over_classes(lambda builder, a, b: builder.fadd(a, b), 0.0)
largest = _over_classes(_maximum, -np.inf)


def _classes(comparison: str) -> Callable:
    """A row with 1 for the classes that satisfy a comparison with the label, else 0."""

    @intrinsic
    def mask(typing_context, row, label):
        def generate(context, builder, sig, args):
            lanes, y = row.layout.lanes, context.cast(builder, args[1], label, types.int32)
            classes = [INT(c) for c in range(row.registers)]
            if row.layout.models == 1:
                classes = [ir.Constant(ir.VectorType(INT, lanes), list(range(lanes)))]
                y = _splat(builder, y, lanes)
            masks = [builder.icmp_signed(comparison, c, y) for c in classes]
            one, zero = row.same(1.0), row.same(0.0)
            return _pack(builder, row, [builder.select(mask, one, zero) for mask in masks])

        return row(row, label), generate

    return mask


one_hot, earlier = _classes("=="), _classes("<")


@intrinsic
def inside(typing_context, row):
    """A row with zeros in its padding lanes."""

    def generate(context, builder, sig, args):
        if row.layout.models > 1:
            return args[0]
        (register,) = _unpack(builder, row, args[0])
        return _pack(builder, row, [_fill_padding(builder, row, register, 0.0)])

    return row(row), generate


# Operations element by element


def exp(z):
    """e to the power of z, with an error below two units in the last place."""


def log(z):
    """The natural logarithm."""


def less(a, b):
    """1 where a < b, else 0."""


def fma(a, b, c):
    """a b + c, rounded once."""


def _exp(builder, row: Row, z):
    """2ⁿ exp(r) with n = round(z / ln 2), and exp(r), |r| ≤ ln 2 / 2, by its Taylor series."""
    single = row.dtype == types.float32
    terms = 8 if single else 14  # the next term is below half a unit in the last place
    mantissa, bias = (23, 127) if single else (52, 1023)
    # ln 2 in two parts: the first has few digits, so that n times it is exact
    high = 0.693359375 if single else float.fromhex("0x1.62e42feep-1")
    low = float(np.log(np.longdouble(2)) - np.longdouble(high))
    # exp underflows to zero below the lowest and overflows above the highest; nan is propagated
    lowest, highest = (-105.0, 89.0) if single else (-746.0, 710.0)
    z = _call(builder, "minimum", _maximum(builder, z, row.same(lowest)), row.same(highest))
    # adding 1.5 · 2^mantissa rounds to an integer and leaves n + 2 bias in the lowest bits
    shift = row.same(1.5 * 2.0**mantissa + 2 * bias)
    shifted = _call(builder, "fma", z, row.same(1 / np.log(2)), shift)
    n = builder.fsub(shifted, shift)
    r = _call(builder, "fma", n, row.same(-high), z)
    r = _call(builder, "fma", n, row.same(-low), r)
    power = row.same(1 / factorial(terms - 1))
    for k in range(terms - 2, -1, -1):
        power = _call(builder, "fma", power, r, row.same(1 / factorial(k)))
    # 2ⁿ as two factors whose biased exponents add up to n + 2 bias, since 2ⁿ itself may lie outside
    # the normal numbers
    integers = ir.VectorType(ir.IntType(row.dtype.bitwidth), row.layout.lanes)
    field, one, ones = (
        ir.Constant(integers, [integer] * row.layout.lanes)
        for integer in (mantissa, 1, (2 * bias + 1) << mantissa)
    )
    exponents = builder.shl(builder.bitcast(shifted, integers), field)
    half = builder.and_(builder.lshr(exponents, one), ones)
    for factor in (half, builder.sub(exponents, half)):
        power = builder.fmul(power, builder.bitcast(factor, row.register))
    return power


def _less(builder, row: Row, a, b):
    return builder.select(builder.fcmp_ordered("<", a, b), row.same(1.0), row.same(0.0))


def _instruction(name: str) -> Callable:
    return lambda builder, row, a, b: getattr(builder, name)(a, b)


OPERATIONS = {
    operator.add: _instruction("fadd"),
    operator.sub: _instruction("fsub"),
    operator.mul: _instruction("fmul"),
    operator.truediv: _instruction("fdiv"),
    exp: _exp,
    log: lambda builder, row, z: _call(builder, "log", z),
    less: _less,
    fma: lambda builder, row, a, b, c: _call(builder, "fma", a, b, c),
}


def _register_operation(function: Callable, build: Callable) -> None:
    """Let numba compile a function of rows and numbers, and broadcast rows with one number per
    model over the classes."""

    class Typing(AbstractTemplate):
        def generic(self, operands, _):
            rows = [kind for kind in operands if isinstance(kind, Row)]
            return signature(max(rows, key=lambda r: r.registers), *operands) if rows else None

    def generate(context, builder, sig, args):
        row = sig.return_type

        def registers(kind, value):
            if isinstance(kind, Row):
                return _unpack(builder, kind, value) * (row.registers // kind.registers)
            number = context.cast(builder, value, kind, row.dtype)
            return [_splat(builder, number, row.layout.lanes)] * row.registers

        operands = [registers(*operand) for operand in zip(sig.args, args, strict=True)]
        results = [build(builder, row, *of_one) for of_one in zip(*operands, strict=True)]
        return _pack(builder, row, results)

    infer_global(function)(Typing)
    for number in (types.Float, types.Integer):
        for kinds in ((Row,), (Row, Row), (number, Row), (Row, number), (number, Row, Row)):
            lower_builtin(function, *kinds)(generate)


for function, build in OPERATIONS.items():
    _register_operation(function, build)
