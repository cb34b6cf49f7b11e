"""The two weights at the evaluated steps, and the objective, a quadratic, by its Hessian.

F(w) - F* = ½ (w - w*)ᵀ H (w - w*). path: float32 [steps, 2], run after run; path_step: int32.
"""

from collections.abc import Mapping

import numpy as np

from descent.explorer import Columns, Words
from descent.explorer.downsampled import downsampled
from descent.plugins import plugin
from descent.store.data import Data
from descent.store.iterates import Iterates


def show(runs: Mapping[tuple[str, float], Iterates], data: Data) -> tuple[Words, Columns]:
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
    words = {"optimum": optimum.tolist(), "hessian": hessian.tolist(), "steps": [*map(len, steps)]}
    with np.errstate(over="ignore"):
        columns = {"path": np.concatenate(paths).astype(np.float32)}
    return words, columns | {"path_step": np.concatenate(steps).astype(np.int32)}
