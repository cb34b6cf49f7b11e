"""Files that appear whole or not at all, and their checksums."""

import glob
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError

# the advice where a file that the pipeline made is damaged; the end of a message
DELETE_IT = ". Delete it, and the pipeline rebuilds it"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` once the block has ended well.

    Whoever reads `path` sees the old bytes or the new ones. If the block fails, `path` stays as it
    was and the temporary file is removed. Of several that write one path the last to begin wins: it
    removes what the others write, or left when they were killed, and they end in an OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob(f".{glob.escape(path.name)}.*"):
        other.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.errno:  # where a disk is full, no file is named
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def save_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Write arrays as an uncompressed npz: the same arrays give the same bytes."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_npz(path: Path, names: set[str]) -> tuple[dict[str, NDArray], str]:
    """Read an npz that must hold at least the arrays `names`, and the SHA-256 of what was read.

    Raises InputError where the file is missing, is no npz, is damaged or lacks an array.
    """
    with opened(path) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as npz:
                arrays = dict(npz)
        except Exception as error:  # damaged bytes make zipfile and NumPy raise very many kinds
            why = "it holds Python objects" if "pickle" in str(error) else error
            raise InputError(f"{path}: not a readable npz file ({why}){DELETE_IT}") from None
    if missing := sorted(names - arrays.keys()):
        found = ", ".join(sorted(arrays))
        raise InputError(f"{path}: has no {', '.join(missing)}; found {found}{DELETE_IT}")
    return arrays, sha256


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file, to read; InputError where it cannot be."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
