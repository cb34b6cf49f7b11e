"""What goes over the classes of a sample: sums, maxima, labels."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import (
    intrinsic,
    lower_builtin,
    lower_getattr,
    models,
    overload,
    overload_method,
    register_model,
)
import operator

from descent.compiled.scores import INT, Scores, maximum, packed, splat, unpacked


def _inside(builder, kind: Scores, register, outside: float):
    """A register of one model with its padding set to `outside`."""
    inside = [lane < kind.classes for lane in range(kind.lanes)]
    mask = ir.Constant(ir.VectorType(ir.IntType(1), kind.lanes), inside)
    return builder.select(mask, register, kind.same(outside))


def _reduction(of_lanes: str, start: float | None, outside: float, of_two):
    """A reduction over the classes, to scores of one class, as with keepdims.

    of_lanes, start, outside: LLVM's reduction of a register, its start value, and what padding
    counts as; of_two(builder, kind, left, right): of two registers.
    """

    @intrinsic
    def reduce(typing_context, z):
        def generate(context, builder, of_call, arguments):
            registers = unpacked(builder, z, arguments[0])
            while len(registers) > 1:  # a tree, always the same one
                pairs = zip(registers[::2], registers[1::2], strict=False)
                left_over = registers[len(registers) // 2 * 2 :]
                registers = [of_two(builder, z, *pair) for pair in pairs] + left_over
            if z.models == 1:
                registers = [one_register(builder, registers[0])]
            return packed(builder, of_call.return_type, registers)

        def one_register(builder, register):
            number = z.register.element
            given = [number, z.register] if start is not None else [z.register]
            function = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(number, given),
                f"llvm.vector.reduce.{of_lanes}.v{z.lanes}f{z.dtype.bitwidth}",
            )
            first = [] if start is None else [number(start)]
            inside = _inside(builder, z, register, outside)
            # reassoc: a tree of additions, always the same one
            return splat(builder, builder.call(function, [*first, inside], fastmath=["reassoc", "nsz"]), 1)

        return z.of(1)(z), generate

    return reduce


_sum = _reduction("fadd", -0.0, 0.0, lambda builder, kind, a, b: builder.fadd(a, b))
_max = _reduction(
    "fmaximum", None, -np.inf, maximum
)


def _method(name: str, reduce) -> None:
    def implementation(z, axis, keepdims=False):
        return lambda z, axis, keepdims=False: reduce(z)

    overload_method(Scores, name, inline="always")(implementation)


_method("sum", _sum)
_method("max", _max)
overload_method(Scores, "squeeze", inline="always")(lambda z, axis: lambda z, axis: z)


class Shape(types.Opaque):
    """The numba type of z.shape and of z.shape[axis]: how many classes, and of what scores."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        super().__init__(name=f"Shape({scores})")


register_model(Shape)(models.OpaqueModel)


@infer_getattr
class _Attributes(AttributeTemplate):
    key = Scores

    def resolve_shape(self, z):
        return Shape(z)


@lower_getattr(Scores, "shape")
def _shape(context, builder, z, value):
    return context.get_dummy_value()


@infer_global(operator.getitem)
class _Axis(AbstractTemplate):
    def generic(self, arguments, _):
        return signature(arguments[0], *arguments) if isinstance(arguments[0], Shape) else None


@lower_builtin(operator.getitem, Shape, types.Integer)
def _axis(context, builder, of_call, arguments):
    return arguments[0]


@infer_global(np.expand_dims)
class _ExpandDims(AbstractTemplate):
    def generic(self, arguments, _):
        number = isinstance(arguments[0], types.Integer | types.Float)
        return signature(arguments[0], *arguments) if number else None


@lower_builtin(np.expand_dims, types.Integer, types.Integer)
@lower_builtin(np.expand_dims, types.Float, types.Integer)
def _expand_dims(context, builder, of_call, arguments):
    """A sample's label or target, a number, goes with all its classes."""
    return arguments[0]


def _classes_where(symbol: str):
    """The mask of the classes whose number compares so with a label."""

    @intrinsic
    def compare(typing_context, classes, y):
        kind = classes.scores.of(classes.scores.classes, mask=True)

        def generate(context, builder, of_call, arguments):
            label = splat(builder, context.cast(builder, arguments[1], y, types.int32), kind.lanes)
            numbers = [range(kind.lanes)]
            if kind.models > 1:
                numbers = [[k] * kind.lanes for k in range(kind.classes)]
            masks = []
            for of_register in numbers:
                number = ir.Constant(label.type, list(of_register))
                here = builder.icmp_signed(symbol, number, label)
                masks.append(builder.select(here, kind.same(1.0), kind.same(0.0)))
            return packed(builder, kind, masks)

        return kind(classes, y), generate

    return compare


classes_equal = _classes_where("==")
classes_before = _classes_where("<")


@intrinsic
def zero_padding(typing_context, z):
    """Scores of one model with zeros beside its classes."""

    def generate(context, builder, of_call, arguments):
        register = builder.extract_value(arguments[0], 0)
        return packed(builder, z, [_inside(builder, z, register, 0.0)])

    return z(z), generate
