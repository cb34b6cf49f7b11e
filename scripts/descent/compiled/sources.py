"""Where compiled kernels lie. No numba here: to look for them takes no time."""

import hashlib
from importlib.metadata import version
from pathlib import Path

_DESCENT = Path(__file__).parent.parent
_FOLDERS = (".", "compiled", "engines", "evaluators", "models", "update_rules")


def folder() -> Path:
    """A folder for what is compiled from these sources, by these versions, so that a change in
    any of them compiles anew: numba sees none in a file that the file of a kernel imports."""
    digest = hashlib.sha256(f"{version('numba')} {version('numpy')}".encode())
    for path in sorted(path for name in _FOLDERS for path in (_DESCENT / name).glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Path(__file__).parent / "__pycache__" / f"numba-{digest.hexdigest()[:16]}"
