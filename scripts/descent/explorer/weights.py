"""The rows of A as images, at moments of each run, evenly spaced in the logarithm of the step.

weights: uint8 [runs, moments, classes, pixels]; 128 is 0, and 1 and 255 are the largest |A| of
the moment, in weights_scale; what is not finite is 0. weights_step: the steps.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from descent.explorer import Columns, Words
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates

MOST_BYTES = 1_500_000  # of all weights in a page
MOMENTS = 12  # of a run, at most


def show(runs: Mapping[tuple[str, float], Iterates], data: Data) -> tuple[Words, Columns]:
    parts: list[tuple[NDArray, ...]] = []
    for run in runs.values():
        A = run.parameters["A"][0]
        number = int(np.clip(MOST_BYTES // (len(runs) * A[0].size), 1, MOMENTS))
        at = np.geomspace(1 + run.step[-1], 1, number)[::-1] - 1
        moments = [int(np.abs(run.step - step).argmin()) for step in at]
        shown = A[moments].astype(np.float64)
        finite = np.isfinite(shown)
        size = np.abs(np.where(finite, shown, 0)).max((1, 2), keepdims=True)
        relative = np.divide(shown, size, out=np.zeros_like(shown), where=finite & (size > 0))
        grey = np.where(finite, 128 + np.rint(127 * relative), 0)
        with np.errstate(over="ignore"):
            scale = size.ravel().astype(np.float32)
        parts.append((grey.astype(np.uint8), scale, run.step[moments]))
    pixels, scale, step = map(np.stack, zip(*parts, strict=True))
    shape = plugin("datasets", run.provenance["dataset"]).SIZE.image
    names = data.classes if data.classes.size else np.arange(pixels.shape[2])
    words = {"classes": [*map(str, names)], "shape": shape, "moments": pixels.shape[1]}
    return words, {
        "weights": pixels,
        "weights_scale": scale,
        "weights_step": step.astype(np.int32),
    }
