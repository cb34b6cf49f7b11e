"""What can be chosen by name: the files of a folder of descent."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from descent.errors import InputError

_REQUIRED = object()
DESCENT = Path(__file__).parent.parent / "descent"


def available(kind: str) -> list[str]:
    """Names of the files in descent/<kind>, without those that start with an underscore."""
    return sorted(path.stem for path in (DESCENT / kind).glob("[!_]*.py"))


def defines(kind: str, name: str, function: str) -> bool:
    """Whether the file descent/<kind>/<name>.py defines a function, found without importing it."""
    body = _tree(kind, name).body
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    imported = {a.asname or a.name for n in body if isinstance(n, ast.ImportFrom) for a in n.names}
    return function in defined | imported


def constant(kind: str, name: str, variable: str, default: Any = _REQUIRED) -> Any:
    """The value that descent/<kind>/<name>.py assigns to a variable, without importing it."""
    for node in _tree(kind, name).body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [variable]:
            return ast.literal_eval(node.value)
    if default is _REQUIRED:
        raise InputError(f"scripts/descent/{kind}/{name}.py: does not set {variable}")
    return default


def caption(figure: str) -> str:
    """The caption of a figure: the docstring of its file."""
    return ast.get_docstring(_tree("figures", figure)) or ""


@cache
def _tree(kind: str, name: str) -> ast.Module:
    path = DESCENT / kind / f"{name}.py"
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        place = f"scripts/descent/{kind}/{name}.py, line {error.lineno}"
        raise InputError(f"{place}: is not Python ({error.msg})") from None
