"""Which evaluated steps of a run the explorer shows."""

import numpy as np
from numpy.typing import NDArray

MOST = 80  # evaluated steps of a run
LAST = 20  # at the end, of which every evaluated one is shown
WINDOW = 4  # evaluated steps from one end of a window to the other


def downsampled(steps: int) -> NDArray[np.int64]:
    """Places of the evaluated steps that are shown: all, or at most MOST of more.

    Of more, the last LAST and a few are shown, and windows of successive ones before them, half
    spaced evenly and half as on a logarithmic axis. Windows begin and end at multiples of WINDOW: a
    cycle of two or four steps looks like one, and a line between windows joins equal phases of it.
    """
    if steps <= MOST:
        return np.arange(steps)
    windows, last = (MOST - LAST) // (WINDOW + 1) - 1, (steps - LAST) // WINDOW * WINDOW
    evenly = np.linspace(0, last, windows // 2, endpoint=False)
    logarithmic = np.geomspace(1, last, windows - windows // 2, endpoint=False)
    starts = np.r_[evenly, logarithmic].astype(int) // WINDOW * WINDOW
    shown = np.unique(starts[:, None] + np.arange(WINDOW + 1))
    return np.r_[shown[shown < last], np.arange(last, steps)]
