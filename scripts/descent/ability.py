"""The one judge of what can do what: engines, evaluators and figures against runs on some data.

The configuration, the command line and `auto` ask `why_not`. What a file needs stands in its
NEEDS, as names of FACTS.
"""

import os
import shutil
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal

from descent.compiled.sources import keep, kept
from descent.constants import constants
from descent.cuda import has_cuda, unusable
from descent.data import Size
from descent.declaration import Count, Positive, Switch, declared, key
from descent.models._layer import Layer
from descent.plugins import available, plugin
from descent.run import CHOICES, FULL, Run
from descent.schedule import SHUFFLED

MOST_BENDS, MOST_FEATURES = 10**8, 5000  # of a theory: 0.8 GB and 0.2 GB in float64

MANY = 20  # step sizes
MOST_REGISTERS = 2**17  # bytes, of the 2¹⁸ of a GPU's multiprocessor


class News(str):
    """A reason that a user should be told of where `auto` goes on to the next engine."""


Fact = Callable[[Sequence[Run], Size], str | None]  # None where it holds, else why it does not


def _gives(*functions: str) -> Fact:
    def fact(runs: Sequence[Run], size: Size) -> str | None:
        model = runs[0].model
        missing = [f for f in functions if not hasattr(plugin("models", model), f)]
        return f"{model} has no {missing[0]}" if missing else None

    return fact


def _compiled_model(runs: Sequence[Run], size: Size) -> str | None:
    lacking = _gives("score_gradient", "losses")(runs, size)
    return lacking or _verdict("problem", runs[0].model)


def _compiled_rule(runs: Sequence[Run], size: Size) -> str | None:
    rules = dict.fromkeys(run.update_rule for run in runs)
    return next(filter(None, (_verdict("rule_problem", rule) for rule in rules)), None)


@cache
def _verdict(check: str, name: str) -> News | None:
    """What a check of descent.compiled.formulas says; asked once for each state of the sources."""
    question = f"{check}.{name}"
    if (answer := kept(question)) is None:
        # by name: what trains with another engine does not depend on this module
        compiler = import_module("descent.compiled.formulas")
        reason = getattr(compiler, check)(name)
        answer = (reason or "").encode()
        keep(question, answer)
    return News(answer.decode()) if answer else None


def _task(task: str) -> Fact:
    return lambda runs, size: None if size.task == task else f"it is for {task}"


def _plane(runs: Sequence[Run], size: Size) -> str | None:
    shapes = [layer.shape for layer in layers(runs[0], size).values()]
    return None if shapes == [(1, 2)] else "it is for two weights and no bias"


def _all(holds: Callable[[Run], bool], otherwise: str) -> Fact:
    return lambda runs, size: None if all(map(holds, runs)) else otherwise


def _noise(runs: Sequence[Run], size: Size) -> str | None:
    known = any(run.is_plain and run.batch_size != FULL for run in runs)
    return None if known else "no plain optimizer with a fixed step size has batches"


def _full_batch(runs: Sequence[Run], size: Size) -> str | None:
    return None if any(run.batch_size == FULL for run in runs) else "no optimizer has full batches"


def _several_rules(runs: Sequence[Run], size: Size) -> str | None:
    return None if len({run.update_rule for run in runs}) > 1 else "there is one update rule"


def _images(runs: Sequence[Run], size: Size) -> str | None:
    return None if size.image else "the samples are no images"


def _linear_scores(runs: Sequence[Run], size: Size) -> str | None:
    weights = layers(runs[0], size).get("A")
    a_row_a_class = weights is not None and weights.shape == (size.outputs, size.features)
    return None if a_row_a_class else f"{runs[0].model} has no row of weights for each class"


def _theory(runs: Sequence[Run], size: Size) -> str | None:
    """Scores A x + b, and what descent/theory holds in memory: n outputs² and features²."""
    names, outputs = layers(runs[0], size).keys(), size.outputs
    if not {"A"} <= names <= {"A", "b"}:
        return f"the scores of {runs[0].model} are not linear in its parameters"
    if lacking := _gives("score_gradient", "torch_losses")(runs, size):
        return lacking
    if size.train * outputs**2 > MOST_BENDS:
        return f"{size.train} samples of {outputs} classes are too many"
    return f"{size.features} features are too many" if size.features > MOST_FEATURES else None


def _minimiser(runs: Sequence[Run], size: Size) -> str | None:
    """A closed form, or a convex loss that l2 makes strongly convex."""
    run = runs[0]
    if unknown := _theory(runs, size):
        return unknown
    if not given("models", run.model).SMOOTHNESS:
        return f"{run.model} is not convex"
    if run.l2 or hasattr(plugin("models", run.model), "optimum"):
        return None
    return f"without l2, the objective of {run.model} may have no minimiser"


def _several_batch_sizes(runs: Sequence[Run], size: Size) -> str | None:
    """At least three, a plane; and optimizers that differ in that, and how long they run."""
    n = size.holding_out(runs[0].validation).train
    optimizers = {
        (run.samples_a_step(n), run.sampling, run.epochs, run.evaluate_every) for run in runs
    }
    batch_sizes = {batch_size for batch_size, *_ in optimizers}
    if len(batch_sizes) < 3:
        return "there are fewer than three batch sizes"
    if len(optimizers) > len(batch_sizes):
        return "there is more than one optimizer of a batch size"
    rules = {(run.update_rule, run.schedule, str(run.update_options)) for run in runs}
    return None if len(rules) == 1 else "there is more than one update rule"


def _many_step_sizes(runs: Sequence[Run], size: Size) -> str | None:
    enough = len({run.step_size for run in runs}) >= MANY
    return None if enough else f"there are fewer than {MANY} step sizes"


def in_registers(run: Run, size: Size) -> int:
    """The bytes that a GPU holds in registers of a run whose batches are not full: weights, their
    numbers of rows and columns rounded up to powers of two, and of more than one sample their
    gradient. With few rows as of four, since the samples themselves count then."""
    of_rows, of_columns = (2 ** (n - 1).bit_length() for n in (size.outputs, size.features))
    return max(of_rows, 4) * of_columns * run.itemsize * (1 if run.batch_size == 1 else 2)


def _registers(runs: Sequence[Run], size: Size) -> News | None:
    fit = all(run.batch_size == FULL or in_registers(run, size) <= MOST_REGISTERS for run in runs)
    return None if fit else News("the weights do not fit the registers of a GPU")


def _interpreted() -> bool:
    """Whether Triton computes without a GPU, for tests."""
    return os.environ.get("TRITON_INTERPRET") == "1"


def _cuda(runs: Sequence[Run], size: Size) -> str | None:
    if has_cuda() or _interpreted():
        return None
    return unusable() or "this machine has no CUDA device"


def _c_compiler(runs: Sequence[Run], size: Size) -> News | None:
    """What Triton compiles its launches with."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if _interpreted() or (compiler and headers.exists()):
        return None
    lacking = f"Python's headers ({headers})" if compiler else "a C compiler (gcc or clang)"
    return News(f"Triton needs {lacking}, which this machine does not have")


FACTS: dict[str, Fact] = {
    "gradient": _gives("gradient"),
    "torch": _gives("torch_scores", "torch_losses"),
    "score gradient": _gives("score_gradient"),
    "compiled": _compiled_model,
    "compiled update": _compiled_rule,
    "theory": _theory,
    "minimiser": _minimiser,
    "classification": _task("classification"),
    "regression": _task("regression"),
    "plane": _plane,
    "full batch": _all(lambda run: run.batch_size == FULL, "not all its batches are full"),
    "every step": _all(lambda run: run.evaluate_every == 1, "not every step is evaluated"),
    "plain": _all(lambda run: run.update_rule == "plain", "it has no update rule but plain"),
    "fixed step size": _all(lambda run: run.schedule == "constant", "its step size changes"),
    "no averages": _all(lambda run: run.average_from is None, "it cannot average iterates"),
    "noise": _noise,
    "some full batch": _full_batch,
    "update rules": _several_rules,
    "images": _images,
    "linear scores": _linear_scores,
    "batch sizes": _several_batch_sizes,
    "many step sizes": _many_step_sizes,
    "registers": _registers,
    "CUDA": _cuda,
    "C compiler": _c_compiler,
}

# of the machine, not of the run
OF_MACHINE = ("CUDA", "C compiler")

Needs = tuple[Literal[*FACTS], ...]


@declared
class Engine:
    """Constants of the files in descent/engines and descent/evaluators."""

    NEEDS: Needs = key("what it needs of a run, as names of FACTS")
    USES_GPU: Switch = key("whether it computes on a GPU where there is one")
    LIBRARIES: tuple[str, ...] = key("packages that compute, whose versions the provenance names")


@declared
class Figure:
    """Constants of the files in descent/figures."""

    NEEDS: Needs = key("what it needs of the runs of a study, as names of FACTS")
    PLACE: Count = key("its place among the figures of a study, in the order of a story", 99)
    READS_ITERATES: Switch = key("whether draw takes iterates, data and model", False)
    READS_THEORY: Switch = key("whether draw takes what theory knows", False)
    SHOWS_CURVATURE: Switch = key("whether it shows the curvature of paths", False)


@declared
class Picture:
    """Constants of the files in descent/pictures."""

    NEEDS: Needs = key("what it needs of the runs of a study, as names of FACTS")


@declared
class Model:
    """Constants of the files in descent/models."""

    TASK: Literal["classification", "regression"] = key("what the model is for")
    SMOOTHNESS: Positive | None = key(
        "of a convex loss: its largest second derivative along a direction of the scores", None
    )


CONSTANTS = {
    "engines": Engine,
    "evaluators": Engine,
    "figures": Figure,
    "pictures": Picture,
    "models": Model,
}


def given(kind: str, name: str) -> Engine | Figure | Picture | Model:
    """The constants of a file; InputError where one is missing or wrong."""
    return constants(kind, name, CONSTANTS[kind])


def why_not(
    kind: str, name: str, runs: Sequence[Run], size: Size, gpu: bool | None = None
) -> str | None:
    """Why an engine, evaluator, figure or picture cannot do runs of one model; None if it can.

    gpu: whether they will have one where they go, which is believed; None: they go here.
    """

    def reason(fact: str) -> str | None:
        if gpu is None or fact not in OF_MACHINE:
            return FACTS[fact](runs, size)
        return None if gpu else "gpu is false"

    return next(filter(None, map(reason, given(kind, name).NEEDS)), None)


def able(kind: str, runs: Sequence[Run], size: Size, gpu: bool | None = None) -> list[str]:
    """The engines, evaluators, figures or pictures that can do runs of one model."""
    return [name for name in available(kind) if not why_not(kind, name, runs, size, gpu)]


def misfits(run: Run, size: Size) -> dict[str, tuple[object, str]]:
    """Keys of a run that do not fit its data or each other: {key: (found, what is allowed)}."""
    wrong: dict[str, tuple[object, str]] = {}
    if size.task != given("models", run.model).TASK:
        fit = [m for m in available("models") if size.task == given("models", m).TASK]
        wrong["model"] = run.model, f"{', '.join(fit)}, since the data are for {size.task}"
    taken: dict[str, str] = {}  # options, and what has them
    for choice, (_, of_it) in CHOICES.items():
        name, chosen = getattr(run, choice), getattr(run, of_it)
        if shared := sorted(taken.keys() & chosen.keys()):
            whose = " and ".join(dict.fromkeys(taken[option] for option in shared))
            wrong[choice] = name, f"one without the options of {whose}: {', '.join(shared)}"
        taken |= dict.fromkeys(chosen, name)
    if run.validation >= size.train:
        wrong["validation"] = run.validation, f"fewer than the {size.train} training samples"
    train = size.holding_out(run.validation).train
    if run.batch_size != FULL and run.batch_size > train > 0:
        allowed = f"at most the {train} training samples, or {FULL}"
        wrong["batch_size"] = run.batch_size, allowed
    if run.batch_size == FULL and run.sampling != SHUFFLED:
        wrong["sampling"] = run.sampling, f"{SHUFFLED}, since a full batch has no order"
    if run.average_from is not None and run.average_from >= run.epochs:
        allowed = f"an epoch before the last, {run.epochs}"
        wrong["average_from"] = run.average_from, allowed
    return wrong


def layers(run: Run, size: Size) -> dict[str, Layer]:
    """The parameters of a run's model on data of a size."""
    net = plugin("models", run.model)
    return net.layers(size.features, size.outputs, **run.model_options)
