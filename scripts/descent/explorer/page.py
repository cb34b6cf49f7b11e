"""A page in one file: its style sheets, modules and data inside it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from gzip import compress
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINES = 3  # of the headline, before the rest is folded


def page(folder: Path, words: Mapping[str, Any], columns: Mapping[str, NDArray]) -> str:
    """explorer.html of the folder with what its places {name} stand for.

    The places are the study's name, question and headline, the style sheets, an import map, which
    gives each of the JavaScript modules by its name, and the data: words as JSON, and columns of
    float32, int32 or uint8 one after the other, gzip, base64.
    """
    layout = [[name, column.dtype.name, column.size] for name, column in columns.items()]
    numbers = b"".join(np.ascontiguousarray(column).tobytes() for column in columns.values())
    modules = {file.stem: _as_url(file) for file in sorted(folder.glob("*.js"))}
    places = {
        "title": escape(words["study"]),
        "question": escape(words["question"]),
        "headline": _headline(words["headline"]),
        "style": "".join(_read(file) for file in sorted(folder.glob("*.css"))),
        "modules": json.dumps({"imports": modules}),
        "words": _json({**words, "columns": layout}),
        "columns": b64encode(compress(numbers, mtime=0)).decode(),
    }
    parts = _read(folder / "explorer.html").split("{{")
    filled = [part.partition("}}") for part in parts[1:]]
    return parts[0] + "".join(places[name] + rest for name, _, rest in filled)


def _headline(lines: list[str]) -> str:
    """A list, of which all but a few lines are folded."""
    items = [f"<li>{escape(line)}</li>" for line in lines]
    first, rest = "".join(items[:LINES]), "".join(items[LINES:])
    folded = f"<details><summary>and {len(lines) - LINES} more</summary><ul>{rest}</ul></details>"
    return f"<ul>{first}</ul>{folded if rest else ''}"


def _json(words: Mapping[str, Any]) -> str:
    """JSON that a script element may hold; ValueError for numbers that JSON lacks."""
    return json.dumps(words, ensure_ascii=False, allow_nan=False).replace("<", r"\u003c")


def _as_url(file: Path) -> str:
    return f"data:text/javascript;base64,{b64encode(file.read_bytes()).decode()}"


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
