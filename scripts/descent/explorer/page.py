"""A page in one file: its style sheets, scripts and data inside it."""

import json
import re
from collections.abc import Mapping
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from descent.explorer.packed import packed

PACKAGE = "uplot-python"
_PLACE = re.compile(r"\{(title|data|columns)\}")
_STYLE = re.compile(r'<link rel="stylesheet" href="(.+)">')
_SCRIPT = re.compile(r'<script( type="module")? src="(.+)"></script>')
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(.+)";\n', re.MULTILINE)


def page(template: Path, words: Mapping[str, Any], columns: Mapping[str, NDArray]) -> str:
    """The template with the files that it names in place of their names, and with the data.

    Files are looked for beside it, then among those of uPlot's package. Of JavaScript modules,
    imports become what they import, so that one script is left.
    """
    layout, content = packed(columns)
    text = json.dumps({**words, "columns": layout}, ensure_ascii=False, allow_nan=False)
    data = text.replace("<", r"\u003c")

    def style(match: re.Match) -> str:
        return f"<style>\n{_read(template.parent, match[1])}</style>"

    def script(match: re.Match) -> str:
        of_module = match[1] or ""
        text = _bundled(template.parent, match[2], set()) if of_module else ""
        return f"<script{of_module}>\n{text or _read(template.parent, match[2])}</script>"

    places = {"title": escape(words["study"]), "data": data, "columns": content}
    text = _PLACE.sub(lambda match: places[match[1]], template.read_text(encoding="utf-8"))
    return _SCRIPT.sub(script, _STYLE.sub(style, text))


def _bundled(folder: Path, name: str, done: set[str]) -> str:
    """A module behind all that it imports and that is not done yet, in one scope."""
    done.add(name)
    text = (folder / name).read_text(encoding="utf-8")
    imported = [_bundled(folder, n, done) for n in _IMPORT.findall(text) if n not in done]
    own = re.sub("^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE)
    return "".join([*imported, own])


def _read(folder: Path, name: str) -> str:
    """A file of the folder, or of uPlot, which its package holds."""
    path = folder / name
    if not path.exists():
        path = Path(str(distribution(PACKAGE).locate_file(f"uplot/static/{name}")))
    return path.read_text(encoding="utf-8")
