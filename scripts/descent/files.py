"""Files that appear whole or not at all."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError

# what helps where a file that the pipeline made is damaged; the end of a message
AGAIN = ". Delete it: the pipeline makes it again"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` once the block has ended well.

    Whoever reads `path` sees the old bytes or the new ones. If the block fails, `path` stays as it
    was and the temporary file goes. What a killed process left behind goes with the next write;
    a file that a living process still writes is locked and stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}."
    for left in path.parent.glob(f"{prefix}*{path.suffix}"):
        _remove_unless_locked(left)
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=path.suffix, dir=path.parent)
    temporary = Path(name)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def _remove_unless_locked(path: Path) -> None:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except (FileNotFoundError, BlockingIOError):
        pass


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Write arrays as an uncompressed npz: the same arrays give the same bytes."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_npz(path: Path, names: set[str]) -> dict[str, NDArray]:
    """Read an npz that must hold at least the arrays `names`.

    Raises InputError where the file is missing, is no npz, is damaged or lacks an array.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as npz:
            arrays = dict(npz)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except Exception as error:  # damaged bytes make zipfile and NumPy raise very many kinds
        raise InputError(f"{path}: not a readable npz file ({error}){AGAIN}") from None
    if missing := sorted(names - arrays.keys()):
        found = ", ".join(sorted(arrays))
        raise InputError(f"{path}: has no {', '.join(missing)}; found {found}{AGAIN}")
    return arrays


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
