"""The files of this project that a rule reads: which modules a script imports, and where they lie.

Paths are relative to the working folder, which may be another than that of the Snakefile: where
both are moved together, nothing is made again.
"""

import ast
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent


def own(file: str) -> str:
    """A file of this project, named by its path from the Snakefile."""
    return os.path.relpath(SCRIPTS.parent / file)


def parts(pattern: str) -> list[str]:
    """Files of this project by a pattern, sorted."""
    return sorted(map(os.path.relpath, SCRIPTS.parent.glob(pattern)))


@cache
def modules(script: str, *chosen: str) -> list[str]:
    """Files of all modules below scripts/ that a script imports, directly or not, sorted.

    script: a file of scripts/; chosen: the modules it imports by a name that is given at run time,
    as "descent.models.sigmoid_softmax". Imports inside functions count.
    """
    names = {*_imported(SCRIPTS / script, package=""), *chosen}
    found: set[Path] = set()
    while names:
        name = names.pop()
        for path, package in _files(name):
            if path not in found:
                found.add(path)
                names.update(_imported(path, package))
    return sorted(map(os.path.relpath, found))


def _files(name: str) -> Iterator[tuple[Path, str]]:
    """What Python runs to import a dotted name, each file with its package; nothing if not ours.

    The last part of the name may be a function of the module instead of a module.
    """
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path, package = SCRIPTS.joinpath(*parts[:end]), ".".join(parts[:end])
        if (path / "__init__.py").is_file():
            yield path / "__init__.py", package
        elif path.with_suffix(".py").is_file():
            yield path.with_suffix(".py"), package.rpartition(".")[0]


@cache
def _imported(path: Path, package: str) -> frozenset[str]:
    """Dotted names in the import statements of a file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
    return frozenset(names)
