"""What is kept from process to process: compiled kernels, and what compiles. No numba here."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile

from descent.store.files import replacing

_DESCENT = Path(__file__).parent.parent
_FOLDERS = (".", "compiled", "engines", "evaluation", "models", "update_rules")
_SEAL = hashlib.sha256().digest_size


def keep(name: str, content: bytes) -> None:
    """Keep bytes by a name, behind their checksum; where they cannot be written, keep nothing."""
    if place := folder():
        with suppress(OSError), replacing(place / name) as temporary:
            temporary.write_bytes(_sealed(name, content))


def kept(name: str) -> bytes | None:
    """The bytes kept by a name; None where there are none, or others than were written."""
    if not (place := folder()):
        return None
    try:
        found = (place / name).read_bytes()
    except OSError:
        return None
    content = found[_SEAL:]
    return content if found == _sealed(name, content) else None


def _sealed(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + content).digest() + content


@cache
def folder() -> Path | None:
    """A folder for what is compiled from these sources, by these versions, so that a change in
    any of them compiles anew: numba sees none in a file that the file of a kernel imports.

    None where neither the folder of these sources nor the user's cache can be written.
    """
    digest = hashlib.sha256(f"{sys.version} {version('numba')} {version('numpy')}".encode())
    for path in sorted(path for name in _FOLDERS for path in (_DESCENT / name).glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    places = (place / f"numba-{digest.hexdigest()[:16]}" for place in _places())
    return next(filter(_takes_files, places), None)


def _places() -> Iterator[Path]:
    yield Path(__file__).parent / "__pycache__"
    with suppress(RuntimeError):  # a user without a home
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        if caches.is_absolute():
            yield caches / "descent"


def _takes_files(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=place) as file:
            file.write(bytes(4096))  # a full disk takes names still
            file.flush()
    except OSError:
        return False
    return True
