"""What a model says of each of its parameters."""

from typing import NamedTuple


class Layer(NamedTuple):
    """A parameter: its shape, and the inputs of its layer, which scale its initial values."""

    shape: tuple[int, ...]
    inputs: int
