"""What `auto` takes, and what runs cost."""

import math

from descent.ability import News, given, layers, why_not
from descent.cuda import has_cuda
from descent.data import Size
from descent.run import Run

MIN_COMPILED = 10**10  # multiplications of an evaluation: about 0.1 s in NumPy
MIN_GPU = 3 * 10**11  # as many take about 4 s in numba, as long as starting torch on a GPU

# Classes that numba compiles in less than a minute: each has a register of its own in an evaluation
# and where seeds descend side by side, else a place in a long one. On one core, in float32 and
# float64, sigmoid_softmax takes
#   engines, with adam and full batches: 4 and 4 s for 10 classes and eight seeds, 6 and 7 for 32,
#   8 and 14 s for 1000 classes
#   evaluators: 12 and 15 s for 100 classes, 19 and 24 for 150
MAX_CLASSES = {"engines": 1000, "evaluators": 150}


def fastest(kind: str, run: Run, size: Size) -> tuple[str | None, list[str]]:
    """The fastest engine, or evaluator, that can do a run, and why faster ones cannot.

    An evaluator counts with the time that its import takes. None if there is none.
    """
    reasons = []
    for name in (_engines if kind == "engines" else _evaluators)(run, size):
        reason = why_not(kind, name, [run], size) or _compiles_long(kind, name, size)
        if not reason:
            return name, reasons
        reasons.append(reason)
    return None, reasons


def _compiles_long(kind: str, name: str, size: Size) -> News | None:
    most = MAX_CLASSES[kind]
    if name != "numba" or size.outputs <= most:
        return None
    return News(f"numba takes long to compile {size.outputs} classes, more than {most}")


def _engines(run: Run, size: Size) -> list[str]:
    """The fastest first."""
    return ["triton", "numba", "torch", "numpy"] if has_cuda() else ["numba", "numpy", "torch"]


def _evaluators(run: Run, size: Size) -> list[str]:
    multiplications = (size.train + size.test) * numbers(run, size)
    if multiplications < MIN_COMPILED:
        return ["numpy"]
    torch = ["torch"] if has_cuda() and multiplications >= MIN_GPU else []
    return [*torch, "numba", "numpy"]


def gpus(kind: str, name: str) -> int:
    """How many GPUs an engine, or evaluator, takes on this machine."""
    return int(given(kind, name).USES_GPU and has_cuda())


def numbers(run: Run, size: Size) -> int:
    """Numbers in the iterates of a run, at most."""
    each = sum(math.prod(layer.shape) for layer in layers(run, size).values())
    early = run.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
    evaluated = run.steps(size.train) // run.evaluate_every + early + 2
    variants = 1 if run.average_from is None else 2
    return len(run.seeds) * evaluated * each * variants
