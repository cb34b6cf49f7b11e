"""Where numbers come from: what computed them, and from which files.

Beside the results of a stage stands its record, a JSON file with the SHA-256 of every file that the
stage read and wrote, taken when it was read or written. The next stage reads nothing else.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from descent import files
from descent.errors import InputError
from descent.files import AGAIN
from descent.plugins import plugin

Loaded = TypeVar("Loaded")
Sums = Mapping[Path, str]  # SHA-256 of files, by their paths from the working directory


def computed_by(kind: str, name: str) -> dict[str, Any]:
    """An engine, or evaluator, by name, its device, and the versions of its libraries.

    No times, so that the same computation has the same provenance.
    """
    file = plugin(kind, name)  # which imports its libraries
    return {
        kind.removesuffix("s"): name,
        "device": file.device(),
        "versions": {lib: sys.modules[lib].__version__ for lib in file.LIBRARIES},
    }


def here(path: Path) -> Path:
    """A path from the working directory, as keys of Sums are."""
    return Path(os.path.relpath(path))


def record(path: Path, sums: Mapping[Path, str], **made_by: Any) -> None:
    """Write a record: files, by their paths from its folder, and what made them."""
    named = {os.path.relpath(file, path.parent): sha256 for file, sha256 in sums.items()}
    text = json.dumps({"sha256": named, **made_by}, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def recorded(path: Path) -> Sums:
    """The files of a record; InputError where it is missing or damaged."""
    try:
        sums = json.loads(files.read(path))["sha256"]
        return {here(path.parent / file): str(sums[file]) for file in sums}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path}: not a record of a stage ({error}){AGAIN}") from None


def unaltered(path: Path, sha256: str, recorded: Sums) -> None:
    """Raise InputError where a file is not what was recorded when it was made."""
    made = recorded.get(here(path))
    if sha256 != made:
        was = f"SHA-256 {made[:8]}… when it was made" if made else "nothing recorded it"
        raise InputError(f"{path}: was altered: SHA-256 {sha256[:8]}…, {was}{AGAIN}")


def read(path: Path, recorded: Sums) -> bytes:
    """What a file holds; InputError where it is missing, or not what was recorded."""
    content = files.read(path)
    unaltered(path, hashlib.sha256(content).hexdigest(), recorded)
    return content


def loaded(load: Callable[[Path], tuple[Loaded, str]], path: Path, recorded: Sums) -> Loaded:
    """What load makes of a file, which also gives its SHA-256; InputError as `read`."""
    found, sha256 = load(path)
    unaltered(path, sha256, recorded)
    return found
