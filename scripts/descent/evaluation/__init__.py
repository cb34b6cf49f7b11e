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


def unmet_requirement(evaluator: str, model: str) -> str | None:
    """What a model lacks for an evaluator; None where it can evaluate it."""
    if evaluator == "numba" and plugin("models", model).TASK != "classification":
        return "it is for classification"
    return engines.unmet_requirement(evaluator, model)


def choose(run: Run, size: Size, gpu: bool) -> str:
    """The evaluator that `auto` takes: torch where a GPU pays, numba for much work on classifiers
    that are linear in their scores, else NumPy."""
    numbers = run.stored_numbers(size.train, size.features, size.outputs)
    multiplications = (size.train + size.test) * numbers
    if gpu and multiplications >= GPU_PAYS and not unmet_requirement("torch", run.model):
        return "torch"
    compiled = run.model in engines.COMPILED and size.outputs <= engines.MAX_CLASSES
    if compiled and size.task == "classification" and multiplications >= NUMBA_PAYS:
        return "numba"
    return "numpy" if not unmet_requirement("numpy", run.model) else "torch"
