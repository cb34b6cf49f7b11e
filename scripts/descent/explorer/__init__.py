"""The page on which one explores a study, results/<study>/explorer.html.

downsampled   which evaluated steps the page shows
content       what it shows: of the study and its runs in words, and columns of numbers
questions     what it asks before it shows what happened
page          all in one file, with the JavaScript of report/explorer/
index         the page that links the studies
path, weights   panels that show iterates: a file and a line of PANELS each

A panel file gives show(runs, data) -> words, columns: words, as JSON can say them, and columns of
numbers, for the function of report/explorer/ that draws them. Of several seeds the first is shown.
"""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from descent.figures import Requirement, classification, images, minimiser, plane
from descent.run import Run
from descent.store.data import Size

Words, Columns = dict[str, Any], dict[str, NDArray]

PANELS: dict[str, tuple[Requirement, ...]] = {
    "path": (plane, minimiser),
    "weights": (classification, images),
}


def panels(runs: Sequence[Run], size: Size) -> tuple[str, ...]:
    """The panels that have something to show of a study."""
    return tuple(
        name for name, needs in PANELS.items() if not any(need(runs, size) for need in needs)
    )
