"""The code that a rule depends on, as a digest: Snakemake reruns a job whose digest has changed.

A digest covers a script, the modules of scripts/ that it imports, directly or not, and of what is
chosen by name only what the job imports. Comments and docstrings do not count, nor do modification
times: touching or copying files reruns nothing, and an edit reruns what it can change.
"""

import ast
import hashlib
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

SCRIPTS = Path(__file__).parents[2]
ROOT = SCRIPTS.parent
# what no result depends on: logs and messages, and the lists of figures and panels
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef
IGNORED = {"descent.stage", "descent.errors", "descent.figures", "descent.explorer"}


@cache
def digest(script: str, *chosen: str) -> str:
    """SHA-256 of a script of scripts/ and of what it imports of this project.

    chosen: modules that the script imports by a name of its arguments, as "models.neural_network",
    and other files that it reads, as "report/index.html".
    """
    files = [ROOT / name for name in chosen if "/" in name]
    parts = {path: _code(path) for path in sources(script, *(c for c in chosen if "/" not in c))}
    parts |= {path: path.read_text(encoding="utf-8") for path in files}
    named = sorted((str(path.relative_to(ROOT)), text) for path, text in parts.items())
    return hashlib.sha256(repr(named).encode()).hexdigest()


def sources(script: str, *chosen: str) -> set[Path]:
    """The script, and the modules of this project that it imports, directly or not.

    Imports inside functions count. Of a package, the file __init__ counts where it is imported
    itself, and that of descent, which sets the number of threads, always.
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
    """The file of a module of scripts/, and its package; None of other modules and of functions."""
    path = SCRIPTS.joinpath(*name.split("."))
    if (path / "__init__.py").is_file() and name != "descent":
        return path / "__init__.py", name
    file = path.with_suffix(".py")
    return (file, name.rpartition(".")[0]) if file.is_file() else (None, "")


@cache
def _imported(path: Path, package: str) -> frozenset[str]:
    """Dotted names in the import statements of a file."""
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
    """What a file says without comments and docstrings."""
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
