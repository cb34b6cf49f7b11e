"""Compiling with numba, once for each state of the sources."""

import hashlib
from pathlib import Path

import numba

_DESCENT = Path(__file__).parent.parent
_FOLDERS = ("compiled", "engines", "evaluators", "models")


def _cache_folder() -> str:
    """A folder for kernels compiled from these sources: numba does not see a change in a file that
    the file of the kernel imports."""
    sources = [_DESCENT / "functions.py"]
    sources += sorted(path for folder in _FOLDERS for path in (_DESCENT / folder).glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    return str(Path(__file__).parent / "__pycache__" / f"numba-{digest.hexdigest()[:16]}")


numba.config.CACHE_DIR = _cache_folder()

compiled = numba.njit(cache=True)
inlined = numba.njit
