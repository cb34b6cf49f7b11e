"""Suggestions of learning-rate finders, from one run with a growing step size."""

import numpy as np
from numpy.typing import NDArray

WINDOW = 0.5  # width in decades of the moving average of the loss


def suggestions(step_size: NDArray, loss: NDArray) -> dict[str, float]:
    """The suggested step sizes of a range test, by rule.

    steepest      the step size where the smoothed loss decreases fastest with log α
    minimum / 10  a tenth of the step size where the smoothed loss is minimal

    step_size [S], growing; loss [S] at these steps. The rules are those of fastai's lr_find (Howard
    and Gugger 2020), which smooths mini-batch losses exponentially; here the loss of all training
    samples is averaged over WINDOW. Both are nan if the loss never decreases.
    """
    finite = np.isfinite(loss)
    stop = len(loss) if finite.all() else int(finite.argmin())
    x, y = np.log10(step_size[:stop]), loss[:stop]
    low = np.searchsorted(x, x - WINDOW / 2)
    high = np.searchsorted(x, x + WINDOW / 2, side="right")
    sums = np.r_[0, np.cumsum(y)]
    smoothed = (sums[high] - sums[low]) / (high - low)
    lowest = int(smoothed.argmin()) if stop else 0
    if lowest < 2:
        return {"steepest": np.nan, "minimum / 10": np.nan}
    slope = np.gradient(smoothed, x)[:lowest]
    return {"steepest": 10 ** x[slope.argmin()], "minimum / 10": 10 ** x[lowest] / 10}
