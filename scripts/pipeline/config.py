"""The studies of config.yaml: read, normalised, checked. All mistakes are reported at once."""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from descent.data import Size
from descent.errors import InputError
from descent.run import FULL, Run
from pipeline.gpu import has_cuda
from pipeline.plugins import available, constant, defines

MAX_STUDY_GB = 10  # iterates of a study on disk; 10⁹ bytes
MIN_COMPILED = 10**10  # multiplications of an evaluation: about 0.1 s in NumPy
DTYPES = {"float32": 4, "float64": 8}  # bytes a number


@dataclass(frozen=True)
class PlannedRun:
    """A run as the pipeline plans it.

    study, optimizer, label: its place in the results; label is the canonical spelling of the step
    size. engine, evaluator: what trains and evaluates it, chosen where config says auto.
    """

    study: str
    optimizer: str
    label: str
    engine: str
    evaluator: str
    run: Run

    def options(self) -> list[str]:
        """The options of scripts/train.py that say what to train."""
        run = self.run
        return [
            *("--model", run.model),
            *("--engine", self.engine),
            *("--update-rule", run.update_rule),
            *("--step-size", self.label),
            *("--batch-size", str(run.batch_size)),
            *("--epochs", str(run.epochs)),
            *("--evaluate-every", str(run.evaluate_every)),
            *("--seeds", *map(str, run.seeds)),
            *("--l2", repr(run.l2)),
            *("--initial", run.initial),
            *("--dtype", run.dtype),
        ]

    def gpus(self) -> int:
        """How many GPUs training takes."""
        return int(self.engine == "torch" and has_cuda())


@dataclass(frozen=True)
class Study:
    """One dataset, one model, and a run for every optimizer × step size, in config's order."""

    name: str
    dataset: str
    model: str
    runs: tuple[PlannedRun, ...]


def read_studies(
    config: Mapping[str, Any], files: Iterable[str | Path], rules: Iterable[str]
) -> dict[str, Study]:
    """Studies by name.

    config: as Snakemake merged it from the files, which are named in messages and searched for keys
    that stand twice; rules: names that a study cannot have. Raises InputError with a line for every
    mistake: where it is, what was found, what is allowed.
    """
    names = [os.path.relpath(file) for file in files]
    repeated = [f"{name}, {mistake}" for name in names for mistake in _repeated_keys(name)]
    mistakes: list[str] = []
    top = _read(
        "", config, {"studies": Key(partial(_named, what="study", taken=set(rules)))}, mistakes
    )
    studies = {
        name: _read_study(name, study, mistakes) for name, study in top.get("studies", {}).items()
    }
    lines = repeated + [f"{', '.join(names)}: {mistake}" for mistake in mistakes]
    if lines:
        raise InputError("\n".join(lines))
    return studies


def check_syntax(file: str) -> None:
    """Raise InputError where a file cannot be read or is not YAML: the line, and what is wrong."""
    _compose(file)


def _compose(file: str) -> yaml.Node | None:
    try:
        return yaml.compose(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise InputError(f"{file}, line {line}: is not YAML ({error.problem})") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{file}: is not YAML ({error})") from None


def _repeated_keys(file: str) -> list[str]:
    """Keys that stand twice in one mapping, of which YAML silently takes the last."""
    mistakes = []
    nodes = [_compose(file)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            nodes += [value for _, value in node.value]
            mistakes += [
                f"line {key.start_mark.line + 1}: found {key.value} a second time; allowed: once"
                for position, (key, _) in enumerate(node.value)
                if key.value in keys[:position]
            ]
    return mistakes


def label(step_size: float) -> str:
    """The canonical spelling of a step size: 1e-3 and 0.001 are both 0.001, 1 is 1.0."""
    return repr(float(step_size))


# What a value may be: each takes it as YAML gives it and returns it normalised, or raises
# ValueError with what is allowed.


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return value

    return check


def _integer(least: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if type(value) is not int or value < least:
            raise ValueError(f"an integer ≥ {least}")
        return value

    return check


def _number(value: Any) -> float:
    # YAML reads 1e-3 as a string and 0.001 as a number
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    return number


def _l2(value: Any) -> float:
    if not 0 <= _number(value) < math.inf:
        raise ValueError("a finite number ≥ 0")
    return _number(value)


def _step_size(value: Any) -> float:
    if not 0 < _number(value) < math.inf:
        raise ValueError("finite numbers > 0")
    return _number(value)


def _batch_size(value: Any) -> int | str:
    if value != FULL and (type(value) is not int or value < 1):
        raise ValueError(f"an integer ≥ 1, or {FULL}")
    return value


def _distinct(element: Callable[[Any], Any]) -> Callable[[Any], tuple]:
    """A list of at least one, no two the same however they are spelled."""

    def check(value: Any) -> tuple:
        if not isinstance(value, list) or not value:
            raise ValueError("a list of at least one")
        elements = [_element(element, one) for one in value]
        for position, one in enumerate(elements):
            if one in elements[:position]:
                first = value[elements.index(one)]
                raise ValueError(f"each once, but {first} and {value[position]} are the same")
        return tuple(elements)

    return check


def _element(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as allowed:
        raise ValueError(f"{allowed}, not {value!r}") from None


def _named(value: Any, what: str, taken: Iterable[str] = ()) -> dict[str, Any]:
    """A mapping from names to what they name; they become parts of paths and of targets."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"a mapping with at least one {what}")
    for name in value:
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]*", name):
            raise ValueError(
                f"names of lower-case letters, digits and _ that start with a letter, not {name!r}"
            )
        if name in taken:
            raise ValueError(f"names other than those of the rules, not {name!r}")
    return dict(value)


_REQUIRED = object()


@dataclass(frozen=True)
class Key:
    """What a key's value may be, and what it is where the key is absent."""

    check: Callable[[Any], Any]
    default: Any = _REQUIRED


STUDY = {
    "dataset": Key(_one_of(*available("datasets"))),
    "model": Key(_one_of(*available("models"))),
    "l2": Key(_l2, 0.0),
    "initial": Key(_one_of("uniform", "zeros"), "uniform"),
    "dtype": Key(_one_of(*DTYPES), "float32"),
    "engine": Key(_one_of("auto", *available("engines")), "auto"),
    "seeds": Key(_distinct(_integer(least=0))),
    "optimizers": Key(partial(_named, what="optimizer")),
}

OPTIMIZER = {
    "update_rule": Key(_one_of(*available("optimizers")), "plain"),
    "batch_size": Key(_batch_size),
    "epochs": Key(_integer(least=1)),
    "evaluate_every": Key(_integer(least=1)),
    "step_sizes": Key(_distinct(_step_size)),
}


def _read(where: str, values: Any, keys: Mapping[str, Key], mistakes: list[str]) -> dict[str, Any]:
    """The right values, normalised, with defaults; a line in mistakes for every wrong one."""
    if not isinstance(values, Mapping):
        mistakes.append(_mistake(where, values, f"a mapping with {', '.join(keys)}"))
        return {}
    for name in values.keys() - keys.keys():
        mistakes.append(_mistake(where, f"unknown key {name}", ", ".join(keys)))
    right = {}
    for name, key in keys.items():
        place = f"{where}.{name}".lstrip(".")
        if name in values:
            try:
                right[name] = key.check(values[name])
            except ValueError as allowed:
                mistakes.append(_mistake(place, repr(values[name]), str(allowed)))
        elif key.default is _REQUIRED:
            mistakes.append(f"{place}: is missing")
        else:
            right[name] = key.default
    return right


def _mistake(where: str, found: Any, allowed: str) -> str:
    found = str(found)
    found = found if len(found) <= 80 else f"{found[:80]}…"
    return f"{where or 'top level'}: found {found}; allowed: {allowed}"


def _read_study(name: str, values: Any, mistakes: list[str]) -> Study | None:
    """The study, or None where it has mistakes."""
    known = len(mistakes)
    where = f"studies.{name}"
    study = _read(where, values, STUDY, mistakes)
    optimizers = {
        optimizer: _read(f"{where}.optimizers.{optimizer}", of_optimizer, OPTIMIZER, mistakes)
        for optimizer, of_optimizer in study.get("optimizers", {}).items()
    }
    if len(mistakes) > known:
        return None

    size = import_module(f"descent.datasets.{study['dataset']}").SIZE
    engines = _able("engines", study["model"])
    if study["engine"] not in ("auto", *engines):
        allowed = f"{', '.join(['auto', *engines])}, which can train {study['model']}"
        mistakes.append(_mistake(f"{where}.engine", study["engine"], allowed))
    for optimizer, of_optimizer in optimizers.items():
        batch_size = of_optimizer["batch_size"]
        if batch_size != FULL and batch_size > size.train:
            place = f"{where}.optimizers.{optimizer}.batch_size"
            allowed = f"at most the {size.train} training samples, or {FULL}"
            mistakes.append(_mistake(place, batch_size, allowed))
    if len(mistakes) > known:
        return None

    runs = []
    for optimizer, of_optimizer in optimizers.items():
        for step_size in of_optimizer["step_sizes"]:
            run = Run(
                model=study["model"],
                step_size=step_size,
                **{key: of_optimizer[key] for key in OPTIMIZER if key != "step_sizes"},
                **{key: study[key] for key in ("seeds", "l2", "initial", "dtype")},
            )
            engine = _choose_engine(study["engine"], engines, run.batch_size)
            evaluator = _choose_evaluator(run, size)
            runs.append(PlannedRun(name, optimizer, label(step_size), engine, evaluator, run))
    gigabytes = sum(_numbers(run.run, size) * DTYPES[run.run.dtype] for run in runs) / 1e9
    if gigabytes > MAX_STUDY_GB:
        found = f"iterates of {gigabytes:.1f} GB on disk"
        allowed = (
            f"{MAX_STUDY_GB} GB a study; evaluate less often, or use fewer seeds or step sizes"
        )
        mistakes.append(_mistake(where, found, allowed))
    return Study(name, study["dataset"], study["model"], tuple(runs))


def _able(kind: str, model: str) -> list[str]:
    """The engines, or evaluators, that can do a model: it has the function that they need."""
    return [a for a in available(kind) if defines("models", model, constant(kind, a, "NEEDS"))]


def _choose_engine(engine: str, engines: list[str], batch_size: int | str) -> str:
    """The engine itself; for auto the fastest that can train the model.

    That is torch for full batches where there is a GPU, else numba, NumPy, torch, in this order.
    """
    if engine != "auto":
        return engine
    fastest = ["numba", "numpy", "torch"]
    if batch_size == FULL and has_cuda():
        fastest.insert(0, "torch")
    return next(engine for engine in fastest if engine in engines)


def _choose_evaluator(run: Run, size: Size) -> str:
    """The compiled one, unless NumPy is done before numba has been imported."""
    multiplications = (size.train + size.test) * _numbers(run, size)
    if multiplications < MIN_COMPILED or "numba" not in _able("evaluators", run.model):
        return "numpy"
    return "numba"


def _numbers(run: Run, size: Size) -> int:
    """Numbers in the iterates of a run, at most."""
    layers = import_module(f"descent.models.{run.model}").layers(size.features, size.outputs)
    each = sum(math.prod(layer.shape) for layer in layers.values())
    early = run.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
    evaluated = run.steps(size.train) // run.evaluate_every + early + 2
    return len(run.seeds) * evaluated * each
