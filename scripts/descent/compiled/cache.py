"""Compilation of kernels, and numba's cache of them on disk."""

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
    """Compile a function of this package for calls from Python, with a cache on disk.

    A damaged cache is deleted, and the kernel recompiled.
    """
    compiled = numba.njit(error_model="numpy", cache=cache_dir() is not None)(function)

    @wraps(function)
    def run(*arguments: Any) -> Any:
        try:
            return compiled(*arguments)
        except Exception as error:  # damaged files raise many types, before the kernel runs
            if not cache_dir() or not any(cache_dir().rglob("*.nb*")):
                raise
            logging.warning("%s: cannot be read (%s); compiling again", cache_dir(), error)
            shutil.rmtree(cache_dir())
            compiled.enable_caching()
            return compiled(*arguments)

    run.compiled = compiled
    return run


@cache
def cache_dir() -> Path | None:
    """The directory of numba's cache, or None if none is writable.

    Its name is a digest of the sources and versions, since numba checks only the file of a kernel,
    not the modules that it imports.
    """
    versions = f"{sys.version} {numba.__version__}"
    sources = [path.read_bytes() for path in sorted(_SOURCES.glob("*.py"))]
    digest = hashlib.sha256(b"\0".join([versions.encode(), *sources])).hexdigest()[:16]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for place in (_SOURCES / "__pycache__", home / "descent"):
        path = place / f"numba-{digest}"
        try:
            path.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=path) as file:
                file.write(bytes(4096))  # on a full disk, creating a file succeeds but this fails
                file.flush()
        except OSError:
            continue
        numba.config.CACHE_DIR = str(path)
        return path
    return None
