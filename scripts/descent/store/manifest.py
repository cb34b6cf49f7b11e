"""The manifest of a study, results/<study>/SHA256SUMS, in the format of `sha256sum --check`.

Its first line, a comment, says how many files follow, so that a manifest that was cut off is not
taken for a whole one.
"""

import re
from collections.abc import Mapping, Sized
from pathlib import Path

from descent.errors import InputError
from descent.store.files import DELETE_IT, checksum, opened


def write(sha256: Mapping[Path, str], folder: Path, manifest: Path) -> None:
    """Write the SHA-256 of files, which are named by their paths from a folder."""
    lines = [f"{sha256[file]}  {file.relative_to(folder)}" for file in sorted(sha256)]
    manifest.write_text("\n".join([_first(lines), *lines, ""]), encoding="utf-8")


def altered(manifest: Path) -> list[str]:
    """A line for each file that cannot be read or is not as it was when the manifest was made."""
    wrong = []
    for file, sha256 in _read(manifest).items():
        try:
            if checksum(file) != sha256:
                wrong.append(f"{file}: was altered")
        except InputError as error:
            wrong.append(str(error))
    return wrong


def _read(path: Path) -> dict[Path, str]:
    with opened(path) as file:
        first, *lines = file.read().decode(errors="replace").split("\n")
    parts = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in lines[:-1]]
    if first != _first(parts) or not all(parts) or lines[-1:] != [""]:
        raise InputError(f"{path}: is not the manifest that was written{DELETE_IT}")
    return {path.parent / part[2]: part[1] for part in parts}


def _first(lines: Sized) -> str:
    return f"# {len(lines)} files"
