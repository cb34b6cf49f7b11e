"""Digests of the code that a rule depends on; Snakemake reruns a job whose digest has changed.

A digest covers a script, the modules of scripts/ that it imports, directly or indirectly, and those
files selected by name that the job imports. Comments, docstrings and modification times do not
count, so touching or copying files reruns nothing.
"""

import ast
import hashlib
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

SCRIPTS = Path(__file__).parents[2]
ROOT = SCRIPTS.parent
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef
# modules that do not affect results: logs, messages, and the lists of figures and panels
IGNORED = {"descent.stage", "descent.errors", "descent.figures", "descent.explorer"}


@cache
def digest(script: str, *chosen: str) -> str:
    """Return the SHA-256 of a script of scripts/ and of the project's modules that it imports.

    chosen: modules that the script imports by name, such as "models.neural_network", and other
    files that it reads, such as "report/index.html".
    """
    files = [ROOT / name for name in chosen if "/" in name]
    parts = {path: _code(path) for path in sources(script, *(c for c in chosen if "/" not in c))}
    parts |= {path: path.read_text(encoding="utf-8") for path in files}
    named = sorted((str(path.relative_to(ROOT)), text) for path, text in parts.items())
    return hashlib.sha256(repr(named).encode()).hexdigest()


def sources(script: str, *chosen: str) -> set[Path]:
    """Return the files of a script and of the project's modules that it imports, also indirectly.

    Imports inside functions count. The __init__ of a package counts only if the package itself is
    imported; that of descent, which sets the number of threads, always counts.
    """
    found = {SCRIPTS / script, SCRIPTS / "descent/__init__.py"}
    pending = {f"descent.{name}" for name in chosen} | _imported(SCRIPTS / script, package="")
    while pending:
        path, package = _find(name := pending.pop())
        if path and name not in IGNORED and path not in found:
            found.add(path)
            pending |= _imported(path, package)
    return found


def _find(name: str) -> tuple[Path | None, str]:
    """Return the file and the package of a module of scripts/, or (None, "") for other names."""
    path = SCRIPTS.joinpath(*name.split("."))
    if (path / "__init__.py").is_file() and name != "descent":
        return path / "__init__.py", name
    file = path.with_suffix(".py")
    return (file, name.rpartition(".")[0]) if file.is_file() else (None, "")


@cache
def _imported(path: Path, package: str) -> frozenset[str]:
    """Return the dotted names in the import statements of a file."""
    names: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            inside = {f"{base}.{alias.name}" for alias in node.names}
            submodules = {name for name in inside if _find(name)[0]}
            names |= submodules if submodules == inside else submodules | {base}
    return frozenset(names)


@cache
def _code(path: Path) -> str:
    """Return the syntax tree of a file without comments and docstrings, as text."""
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
