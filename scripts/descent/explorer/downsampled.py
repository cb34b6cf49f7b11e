"""Choice of the evaluated steps of a run that the page shows."""

import numpy as np
from numpy.typing import NDArray

MOST = 80  # shown steps of a run
LAST = 20  # shown successive steps at the end of a run
WINDOW = 4  # steps from the first to the last of a window


def downsampled(steps: int) -> NDArray[np.int64]:
    """Return the indices of at most MOST of the evaluated steps.

    If there are more, these are at least the LAST ones and windows of successive steps before them,
    half of which are spaced evenly, and half logarithmically. Windows begin and end at multiples of
    WINDOW, so that a cycle of two or four steps is seen, and lines between windows join its equal
    phases.
    """
    if steps <= MOST:
        return np.arange(steps)
    windows, last = (MOST - LAST) // (WINDOW + 1) - 1, (steps - LAST) // WINDOW * WINDOW
    evenly = np.linspace(0, last, windows // 2, endpoint=False)
    logarithmic = np.geomspace(1, last, windows - windows // 2, endpoint=False)
    starts = np.r_[evenly, logarithmic].astype(int) // WINDOW * WINDOW
    shown = np.unique(starts[:, None] + np.arange(WINDOW + 1))
    return np.r_[shown[shown < last], np.arange(last, steps)]
