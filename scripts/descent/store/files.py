"""Atomic writing, npz files and checksums."""

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

DELETE_IT = ". Delete it, and the pipeline rebuilds it"  # end of messages about damaged files


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to `path`, and rename it to `path` if the block succeeds.

    Readers of `path` see either the old bytes or the new ones. If the block fails, `path` keeps its
    content and the temporary file is removed. If several processes write the same path, the last
    one to start wins: it removes the temporary files of the others (and of killed processes), and
    the others fail with an OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob(f".{glob.escape(path.name)}.*"):
        other.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.errno:  # the error of a full disk names no file
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def save_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Write arrays as an uncompressed npz file; equal arrays give equal bytes."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_npz(path: Path, names: set[str]) -> tuple[dict[str, NDArray], str]:
    """Read an npz file with at least the arrays `names`; return its arrays and its SHA-256.

    Raises InputError if the file is missing, is damaged, or lacks an array.
    """
    with opened(path) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as npz:
                arrays = dict(npz)
        except Exception as error:  # zipfile and NumPy raise many types of errors on damaged bytes
            why = "it holds Python objects" if "pickle" in str(error) else error
            raise InputError(f"{path}: not a readable npz file ({why}){DELETE_IT}") from None
    if missing := sorted(names - arrays.keys()):
        found = ", ".join(sorted(arrays))
        raise InputError(f"{path}: has no {', '.join(missing)}; found {found}{DELETE_IT}")
    return arrays, sha256


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading; InputError if it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
