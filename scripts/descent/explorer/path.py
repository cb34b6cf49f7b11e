"""Panel of the two weights at the evaluated steps, over a quadratic objective.

F(w) - F* = ½ (w - w*)ᵀ H (w - w*). Arrays, run after run: path, float32 [steps, 2], and path_step,
int32 [steps].
"""

from collections.abc import Mapping

import numpy as np

from descent.explorer import Arrays, Metadata
from descent.explorer.downsampled import downsampled
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates


def show(runs: Mapping[tuple[str, float], Iterates], data: Data) -> tuple[Metadata, Arrays]:
    paths, steps = [], []
    for run in runs.values():
        A = run.parameters["A"][0, :, 0].astype(np.float64)
        shown = downsampled(len(run.step))
        paths.append(A[shown])
        steps.append(run.step[shown])
    provenance = run.provenance
    l2, model = provenance["l2"], plugin("models", provenance["model"])
    training = data.without_validation(provenance["validation"])
    x = training.inputs(training.x_train, "float64")
    hessian = x.T @ x / len(x) + l2 * np.eye(2)
    optimum = model.optimum(x, training.y_train, l2, **provenance["model_options"])["A"][0]
    lengths = [*map(len, steps)]
    metadata = {"optimum": optimum.tolist(), "hessian": hessian.tolist(), "steps": lengths}
    with np.errstate(over="ignore"):
        path = np.concatenate(paths).astype(np.float32)
    return metadata, {"path": path, "path_step": np.concatenate(steps).astype(np.int32)}
