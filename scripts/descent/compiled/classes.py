"""What goes over the classes of a sample: sums, maxima, labels."""

import operator
from collections.abc import Callable
from itertools import zip_longest

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import (
    intrinsic,
    lower_getattr,
    models,
    overload,
    overload_method,
    register_model,
)

from descent.compiled.scores import INT, Scores, maximum, packed, splat, unpacked


def _inside(builder, kind: Scores, register, outside: float):
    """A register of one model with its padding set to `outside`."""
    inside = [lane < kind.classes for lane in range(kind.lanes)]
    mask = ir.Constant(ir.VectorType(ir.IntType(1), kind.lanes), inside)
    return builder.select(mask, register, kind.same(outside))


def _halves(builder, register) -> list:
    """Its lanes in two registers."""
    half = register.type.count // 2
    return [
        builder.shuffle_vector(
            register,
            register,
            ir.Constant(ir.VectorType(INT, half), list(range(first, first + half))),
        )
        for first in (0, half)
    ]


def _reduction(of_two: Callable, padding: float):
    """A reduction over the classes, to scores of one class, as with keepdims.

    of_two(builder, kind, left, right): of two registers, or numbers; padding: what changes nothing.
    The second half of the classes is taken to the first, with padding up to a power of two, until
    one is left: the same sums, however many models there are.
    """

    @intrinsic
    def reduce(typing_context, z):
        def generate(context, builder, of_call, arguments):
            registers = unpacked(builder, z, arguments[0])
            while len(registers) > 1:
                half = 1 << (len(registers) - 1).bit_length() - 1
                pairs = zip_longest(registers[:half], registers[half:])
                registers = [
                    left if right is None else of_two(builder, z, left, right)
                    for left, right in pairs
                ]
            if z.models == 1:
                register = _inside(builder, z, *registers, padding)
                while register.type.count > 1:
                    register = of_two(builder, z, *_halves(builder, register))
                registers = [register]
            return packed(builder, of_call.return_type, registers)

        return z.of(1)(z), generate

    return reduce


_sum = _reduction(lambda builder, kind, *two: builder.fadd(*two), -0.0)
_max = _reduction(maximum, -np.inf)


@overload_method(Scores, "sum", inline="always")
def _scores_sum(z, axis, keepdims=False):
    return lambda z, axis, keepdims=False: _sum(z)


@overload_method(Scores, "max", inline="always")
def _scores_max(z, axis, keepdims=False):
    return lambda z, axis, keepdims=False: _max(z)


@overload_method(Scores, "squeeze", inline="always")
def _scores_squeeze(z, axis):
    return lambda z, axis: z


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


@overload(operator.getitem)
def _axis(shape, axis):
    return (lambda shape, axis: shape) if isinstance(shape, Shape) else None


@overload(np.expand_dims)
def _expand_dims(y, axis):  # a sample's label or target goes with all its classes
    return (lambda y, axis: y) if isinstance(y, types.Integer | types.Float) else None


def _classes_where(symbol: str):
    """The mask of the classes whose number compares so with a label."""

    @intrinsic
    def compare(typing_context, classes, y):
        kind = classes.scores.of(classes.scores.classes, mask=True)

        def generate(context, builder, of_call, arguments):
            label = splat(builder, context.cast(builder, arguments[1], y, types.int32), kind.lanes)
            side_by_side = kind.models == 1
            masks = []
            for i in range(kind.registers):
                numbers = [lane if side_by_side else i for lane in range(kind.lanes)]
                here = builder.icmp_signed(symbol, ir.Constant(label.type, numbers), label)
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
