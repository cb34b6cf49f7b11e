"""Panel of the rows of A as images, at logarithmically spaced moments of each run.

Arrays: weights, uint8 [runs, moments, classes, pixels], 128 for 0, 1 and 255 for ∓max|A| of the
moment, 0 for weights that are not finite; weights_scale, float32, max|A|; weights_step, int32.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from descent.explorer import Arrays, Metadata
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates

MOST_BYTES = 1_500_000  # of all weights of a page
MOMENTS = 12  # largest number for a run


def show(runs: Mapping[tuple[str, float], Iterates], data: Data) -> tuple[Metadata, Arrays]:
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
    metadata = {"classes": [*map(str, names)], "shape": shape, "moments": pixels.shape[1]}
    return metadata, {
        "weights": pixels,
        "weights_scale": scale,
        "weights_step": step.astype(np.int32),
    }
