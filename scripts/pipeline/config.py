"""The studies of config.yaml: read, normalised, checked. All mistakes are reported at once."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from descent.data import Size
from descent.errors import InputError
from descent.run import FULL, Run
from pipeline import checks
from pipeline.checks import Key
from pipeline.gpu import has_cuda
from pipeline.plugins import available, constant, defines

MAX_STUDY_GB = 10  # iterates of a study on disk; 10⁹ bytes
MIN_COMPILED = 10**10  # multiplications of an evaluation: about 0.1 s in NumPy
MIN_GPU = 3 * 10**11  # as many take about 4 s in numba, as long as starting torch on a GPU
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"  # Triton without a GPU, for tests
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
        return _gpus("engines", self.engine)

    def evaluation_gpus(self) -> int:
        """How many GPUs evaluation takes."""
        return _gpus("evaluators", self.evaluator)


@dataclass(frozen=True)
class Study:
    """One dataset, one model, and a run for every optimizer × step size, in config's order."""

    name: str
    dataset: str
    model: str
    seeds: tuple[int, ...]
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
    named = checks.read("", config, {"studies": Key(checks.mapping)}, mistakes).get("studies", {})
    checks.names("studies", named, set(rules), mistakes)
    studies = {name: _read_study(name, study, mistakes) for name, study in named.items()}
    lines = repeated + [f"{', '.join(names)}: {mistake}" for mistake in mistakes]
    if lines:
        raise InputError("\n".join(lines))
    return studies


def check_syntax(file: str) -> None:
    """Raise InputError where a file cannot be read or is no YAML mapping: where, what is wrong."""
    if not isinstance(_compose(file), yaml.MappingNode):
        raise InputError(f"{file}: found no mapping; allowed: a mapping with studies")


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


STUDY = {
    "dataset": Key(checks.one_of(*available("datasets"))),
    "model": Key(checks.one_of(*available("models"))),
    "l2": Key(checks.at_least_zero, 0.0),
    "initial": Key(checks.one_of("uniform", "zeros"), "uniform"),
    "dtype": Key(checks.one_of(*DTYPES), "float32"),
    "engine": Key(checks.one_of("auto", *available("engines")), "auto"),
    "seeds": Key(checks.distinct(checks.integer(least=0))),
    "optimizers": Key(checks.mapping),
}

OPTIMIZER = {
    "update_rule": Key(checks.one_of(*available("optimizers")), "plain"),
    "batch_size": Key(checks.integer_or(FULL, least=1)),
    "epochs": Key(checks.integer(least=1)),
    "evaluate_every": Key(checks.integer(least=1)),
    "step_sizes": Key(checks.distinct(checks.above_zero)),
}


def _read_study(name: str, values: Any, mistakes: list[str]) -> Study | None:
    """The study, or None where it has mistakes."""
    known = len(mistakes)
    where = f"studies.{name}"
    study = checks.read(where, values, STUDY, mistakes)
    named = study.get("optimizers", {})
    checks.names(f"{where}.optimizers", named, set(), mistakes)
    optimizers = {
        optimizer: checks.read(f"{where}.optimizers.{optimizer}", of_it, OPTIMIZER, mistakes)
        for optimizer, of_it in named.items()
    }
    if "dataset" in study:
        size = import_module(f"descent.datasets.{study['dataset']}").SIZE
        for optimizer, of_optimizer in optimizers.items():
            batch_size = of_optimizer.get("batch_size", FULL)
            if batch_size != FULL and batch_size > size.train:
                place = f"{where}.optimizers.{optimizer}.batch_size"
                allowed = f"at most the {size.train} training samples, or {FULL}"
                mistakes.append(checks.mistake(place, batch_size, allowed))
    if "model" in study and "engine" in study:
        _check_engine(where, study["model"], study["engine"], optimizers, mistakes)
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
            engine = study["engine"]
            if engine == "auto":
                engine = _fastest_engine(run)
            evaluator = _choose_evaluator(run, size)
            runs.append(PlannedRun(name, optimizer, label(step_size), engine, evaluator, run))
    gigabytes = sum(_numbers(run.run, size) * DTYPES[run.run.dtype] for run in runs) / 1e9
    if gigabytes > MAX_STUDY_GB:
        found = f"iterates of {gigabytes:.1f} GB on disk"
        allowed = (
            f"{MAX_STUDY_GB} GB a study; evaluate less often, or use fewer seeds or step sizes"
        )
        mistakes.append(checks.mistake(where, found, allowed))
    return Study(name, study["dataset"], study["model"], study["seeds"], tuple(runs))


def _able(kind: str, model: str) -> list[str]:
    """The engines, or evaluators, that can do a model on this machine.

    The model has the function that they need, and the machine the GPU.
    """
    return [
        name
        for name in available(kind)
        if defines("models", model, constant(kind, name, "NEEDS"))
        and (constant(kind, name, "GPU") != "required" or has_cuda() or INTERPRETED)
    ]


def _check_engine(
    where: str, model: str, engine: str, optimizers: Mapping[str, Any], mistakes: list[str]
) -> None:
    """A line in mistakes for everything that the engine cannot do."""
    engines = _able("engines", model)
    if not engines:
        found = f"{model}, whose file has no function that an engine needs"
        mistakes.append(checks.mistake(f"{where}.model", found, "a complete model"))
    elif engine not in ("auto", *engines):
        allowed = f"{', '.join(['auto', *engines])}, which can train {model} on this machine"
        mistakes.append(checks.mistake(f"{where}.engine", engine, allowed))
    elif engine != "auto":
        allowed = f"{', '.join(_update_rules(engine))}, which engine {engine} can do"
        for name, optimizer in optimizers.items():
            rule = optimizer.get("update_rule")
            if rule and rule not in _update_rules(engine):
                place = f"{where}.optimizers.{name}.update_rule"
                mistakes.append(checks.mistake(place, rule, allowed))


def _update_rules(engine: str) -> Sequence[str]:
    return constant("engines", engine, "UPDATE_RULES", available("optimizers"))


def _fastest_engine(run: Run) -> str:
    """The first of the engines, fastest first, that can do the run."""
    fastest = ["triton", "torch", "numba", "numpy"] if has_cuda() else ["numba", "numpy", "torch"]
    able = _able("engines", run.model)
    return next(e for e in fastest if e in able and run.update_rule in _update_rules(e))


def _choose_evaluator(run: Run, size: Size) -> str:
    """The fastest one, with the time that its import takes."""
    multiplications = (size.train + size.test) * _numbers(run, size)
    able = _able("evaluators", run.model)
    if has_cuda() and multiplications >= MIN_GPU and "torch" in able:
        return "torch"
    return "numba" if multiplications >= MIN_COMPILED and "numba" in able else "numpy"


def _gpus(kind: str, name: str) -> int:
    return int(constant(kind, name, "GPU") != "none" and has_cuda())


def _numbers(run: Run, size: Size) -> int:
    """Numbers in the iterates of a run, at most."""
    layers = import_module(f"descent.models.{run.model}").layers(size.features, size.outputs)
    each = sum(math.prod(layer.shape) for layer in layers.values())
    early = run.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
    evaluated = run.steps(size.train) // run.evaluate_every + early + 2
    return len(run.seeds) * evaluated * each
