"""Manifest of a study, results/<study>/SHA256SUMS, in the format of `sha256sum --check`.

The first line is a comment with the number of files, which detects a truncated manifest.
"""

import re
from collections.abc import Mapping, Sized
from pathlib import Path

from descent.errors import InputError
from descent.store.files import DELETE_IT, checksum, opened


def write(sha256: Mapping[Path, str], folder: Path, manifest: Path) -> None:
    """Write the checksums {file: SHA-256}, with paths relative to the folder."""
    lines = [f"{sha256[file]}  {file.relative_to(folder)}" for file in sorted(sha256)]
    manifest.write_text("\n".join([_first(lines), *lines, ""]), encoding="utf-8")


def altered(manifest: Path) -> list[str]:
    """Return a line for each file that is missing, unreadable or altered."""
    lines = []
    for file, sha256 in _read(manifest).items():
        try:
            if checksum(file) != sha256:
                lines.append(f"{file}: was altered")
        except InputError as error:
            lines.append(str(error))
    return lines


def _read(path: Path) -> dict[Path, str]:
    with opened(path) as file:
        first, *lines = file.read().decode(errors="replace").split("\n")
    parts = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in lines[:-1]]
    if first != _first(parts) or not all(parts) or lines[-1:] != [""]:
        raise InputError(f"{path}: was altered or truncated{DELETE_IT}")
    return {path.parent / part[2]: part[1] for part in parts}


def _first(lines: Sized) -> str:
    return f"# {len(lines)} files"
