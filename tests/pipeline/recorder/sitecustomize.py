"""Records the imports of a script. Python loads this file at its start from PYTHONPATH.

Each executed import statement is an edge from a file of scripts/ to another. Modules that are
imported by name, as in descent.plugins, are recorded as chosen.
"""

import atexit
import builtins
import importlib
import json
import os
import sys
from pathlib import Path

FOLDER = Path(os.environ["IMPORTS"])
edges: dict[str, set[str]] = {}
chosen: set[str] = set()
by_statement, by_name = builtins.__import__, importlib.import_module


def file_of(name: str) -> str | None:
    """The path of an imported module below scripts/."""
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return file.rpartition("/scripts/")[2] if "/scripts/" in file else None


def record_statement(name, globals=None, locals=None, fromlist=(), level=0):
    module = by_statement(name, globals, locals, fromlist, level)
    importer = (globals or {}).get("__file__") or ""
    if "/scripts/" in importer:
        base = module.__name__ if fromlist else name
        names = [f"{base}.{inside}" for inside in fromlist or ()]
        if not names or not all(map(file_of, names)):
            names.append(base)
        found = edges.setdefault(importer.rpartition("/scripts/")[2], set())
        found.update(filter(None, map(file_of, names)))
    return module


def record_name(name, package=None):
    module = by_name(name, package)
    if file_of(name):
        chosen.add(name.removeprefix("descent."))
    return module


def write() -> None:
    from threadpoolctl import threadpool_info

    content = {
        "argv": sys.argv,
        "edges": {importer: sorted(found) for importer, found in edges.items()},
        "chosen": sorted(chosen),
        "packages": sorted({name.split(".")[0] for name in sys.modules}),
        "threads": [pool["num_threads"] for pool in threadpool_info()],
    }
    (FOLDER / f"{os.getpid()}.json").write_text(json.dumps(content))


if "/scripts/" in " ".join(sys.orig_argv):
    builtins.__import__, importlib.import_module = record_statement, record_name
    atexit.register(write)
