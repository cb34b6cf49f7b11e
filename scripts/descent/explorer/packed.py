"""Columns of numbers as text, which report/explorer/columns.js reads."""

from base64 import b64encode
from collections.abc import Mapping
from gzip import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"float32", "int32", "uint8"}


def packed(columns: Mapping[str, NDArray]) -> tuple[list[dict[str, Any]], str]:
    """Name, type and length of each column, in order, and all of them: bytes, gzip, base64.

    Numbers of four bytes are written as the differences of their bit patterns, modulo 2³², the
    lowest byte of all, then the second, and so on: neighbours are alike in their high bytes, and
    gzip takes a quarter less than of the numbers themselves.
    """
    layout, parts = [], []
    for name, column in columns.items():
        if column.dtype.name not in TYPES:
            raise TypeError(f"{name} is {column.dtype}; {', '.join(sorted(TYPES))} can be packed")
        flat = np.ascontiguousarray(column).ravel()
        layout.append({"name": name, "type": flat.dtype.name, "length": flat.size})
        if flat.dtype != np.uint8:
            patterns = np.diff(flat.view(np.uint32), prepend=np.uint32(0)).astype("<u4")
            flat = patterns.view(np.uint8).reshape(-1, 4).T
        parts.append(flat.tobytes())
    return layout, b64encode(compress(b"".join(parts), mtime=0)).decode()
