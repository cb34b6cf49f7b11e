"""Page in a single file, with its style sheets, modules and data."""

import json
from base64 import b64encode
from collections.abc import Mapping
from gzip import compress
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINES = 3  # of the headline, before the others are folded


def page(folder: Path, metadata: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> str:
    """Return explorer.html of the folder with its placeholders {{name}} filled.

    The placeholders are the name, question and headline of the study, the style sheets, an import
    map of the JavaScript modules as data URLs, the metadata as JSON, and the concatenated arrays
    (float32, int32 or uint8) as gzip in base64.
    """
    layout = [[name, array.dtype.name, array.size] for name, array in arrays.items()]
    numbers = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    modules = {file.stem: b64encode(file.read_bytes()) for file in sorted(folder.glob("*.js"))}
    urls = {name: f"data:text/javascript;base64,{code.decode()}" for name, code in modules.items()}
    values = {
        "title": escape(metadata["study"]),
        "question": escape(metadata["question"]),
        "headline": _headline(metadata["headline"]),
        "style": "".join(_read(file) for file in sorted(folder.glob("*.css"))),
        "modules": json.dumps({"imports": urls}),
        "metadata": _json({**metadata, "arrays": layout}),
        "arrays": b64encode(compress(numbers, mtime=0)).decode(),
    }
    parts = _read(folder / "explorer.html").split("{{")
    filled = [part.partition("}}") for part in parts[1:]]
    return parts[0] + "".join(values[name] + rest for name, _, rest in filled)


def _headline(lines: list[str]) -> str:
    items = [f"<li>{escape(line)}</li>" for line in lines]
    first, rest = "".join(items[:LINES]), "".join(items[LINES:])
    folded = f"<details><summary>and {len(lines) - LINES} more</summary><ul>{rest}</ul></details>"
    return f"<ul>{first}</ul>{folded if rest else ''}"


def _json(metadata: Mapping[str, Any]) -> str:
    """Return JSON for a script element; raises ValueError for numbers that are not finite."""
    return json.dumps(metadata, ensure_ascii=False, allow_nan=False).replace("<", r"\u003c")


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
