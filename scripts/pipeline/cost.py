"""What jobs cost: seconds and memory, by which `auto` chooses, and clusters plan."""

import math
from typing import NamedTuple

from descent.ability import layers
from descent.data import Size
from descent.run import FULL, Run


class Cost(NamedTuple):
    """Of an engine or evaluator: seconds until it begins, for a step, and for a multiplication;
    whether seeds share a step; and MB beside data and iterates."""

    start: float
    step: float
    multiplication: float
    abreast: bool
    memory: float


# On one core of a server of 2022: engines by docs/speed.md and docs/benchmark.md, evaluators by 42
# snapshots of MNIST. numba's engine is loaded 0.2 s later than NumPy's; that is not counted: so the
# engine does not change with the length of a run of less than a second. On a GPU, estimated
# until `make gpu` has measured them on one; 4 s of the start are what torch and Triton take to
# import and to compile on that core.
ON_CORE = {
    "engines": {
        "numba": Cost(0.3, 5e-8, 3e-11, False, 300),
        "numpy": Cost(0.3, 5e-5, 6e-11, True, 250),
        "torch": Cost(3.0, 8e-5, 9e-11, True, 1200),
    },
    "evaluators": {
        "numpy": Cost(0.3, 0.0, 1.5e-10, True, 250),
        "numba": Cost(0.65, 0.0, 1.3e-11, True, 350),
        "torch": Cost(3.0, 0.0, 1.5e-10, True, 1200),
    },
}
ON_GPU = {
    "engines": {
        "triton": Cost(4.5, 1.3e-6, 1e-13, True, 3000),
        "torch": Cost(4.5, 3e-4, 1e-13, True, 3000),
    },
    "evaluators": {"torch": Cost(4.5, 0.0, 2e-13, True, 3000)},
}
SLOWER = 4  # times that another machine, or a busy one, may take
COMPILING = 60  # seconds that the first job of a kind may compile
BYTES = 8  # of a number in memory


def costs(kind: str, on_gpu: bool) -> dict[str, tuple[Cost, bool]]:
    """The engines, or evaluators, with what they cost, and whether that is on a GPU."""
    found = {name: (cost, False) for name, cost in ON_CORE[kind].items()}
    return found | {name: (cost, True) for name, cost in ON_GPU[kind].items() if on_gpu}


def cost_of(kind: str, name: str, on_gpu: bool) -> Cost:
    """What an engine, or evaluator, costs; of one that is not known, as much as torch."""
    known = ON_GPU[kind] if on_gpu else ON_CORE[kind]
    return known.get(name, known["torch"])


class Needs(NamedTuple):
    """What a cluster is asked for."""

    megabytes: int
    minutes: int
    gpus: int


CURVATURE = Needs(1500, 60, 0)  # of an evaluation, besides, that measures the curvature of paths


def needs(kind: str, name: str, on_gpu: bool, run: Run, size: Size) -> Needs:
    """What the job that trains, or evaluates, a run needs: more than it takes here."""
    cost = cost_of(kind, name, on_gpu)
    taken = minutes(seconds(kind, run, size, cost))
    return Needs(megabytes(run, size, cost), taken, int(on_gpu))


def seconds(kind: str, run: Run, size: Size, cost: Cost) -> float:
    """What a job takes, of training a run, or of evaluating it."""
    if kind == "evaluators":
        return cost.start + cost.multiplication * (size.train + size.test) * numbers(run, size)
    steps, seeds = run.steps(size.train), len(run.seeds)
    each = size.train if run.batch_size == FULL else run.batch_size
    multiplications = steps * seeds * each * _weights(run, size)
    turns = steps if cost.abreast else steps * seeds
    return cost.start + turns * cost.step + multiplications * cost.multiplication


def megabytes(run: Run, size: Size, cost: Cost) -> int:
    """What a job holds in memory, at most: data and iterates, each once more while it is read."""
    data = (size.train + size.test) * size.features * (1 if size.image else BYTES)
    return math.ceil(cost.memory + 2 * (data + BYTES * numbers(run, size)) / 1e6)


def minutes(taken: float) -> int:
    """What a cluster is asked for, of a job of so many seconds."""
    return math.ceil((COMPILING + SLOWER * taken) / 60)


def numbers(run: Run, size: Size) -> int:
    """Numbers in the iterates of a run, at most."""
    early = run.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
    evaluated = run.steps(size.train) // run.evaluate_every + early + 2
    variants = 1 if run.average_from is None else 2
    return len(run.seeds) * evaluated * _weights(run, size) * variants


def _weights(run: Run, size: Size) -> int:
    return sum(math.prod(layer.shape) for layer in layers(run, size).values())
