"""The constants of the files in descent's folders, read without importing what they import."""

import ast
from functools import cache
from typing import Any

from descent import plugins
from descent.declaration import meant, read
from descent.errors import InputError


@cache
def constants(kind: str, name: str, structure: type) -> Any:
    """The constants of descent/<kind>/<name>.py as a declared structure, without importing it.

    Raises InputError, a line for each mistake, where one is missing, wrong or nearly so named, or
    where the file lacks a function.
    """
    where, body = plugins.place(kind, name), _tree(kind, name).body
    assigned = _assigned(body)
    wanted = structure.__dataclass_fields__
    mistakes = [
        f"{where}: found {other}; {meant(other, wanted)}"
        for other in assigned.keys() - wanted
        if other.isupper() and meant(other, wanted)
    ]
    values = {}
    for constant in assigned.keys() & wanted:
        try:
            values[constant] = ast.literal_eval(assigned[constant])
        except ValueError:
            mistakes.append(f"{where}: {constant} is not written out")
    right = read(structure, values, where, mistakes, lambda where, name: f"{where}: {name}")
    if mistakes:
        raise InputError("\n".join(mistakes))
    plugins.check(kind, name, _defined(body))
    return structure(**right)


def caption(figure: str) -> str:
    """The caption of a figure: the docstring of its file."""
    return ast.get_docstring(_tree("figures", figure)) or ""


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr | None]:
    """What a file assigns to names."""
    values = {}
    for node in body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if isinstance(node, ast.Assign | ast.AnnAssign):
            names = (name for target in targets for name in ast.walk(target))
            values |= {name.id: node.value for name in names if isinstance(name, ast.Name)}
    return values


def _defined(body: list[ast.stmt]) -> set[str]:
    """Functions that a file defines, imports, or names anew."""
    imported = {a.asname or a.name for n in body if isinstance(n, ast.ImportFrom) for a in n.names}
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    return imported | defined | _assigned(body).keys()


@cache
def _tree(kind: str, name: str) -> ast.Module:
    path = plugins.DESCENT / kind / f"{name}.py"
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        place = f"{plugins.place(kind, name)}, line {error.lineno}"
        raise InputError(f"{place}: is not Python ({error.msg})") from None
