"""Provenance of iterates and traces: device, library versions and checksums."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from descent.errors import InputError
from descent.plugins import plugin
from descent.store.files import DELETE_IT, opened


def computed_by(kind: str, name: str) -> dict[str, Any]:
    """Return the device and the library versions of an engine or evaluator.

    Times are left out, so that equal computations have equal provenance.
    """
    file = plugin(kind, name)  # imports its libraries
    return {
        "device": file.device(),
        "versions": {lib: sys.modules[lib].__version__ for lib in file.LIBRARIES},
    }


def write(path: Path, sha256: Mapping[str, str], **provenance: Any) -> None:
    """Write the record of a trace, a JSON file.

    sha256: checksums of the trace, and of the iterates, data and minimiser behind it.
    """
    text = json.dumps({"sha256": sha256, **provenance}, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read the record of a trace; InputError if it is missing or damaged."""
    with opened(path) as file:
        try:
            record = json.load(file)
            return record | {"sha256": dict(record["sha256"])}
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(f"{path}: not the record of a trace ({error}){DELETE_IT}") from None
