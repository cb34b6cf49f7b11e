"""Where numbers come from: what computed them, for the files that hold them."""

import sys
from typing import Any

from descent.plugins import plugin


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
