"""How kernels are compiled, and numba's cache of them on disk."""

import hashlib
import logging
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numba

_SOURCES = Path(__file__).parent

inlined = numba.njit(error_model="numpy", forceinline=True)


def kernel(function: Callable) -> Callable:
    """Compile a function of this folder, to be called from Python, once for each state of its
    sources. Where the cache is damaged, the folder is deleted, and the kernel compiled again."""
    compiled = numba.njit(error_model="numpy", cache=folder() is not None)(function)

    @wraps(function)
    def run(*arguments: Any) -> Any:
        try:
            return compiled(*arguments)
        except Exception as error:  # damaged files raise very many kinds, before anything runs
            if not folder() or not any(folder().rglob("*.nb*")):
                raise
            logging.warning("%s: cannot be read (%s); compiling again", folder(), error)
            shutil.rmtree(folder())
            compiled.enable_caching()
            return compiled(*arguments)

    run.compiled = compiled
    return run


@cache
def folder() -> Path | None:
    """The folder of numba's cache, named by a digest of the sources and versions, since numba looks
    at the file of a kernel alone, not at what it imports. None where no folder can be written."""
    versions = f"{sys.version} {numba.__version__}"
    sources = [path.read_bytes() for path in sorted(_SOURCES.glob("*.py"))]
    digest = hashlib.sha256(b"\0".join([versions.encode(), *sources])).hexdigest()[:16]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for place in (_SOURCES / "__pycache__", home / "descent"):
        path = place / f"numba-{digest}"
        try:
            path.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=path) as file:
                file.write(bytes(4096))  # a full disk still takes names
                file.flush()
        except OSError:
            continue
        numba.config.CACHE_DIR = str(path)
        return path
    return None
