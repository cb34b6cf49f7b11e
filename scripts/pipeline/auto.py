"""What `auto` takes."""

import os

from descent.ability import News, given, why_not
from descent.cuda import has_cuda
from descent.data import Size
from descent.run import Run
from pipeline.cost import costs, seconds

# Classes that numba compiles in less than a minute: each has a register of its own in an evaluation
# and where seeds descend side by side, else a place in a long one. On one core, in float32 and
# float64, sigmoid_softmax takes
#   engines, with adam and full batches: 4 and 4 s for 10 classes and eight seeds, 6 and 7 for 32,
#   8 and 14 s for 1000 classes
#   evaluators: 12 and 15 s for 100 classes, 19 and 24 for 150
MAX_CLASSES = {"engines": 1000, "evaluators": 150}


def cores() -> int:
    """The cores of this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fastest(
    kind: str, run: Run, size: Size, gpu: bool | None = None
) -> tuple[str | None, list[str]]:
    """The fastest engine, or evaluator, that can do a run, and why faster ones cannot.

    By seconds a job, of which as many run at a time as there are cores, or one on the GPU of this
    machine; gpu: whether each has one to itself elsewhere. None if there is none.
    """
    reasons = []
    for name in _by_time(kind, run, size, gpu):
        reason = why_not(kind, name, [run], size, gpu) or _compiles_long(kind, name, size)
        if not reason:
            return name, reasons
        reasons.append(reason)
    return None, reasons


def _by_time(kind: str, run: Run, size: Size, gpu: bool | None) -> list[str]:
    """The fastest first."""
    on_cores = 1 if gpu else cores()  # at a time, for one on a GPU
    times = {
        name: seconds(kind, run, size, cost) / (1 if on_gpu else on_cores)
        for name, (cost, on_gpu) in costs(kind, _has_gpu(gpu)).items()
    }
    return sorted(times, key=times.__getitem__)


def _compiles_long(kind: str, name: str, size: Size) -> News | None:
    most = MAX_CLASSES[kind]
    if name != "numba" or size.outputs <= most:
        return None
    return News(f"numba takes long to compile {size.outputs} classes, more than {most}")


def takes_gpu(kind: str, name: str, gpu: bool | None) -> bool:
    """Whether an engine, or evaluator, computes on a GPU."""
    return given(kind, name).USES_GPU and _has_gpu(gpu)


def _has_gpu(gpu: bool | None) -> bool:
    return has_cuda() if gpu is None else gpu
