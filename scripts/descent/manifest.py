"""The manifest of a study, results/<study>/SHA256SUMS, in the format of `sha256sum --check`.

Its first line, a comment, says how many files follow, so that a manifest that was cut off is no
manifest.
"""

import re
from collections.abc import Iterable, Sized
from pathlib import Path

from descent import files
from descent.errors import InputError
from descent.files import AGAIN, checksum
from descent.provenance import Sums, here, recorded


def collect(records: Iterable[Path], folder: Path) -> dict[Path, str]:
    """The files below a folder that are recorded, and the records.

    Raises InputError, a line for each, where records differ, or a file is not what they say.
    """
    sums: dict[Path, str] = {}
    for path in records:
        for file, sha256 in {**recorded(path), here(path): checksum(path)}.items():
            if sums.setdefault(file, sha256) != sha256:
                raise InputError(f"{path}: is of another {file} than the other records{AGAIN}")
    sums = {file: sums[file] for file in sums if file.is_relative_to(here(folder))}
    if wrong := altered(sums):
        raise InputError("\n".join(f"{line}{AGAIN}" for line in wrong))
    return sums


def altered(sums: Sums) -> list[str]:
    """A line for each file that cannot be read, or is not what it was."""
    wrong = []
    for file, sha256 in sums.items():
        try:
            if checksum(file) != sha256:
                wrong.append(f"{file}: was altered")
        except InputError as error:
            wrong.append(str(error))
    return wrong


def write(sums: Sums, path: Path) -> None:
    """Write a manifest: files by their paths from its folder."""
    lines = [f"{sums[file]}  {file.relative_to(here(path.parent))}" for file in sorted(sums)]
    path.write_text("\n".join([_first(lines), *lines, ""]), encoding="utf-8")


def read(path: Path) -> Sums:
    """Read what `write` wrote; InputError where it is missing or damaged."""
    first, *lines = files.read(path).decode(errors="replace").split("\n")
    parts = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in lines[:-1]]
    if first != _first(parts) or not all(parts) or lines[-1:] != [""]:
        raise InputError(f"{path}: is not the manifest that was written{AGAIN}")
    return {here(path.parent / part[2]): part[1] for part in parts}


def _first(lines: Sized) -> str:
    return f"# {len(lines)} files"
