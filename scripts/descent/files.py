"""Files that appear whole or not at all."""

import errno
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError

# what helps where a file that the pipeline made is damaged; the end of a message
AGAIN = ". Delete it: the pipeline makes it again"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` once the block has ended well.

    Whoever reads `path` sees the old bytes or the new ones. If the block fails, `path` stays as it
    was and the temporary file goes. Of several that write one path, the last to begin wins: it
    takes away what the others write, or left when they were killed, and they end in an OSError.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}."
    for other in path.parent.glob(f"{glob.escape(prefix)}*{path.suffix}"):
        other.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=path.suffix, dir=path.parent)
    temporary = Path(name)
    try:
        yield temporary
        if not temporary.exists() or not os.path.samestat(os.fstat(handle), temporary.stat()):
            raise OSError(errno.ESTALE, "a later job writes it", str(path))
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # where a disk is full, none is named
        raise
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Write arrays as an uncompressed npz: the same arrays give the same bytes."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_npz(path: Path, names: set[str]) -> tuple[dict[str, NDArray], str]:
    """Read an npz that must hold at least the arrays `names`, and the SHA-256 of what was read.

    Raises InputError where the file is missing, is no npz, is damaged or lacks an array.
    """
    with _opened(path) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as npz:
                arrays = dict(npz)
        except Exception as error:  # damaged bytes make zipfile and NumPy raise very many kinds
            why = "it holds Python objects" if "pickle" in str(error) else error
            raise InputError(f"{path}: not a readable npz file ({why}){AGAIN}") from None
    if missing := sorted(names - arrays.keys()):
        found = ", ".join(sorted(arrays))
        raise InputError(f"{path}: has no {', '.join(missing)}; found {found}{AGAIN}")
    return arrays, sha256


def read(path: Path) -> bytes:
    """The content of a file; InputError where it cannot be read."""
    with _opened(path) as file:
        return file.read()


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, to read; InputError where it cannot be."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
