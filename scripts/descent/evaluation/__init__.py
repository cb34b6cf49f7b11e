"""The trace of a run: losses, accuracies and distances at its evaluated steps.

trace      the columns of a trace, from iterates, data and an evaluator
curvature  the largest eigenvalue of the Hessian along a path, for every model
numpy, torch, numba   the evaluators: implementations of the means over samples

An evaluator file defines LIBRARIES and device(), as an engine does, and

    means(net, snapshots, x, scale, y, l2=None)

the mean loss and the accuracy of every snapshot, accumulated in float64, and, if l2 is given, the
norm of the gradient of the objective. The accuracy of a regression is meaningless. snapshots:
{name: [M, *shape]}; x: [n, features] as stored, used as x / scale; y: [n].
"""

from descent import engines
from descent.plugins import plugin
from descent.run import Run
from descent.store.data import Size

EVALUATORS = ("numba", "numpy", "torch")
# Multiplications (samples × numbers in the iterates) from which `auto` uses numba, which starts
# 0.35 s later than NumPy and multiplies ten times faster, and a GPU: the latter is an unmeasured
# estimate.
NUMBA_PAYS, GPU_PAYS = 3 * 10**9, 10**11


def unmet_requirement(evaluator: str, run: Run) -> str | None:
    """The reason why an evaluator cannot evaluate a run, or None."""
    if evaluator == "numba":
        if plugin("models", run.model).TASK != "classification":
            return "it is for classification"
        return None if run.model in engines.COMPILED else f"{run.model} has no kernel"
    return engines.unmet_requirement(evaluator, run)


def choose(run: Run, size: Size, gpu: bool) -> str:
    """The evaluator that `auto` stands for: torch if a GPU pays off, numba for long runs of
    classifiers with a kernel, else NumPy."""
    numbers = run.stored_numbers(size.train, size.features, size.outputs)
    multiplications = (size.train + size.test) * numbers
    if gpu and multiplications >= GPU_PAYS and not unmet_requirement("torch", run):
        return "torch"
    compiles = multiplications >= NUMBA_PAYS and size.outputs <= engines.MAX_CLASSES
    if compiles and not unmet_requirement("numba", run):
        return "numba"
    return "numpy" if not unmet_requirement("numpy", run) else "torch"
