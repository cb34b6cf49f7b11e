"""Engines, the implementations of the descent loop, and the choice of the engine of a run.

An engine file defines

    LIBRARIES                    the packages that compute; the provenance lists their versions
    device()                     the name of the device, for the provenance
    train(run, data, progress)   the iterates of a run; it calls progress(steps) with the number of
                                 new steps, summed over seeds
"""

import math

from descent.plugins import plugin
from descent.run import FULL, Run
from descent.store.data import Size

# functions of a model that each engine requires
REQUIREMENTS = {
    "numba": ("score_gradient",),
    "numpy": ("gradient",),
    "torch": ("torch_scores", "torch_losses"),
}
COMPILED = ("linear_regression", "sigmoid_softmax", "softmax_regression")  # compiled/linear.py
MAX_CLASSES = 150  # that `auto` compiles: on one core they take less than half a minute
GPU_PAYS = 10**8  # multiplications per step from which `auto` uses a GPU: an unmeasured estimate


def unmet_requirement(engine: str, run: Run) -> str | None:
    """The reason why an engine cannot train a run, or None."""
    model = plugin("models", run.model)
    missing = [name for name in REQUIREMENTS[engine] if not hasattr(model, name)]
    if missing:
        return f"{run.model} has no {missing[0]}"
    if engine != "numba":
        return None
    if run.model not in COMPILED:
        return f"{run.model} has no kernel"
    if run.batch_size == FULL or (run.batch_size == 1 and run.update_rule == "plain"):
        return None
    return "numba supports full batches, and batch size 1 with the update rule plain"


def choose(run: Run, size: Size, gpu: bool) -> str:
    """The engine that `auto` stands for: torch if a GPU pays off, else numba for the plain rule if
    it can train the run, else NumPy."""
    multiplications = (
        len(run.seeds)
        * (size.train if run.batch_size == FULL else run.batch_size)
        * sum(math.prod(p.shape) for p in run.layers(size.features, size.outputs).values())
    )
    if gpu and multiplications >= GPU_PAYS and not unmet_requirement("torch", run):
        return "torch"
    compiles = run.update_rule == "plain" and size.outputs <= MAX_CLASSES
    if compiles and not unmet_requirement("numba", run):
        return "numba"
    return "numpy" if not unmet_requirement("numpy", run) else "torch"
