"""The descent loop, a file an engine, and which engine trains a run.

An engine file gives

    LIBRARIES                    the packages that compute, whose versions the provenance names
    device()                     where it computes, for the provenance
    train(run, data, progress)   the iterates of a run; progress(steps) is called as steps are made,
                                 those of all seeds
"""

import math

from descent.plugins import plugin
from descent.run import FULL, Run
from descent.store.data import Size

# the functions that an engine needs of a model
REQUIREMENTS = {
    "numba": ("score_gradient",),
    "numpy": ("gradient",),
    "torch": ("torch_scores", "torch_losses"),
}
# the models that have a kernel (compiled/linear.py); auto compiles at most so many classes: on one
# core, 150 of them compile in less than half a minute
COMPILED, MAX_CLASSES = ("linear_regression", "sigmoid_softmax", "softmax_regression"), 150
# multiplications a step from which on auto takes a GPU: an estimate, not measured on one
GPU_PAYS = 10**8


def unmet_requirement(engine: str, run: Run) -> str | None:
    """Why an engine cannot train a run; None where it can."""
    model = plugin("models", run.model)
    missing = [name for name in REQUIREMENTS[engine] if not hasattr(model, name)]
    if missing:
        return f"{run.model} has no {missing[0]}"
    if engine != "numba":
        return None
    if run.model not in COMPILED:
        return f"{run.model} has no kernel"
    single = run.batch_size == 1 and run.update_rule == "plain"
    trains = "numba trains full batches, and with batch size 1 the rule plain"
    return None if run.batch_size == FULL or single else trains


def choose(run: Run, size: Size, gpu: bool) -> str:
    """The engine that `auto` takes: torch where a GPU pays, else numba for the rule plain where it
    can, else NumPy."""
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
