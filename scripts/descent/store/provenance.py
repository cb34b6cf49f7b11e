"""What computed a file: an engine or evaluator, its device, and the versions of its libraries."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from descent.errors import InputError
from descent.plugins import plugin
from descent.store.files import DELETE_IT, opened


def computed_by(kind: str, name: str) -> dict[str, Any]:
    """The provenance of a file; without times, so that the same computation has the same one."""
    file = plugin(kind, name)  # which imports its libraries
    return {
        "device": file.device(),
        "versions": {lib: sys.modules[lib].__version__ for lib in file.LIBRARIES},
    }


def write(path: Path, sha256: Mapping[str, str], **provenance: Any) -> None:
    """Write the JSON file beside a trace: the checksums of the trace and of the iterates, data and
    minimiser that it was computed from, and what computed it."""
    text = json.dumps({"sha256": sha256, **provenance}, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote; InputError where it is missing or damaged."""
    with opened(path) as file:
        try:
            record = json.load(file)
            return record | {"sha256": dict(record["sha256"])}
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(f"{path}: not the record of a trace ({error}){DELETE_IT}") from None
