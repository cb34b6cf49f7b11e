"""The scores of one sample as one value for numba, in vector registers.

`Scores(dtype, classes, models)` is a numba type, of the shape [classes, models]. Of one model, the
classes lie side by side in one register, padded to a power of two; of several models, each class
has a register with a lane for each model, and lanes to spare up to a power of two, in which there
may be anything. A row of weights, of its gradient or of an update rule's state is one too: what a
feature adds to the scores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox
from numpy.typing import DTypeLike, NDArray

INT = ir.IntType(32)


class Static(types.Opaque):
    """The numba type of a value that the compiler knows; compiled code passes nothing for it."""

    def __init__(self, value: object) -> None:
        self.value = value
        super().__init__(name=repr(value))


register_model(Static)(models.OpaqueModel)


@unbox(Static)
def _unbox_static(static, value, context):
    return NativeValue(context.context.get_dummy_value())


WIDE = 8  # numbers in a register of what goes number by number, as sums of rows do
TOGETHER = 8  # models side by side at most: ten classes of them fill ten such registers


@dataclass(frozen=True)
class Layout:
    """How rows of arrays are read: as scores of so many classes and models.

    Class by class, the models of each side by side. The spare lanes of a class read what follows
    it, and what is written to them is overwritten by the next class; behind the last class there is
    padding for them.
    """

    classes: int
    models: int = 1

    @property
    def width(self) -> int:
        """Numbers in a row, with padding."""
        if self.models == 1:
            return _lanes(self.classes, self.models)
        end = (self.classes - 1) * self.models + _lanes(self.classes, self.models)
        return -(-end // WIDE) * WIDE

    @property
    def whole(self) -> "Layout":
        """The same rows, where it does not matter which number belongs to what."""
        return self if self.models == 1 else Layout(self.width // WIDE, WIDE)

    def numbers(self, rows: NDArray) -> NDArray:
        """The numbers in rows, [rows, classes, models], without the padding."""
        numbers = self.classes * self.models
        return rows[:, :numbers].reshape(len(rows), self.classes, self.models)


typeof_impl.register(Layout)(lambda layout, context: Static(layout))


def _lanes(classes: int, models: int) -> int:
    """Lanes of a register: a power of two, and with the classes of one model 1 or at least 4."""
    if models > 1:
        return 1 << (models - 1).bit_length()
    return 1 if classes == 1 else max(4, 1 << (classes - 1).bit_length())


def zeros(rows: int, layout: Layout, dtype: DTypeLike) -> NDArray:
    """Rows of zeros, [rows, layout.width], the first of which begins a cache line."""
    size = rows * layout.width
    memory = np.zeros(size + 64, dtype)
    offset = -memory.ctypes.data % 64 // memory.itemsize
    return memory[offset : offset + size].reshape(rows, layout.width)


class Scores(types.Type):
    """classes × models numbers of dtype float32 or float64, or, as a mask, 1 for true, 0 for false.

    As in NumPy, scores of one class go with those of any number, element by element.
    """

    def __init__(self, dtype: types.Float, classes: int, models: int, mask: bool = False):
        self.dtype, self.classes, self.models, self.mask = dtype, classes, models, mask
        super().__init__(name=f"Scores({dtype}, {classes}, {models}, {mask})")

    def of(self, classes: int, mask: bool = False) -> "Scores":
        """The type of as many models with other classes."""
        return Scores(self.dtype, classes, self.models, mask)

    @property
    def lanes(self) -> int:
        """Numbers in a register."""
        return _lanes(self.classes, self.models)

    @property
    def registers(self) -> int:
        """How many hold the scores."""
        return 1 if self.models == 1 else self.classes

    @property
    def register(self) -> ir.VectorType:
        """A register's type."""
        number = ir.FloatType() if self.dtype == types.float32 else ir.DoubleType()
        return ir.VectorType(number, self.lanes)

    def same(self, value: float) -> ir.Constant:
        """A register with one number in all lanes."""
        return ir.Constant(self.register, [value] * self.lanes)


@register_model(Scores)
class _ScoresModel(models.PrimitiveModel):
    def __init__(self, manager, kind: Scores) -> None:
        super().__init__(manager, kind, ir.ArrayType(kind.register, kind.registers))


# What builds LLVM instructions, here and in the modules that use these


def call(builder, name: str, *registers, fastmath=()):
    """LLVM's function of this name, from registers of one type to another one of it."""
    kind = registers[0].type
    bits = 32 if kind.element == ir.FloatType() else 64
    function_type = ir.FunctionType(kind, [kind] * len(registers))
    name = f"llvm.{name}.v{kind.count}f{bits}"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    return builder.call(function, registers, fastmath=fastmath)


def maximum(builder, kind: Scores, *two):
    """The larger in each lane, and nan where one is nan; of 0 and -0 (nsz) any."""
    return call(builder, "maximum", *two, fastmath=["nsz"])


def minimum(builder, kind: Scores, *two):
    """The smaller in each lane, likewise."""
    return call(builder, "minimum", *two, fastmath=["nsz"])


def splat(builder, number, lanes: int):
    """A register with one number in all lanes."""
    first = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
    first = builder.insert_element(first, number, INT(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(INT, lanes), [0] * lanes))


def unpacked(builder, kind: Scores, value) -> list:
    """The registers of scores."""
    return [builder.extract_value(value, i) for i in range(kind.registers)]


def packed(builder, kind: Scores, registers: Sequence):
    """Scores from their registers."""
    scores = ir.Constant(ir.ArrayType(kind.register, kind.registers), ir.Undefined)
    for i, register in enumerate(registers):
        scores = builder.insert_value(scores, register, i)
    return scores


# Memory: rows of C-ordered arrays, two-dimensional with Layout.width numbers a row


def _place(context, builder, array_type, array, row_type, row, kind: Scores) -> Callable:
    """Where the i-th register of a row lies."""
    if array_type.layout != "C":
        raise TypingError(f"rows lie in C-ordered arrays, not in {array_type}")
    data = context.make_array(array_type)(context, builder, array).data
    row = context.cast(builder, row, row_type, types.intp)
    first = builder.mul(row, row.type(Layout(kind.classes, kind.models).width))
    numbers = builder.gep(data, [first])

    def place(i: int):
        number = builder.gep(numbers, [INT(i * kind.models)])
        return builder.bitcast(number, kind.register.as_pointer())

    return place


@intrinsic
def zero(typing_context, array, layout):
    """Scores of zeros, in the dtype of an array."""
    kind = Scores(array.dtype, layout.value.classes, layout.value.models)

    def generate(context, builder, signature, arguments):
        return packed(builder, kind, [kind.same(0.0)] * kind.registers)

    return kind(array, layout), generate


@intrinsic
def load(typing_context, arrays, row, layout):
    """The scores in a row of an array, or a tuple of those in the same row of several."""
    array = arrays[0] if isinstance(arrays, types.BaseTuple) else arrays
    kind = Scores(array.dtype, layout.value.classes, layout.value.models)
    align = kind.dtype.bitwidth // 8

    def generate(context, builder, signature, arguments):
        def one(data):
            place = _place(context, builder, array, data, row, arguments[1], kind)
            registers = [builder.load(place(i), align=align) for i in range(kind.registers)]
            return packed(builder, kind, registers)

        if array is arrays:
            return one(arguments[0])
        each = [one(data) for data in cgutils.unpack_tuple(builder, arguments[0])]
        return context.make_tuple(builder, signature.return_type, each)

    gives = kind if array is arrays else types.UniTuple(kind, len(arrays))
    return gives(arrays, row, layout), generate


@intrinsic
def store(typing_context, arrays, row, scores):
    """Write scores to a row of an array, or those of a tuple to the same row of several.

    A tuple of one array takes scores also without a tuple around them.
    """
    of_arrays, of_scores = (
        list(kind) if isinstance(kind, types.BaseTuple) else [kind] for kind in (arrays, scores)
    )
    wanted = [array.dtype for array in of_arrays]
    if [getattr(kind, "dtype", None) for kind in of_scores] != wanted:
        return None

    def generate(context, builder, signature, arguments):
        data, values = (
            cgutils.unpack_tuple(builder, value) if isinstance(kind, types.BaseTuple) else [value]
            for kind, value in ((arrays, arguments[0]), (scores, arguments[2]))
        )
        for kind, value, *array in zip(of_scores, values, of_arrays, data, strict=True):
            place = _place(context, builder, *array, row, arguments[1], kind)
            for i, register in enumerate(unpacked(builder, kind, value)):
                builder.store(register, place(i), align=kind.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(arrays, row, scores), generate


def _cast(dtype: types.Float, z: Scores, instruction: str) -> tuple[Scores, Callable]:
    """The scores, the last argument, in another dtype: their kind, and what generates them."""
    kind = Scores(dtype, z.classes, z.models)

    def generate(context, builder, signature, arguments):
        registers = unpacked(builder, z, arguments[-1])
        if z.dtype != kind.dtype:
            cast = getattr(builder, instruction)
            registers = [cast(register, kind.register) for register in registers]
        return packed(builder, kind, registers)

    return kind, generate


@intrinsic
def in_double(typing_context, z):
    """The same scores in float64."""
    kind, generate = _cast(types.float64, z, "fpext")
    return kind(z), generate


@intrinsic
def in_dtype_of(typing_context, array, z):
    """The same scores, rounded to the dtype of an array, which has no more digits."""
    kind, generate = _cast(array.dtype, z, "fptrunc")
    return kind(array, z), generate


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line of an element before it is needed."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(array)(context, builder, arguments[0]).data
        position = context.cast(builder, arguments[1], index, types.intp)
        byte = ir.IntType(8).as_pointer()
        pointer = builder.bitcast(builder.gep(data, [position]), byte)
        function_type = ir.FunctionType(ir.VoidType(), [byte, INT, INT, INT])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
        to_read, to_keep, of_data = INT(0), INT(3), INT(1)
        builder.call(function, [pointer, to_read, to_keep, of_data])
        return context.get_dummy_value()

    return types.void(array, index), generate
