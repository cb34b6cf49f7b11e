"""What a model says of each of its parameters, and what lies where in its outputs."""

from typing import NamedTuple

OUTPUT_AXIS = -2  # the axis of the outputs in arrays [..., outputs, n]; of a classifier its classes


class Layer(NamedTuple):
    """A parameter: its shape, and the inputs of its layer, which scale its initial values."""

    shape: tuple[int, ...]
    inputs: int
