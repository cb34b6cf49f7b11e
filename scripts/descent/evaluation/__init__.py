"""The trace of a run: losses, accuracies and distances at its evaluated steps.

trace      the columns of a trace, from iterates, data and an evaluator
curvature  the largest eigenvalue of the Hessian along a path, of any model
numpy, torch, numba   the evaluators: implementations of the means over samples

An evaluator file gives LIBRARIES and device() as an engine does, and

    means(net, snapshots, x, scale, y, l2=None)

loss and accuracy of every snapshot, means over the samples in float64, and, where λ is given, the
norm of the gradient of the objective. A regression's accuracy means nothing; snapshots
{name: [M, *shape]}; x [n, features] as stored, used as x / scale; y [n].
"""

from descent import engines
from descent.plugins import plugin
from descent.run import Run
from descent.store.data import Size

EVALUATORS = ("numba", "numpy", "torch")
# multiplications (samples × numbers in the iterates) from which on auto takes numba, which starts
# 0.35 s later than NumPy and multiplies ten times faster, and a GPU: an estimate, not measured
NUMBA_PAYS, GPU_PAYS = 3 * 10**9, 10**11


def unmet_requirement(evaluator: str, run: Run) -> str | None:
    """Why an evaluator cannot evaluate a run; None where it can."""
    if evaluator == "numba":
        if plugin("models", run.model).TASK != "classification":
            return "it is for classification"
        return None if run.model in engines.COMPILED else f"{run.model} has no kernel"
    return engines.unmet_requirement(evaluator, run)


def choose(run: Run, size: Size, gpu: bool) -> str:
    """The evaluator that `auto` takes: torch where a GPU pays, numba for much work on classifiers
    that have a kernel, else NumPy."""
    numbers = run.stored_numbers(size.train, size.features, size.outputs)
    multiplications = (size.train + size.test) * numbers
    if gpu and multiplications >= GPU_PAYS and not unmet_requirement("torch", run):
        return "torch"
    compiles = multiplications >= NUMBA_PAYS and size.outputs <= engines.MAX_CLASSES
    if compiles and not unmet_requirement("numba", run):
        return "numba"
    return "numpy" if not unmet_requirement("numpy", run) else "torch"
