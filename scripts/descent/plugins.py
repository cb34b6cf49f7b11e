"""What can be chosen by name: the files of a folder of descent."""

import ast
from collections.abc import Container
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from descent.declaration import meant, read
from descent.errors import InputError

DESCENT = Path(__file__).parent
# what a file of each folder defines at least, beside the constants that are declared in ability.py
PROVIDES = {
    "datasets": ("SIZE", "obtain"),
    "models": ("layers", "outputs", "losses"),
    "update_rules": ("update",),
    "engines": ("device", "train"),
    "evaluators": ("device", "mean_loss_and_accuracy"),
    "figures": ("draw",),
}


def available(kind: str) -> list[str]:
    """Names of the files in descent/<kind>, without those that start with an underscore."""
    return sorted(path.stem for path in (DESCENT / kind).glob("[!_]*.py"))


def plugin(kind: str, name: str) -> ModuleType:
    """The file descent/<kind>/<name>.py, imported; InputError where it is not what it should be."""
    try:
        file = import_module(f"descent.{kind}.{name}")
    except InputError:
        raise
    except Exception as error:
        _tree(kind, name)  # says where it is not Python
        why = f"{type(error).__name__}: {error}"
        raise InputError(f"{_place(kind, name)}: cannot be imported ({why})") from error
    _check(kind, name, vars(file))
    return file


@cache
def constants(kind: str, name: str, structure: type) -> Any:
    """The constants of descent/<kind>/<name>.py as a declared structure, without importing it.

    Raises InputError, a line for each mistake, where one is missing, wrong or nearly so named, or
    where the file lacks a function.
    """
    where, body = _place(kind, name), _tree(kind, name).body
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
    _check(kind, name, _defined(body))
    return structure(**right)


def _check(kind: str, name: str, defined: Container[str]) -> None:
    if missing := [needed for needed in PROVIDES[kind] if needed not in defined]:
        raise InputError(f"{_place(kind, name)}: defines no {', no '.join(missing)}")


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


def _place(kind: str, name: str) -> str:
    return f"scripts/descent/{kind}/{name}.py"


@cache
def _tree(kind: str, name: str) -> ast.Module:
    path = DESCENT / kind / f"{name}.py"
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        place = f"{_place(kind, name)}, line {error.lineno}"
        raise InputError(f"{place}: is not Python ({error.msg})") from None
