"""What can do what: engines, evaluators and figures, by the constants in their files."""

import math
import os
from collections.abc import Sequence
from importlib import import_module

from descent.data import Size
from descent.models._layer import Layer
from descent.run import Run
from pipeline.gpu import has_cuda
from pipeline.plugins import available, constant, defines

MIN_COMPILED = 10**10  # multiplications of an evaluation: about 0.1 s in NumPy
MIN_GPU = 3 * 10**11  # as many take about 4 s in numba, as long as starting torch on a GPU
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"  # Triton without a GPU, for tests


def able(kind: str, model: str) -> list[str]:
    """The engines, or evaluators, that can do a model on this machine.

    The model has the function that they need, and the machine the GPU.
    """
    return [
        name
        for name in available(kind)
        if defines("models", model, constant(kind, name, "NEEDS"))
        and (constant(kind, name, "GPU") != "required" or has_cuda() or INTERPRETED)
    ]


def update_rules(engine: str) -> Sequence[str]:
    """The update rules that an engine can do."""
    return constant("engines", engine, "UPDATE_RULES", available("update_rules"))


def averages(engine: str) -> bool:
    """Whether an engine can average iterates."""
    return constant("engines", engine, "AVERAGES", True)


def fastest_engine(model: str, update_rule: str, averaging: bool) -> str | None:
    """The first of the engines, fastest first, that can do all of it; None if there is none."""
    fastest = ["numba", "numpy", "torch"]
    if has_cuda():
        fastest = ["triton", "numba", "torch", "numpy"]
    can = [
        engine
        for engine in able("engines", model)
        if update_rule in update_rules(engine) and (averages(engine) or not averaging)
    ]
    return next((engine for engine in fastest if engine in can), None)


def fastest_evaluator(run: Run, size: Size) -> str:
    """The fastest one, with the time that its import takes."""
    multiplications = (size.train + size.test) * numbers(run, size)
    can = able("evaluators", run.model)
    if has_cuda() and multiplications >= MIN_GPU and "torch" in can:
        return "torch"
    return "numba" if multiplications >= MIN_COMPILED and "numba" in can else "numpy"


def gpus(kind: str, name: str) -> int:
    """How many GPUs an engine, or evaluator, takes on this machine."""
    return int(constant(kind, name, "GPU") != "none" and has_cuda())


def _layers(run: Run, size: Size) -> dict[str, Layer]:
    net = import_module(f"descent.models.{run.model}")
    return net.layers(size.features, size.outputs, **run.model_options)


def numbers(run: Run, size: Size) -> int:
    """Numbers in the iterates of a run, at most."""
    each = sum(math.prod(layer.shape) for layer in _layers(run, size).values())
    early = run.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
    evaluated = run.steps(size.train) // run.evaluate_every + early + 2
    variants = 1 if run.average_from is None else 2
    return len(run.seeds) * evaluated * each * variants


def fitting_figures(runs: Sequence[Run], size: Size) -> tuple[str, ...]:
    """The figures whose NEEDS the runs of a study fulfil."""
    parameters = _layers(runs[0], size).values()
    facts = {
        constant("models", runs[0].model, "TASK"): True,
        "optimum": defines("models", runs[0].model, "optimum"),
        "plane": [p.shape for p in parameters] == [(1, 2)],
        "every step": {run.evaluate_every for run in runs} == {1},
        "update rules": len({run.update_rule for run in runs}) > 1,
    }
    has = {fact for fact, true in facts.items() if true}
    return tuple(
        f for f in available("figures") if has.issuperset(constant("figures", f, "NEEDS", ()))
    )
