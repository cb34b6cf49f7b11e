"""Interactive page of a study, results/<study>/explorer.html.

content       data of the page: metadata for JSON, and arrays of numbers
downsampled   choice of the evaluated steps to show
questions     questions of the quiz
page          assembly of the page in a single file, with the JavaScript of report/explorer/
index         page that links all studies
path, weights   panels that show iterates: a file and a line of PANELS each

The file of a panel defines show(runs, data), which returns metadata and arrays for the function of
report/explorer/ that draws them. Panels show the first seed.
"""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from descent.figures import Requirement, classification, images, minimiser, plane
from descent.run import Run
from descent.store.data import Size

Metadata, Arrays = dict[str, Any], dict[str, NDArray]

PANELS: dict[str, tuple[Requirement, ...]] = {
    "path": (plane, minimiser),
    "weights": (classification, images),
}


def panels(runs: Sequence[Run], size: Size) -> tuple[str, ...]:
    """Return the panels whose requirements a study meets."""
    return tuple(
        name for name, needs in PANELS.items() if not any(need(runs, size) for need in needs)
    )
