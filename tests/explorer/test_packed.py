"""Packed columns against a decoder that is written here anew."""

import gzip
from base64 import b64decode

import numpy as np
import pytest

from descent.explorer.packed import TYPES, packed


def unpacked(layout, text: str) -> dict[str, np.ndarray]:
    """Reads planes of bytes, lowest first, sums them up, and takes the bits for numbers."""
    content, columns = gzip.decompress(b64decode(text)), {}
    for column in layout:
        size = column["length"] * np.dtype(column["type"]).itemsize
        part, content = np.frombuffer(content[:size], np.uint8), content[size:]
        if column["type"] != "uint8":
            planes = part.reshape(4, -1).astype(np.uint64)
            differences = (planes * np.uint64(256) ** np.arange(4, dtype=np.uint64)[:, None]).sum(0)
            part = np.cumsum(differences.astype(np.uint32), dtype=np.uint32)
        columns[column["name"]] = part.view(column["type"])
    assert not content
    return columns


def random_columns(seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2**32, 97, dtype=np.uint32)
    odd = np.array([0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -3.4e38], np.float32)
    return {
        "bits": bits.view(np.float32),
        "odd": random.permutation(odd),
        "nothing": np.array([], np.float32),
        "table": random.normal(size=(5, 3)).astype(np.float32),
        "whole": random.integers(-(2**31), 2**31, 31).astype(np.int32),
        "ends": np.array([2**31 - 1, -(2**31), 0, -1], np.int32),
        "grey": random.integers(0, 256, (3, 2, 4), dtype=np.uint8),
        "turned": np.arange(12, dtype=np.float32).reshape(3, 4).T,
    }


def test_packed_columns_come_back_bit_for_bit():
    for seed in range(5):
        columns = random_columns(seed)
        layout, text = packed(columns)
        assert [column["name"] for column in layout] == list(columns)
        back = unpacked(layout, text)
        for name, column in columns.items():
            assert back[name].dtype == column.dtype
            assert back[name].tobytes() == column.tobytes(), name


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_other_types_are_refused_by_name(dtype):
    assert dtype not in TYPES
    with pytest.raises(TypeError, match=f"loss is {dtype}"):
        packed({"loss": np.zeros(3, dtype)})


def test_the_same_columns_are_the_same_bytes():
    layout, text = packed(random_columns(0))
    assert (layout, text) == packed(random_columns(0))
    assert b64decode(text)[4:8] == bytes(4)  # where gzip writes the time
