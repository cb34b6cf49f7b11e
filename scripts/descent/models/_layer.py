"""Specification of a model's parameters, and the axis of its outputs."""

from typing import NamedTuple

OUTPUT_AXIS = -2  # the axis of the outputs, or classes, in arrays [..., outputs, n]


class Layer(NamedTuple):
    """A parameter: its shape, and the fan-in of its layer, which scales its initial values."""

    shape: tuple[int, ...]
    inputs: int
