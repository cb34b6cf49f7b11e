"""The studies of config.yaml: read, normalised, checked. All mistakes are reported at once."""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from descent.data import Size
from descent.errors import InputError
from descent.formulas import options
from descent.run import FULL, Run
from descent.schedule import SCHEDULES
from pipeline import checks
from pipeline.capabilities import (
    able,
    averages,
    fastest_engine,
    fastest_evaluator,
    fitting_figures,
    gpus,
    numbers,
    update_rules,
)
from pipeline.checks import Key
from pipeline.plugins import available, constant

MAX_STUDY_GB = 10  # iterates of a study on disk; 10⁹ bytes
MAX_RUN_GB = 2  # iterates of a run, which a job holds in memory
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
        chosen = [
            *(f"--model-option={name}={json.dumps(v)}" for name, v in run.model_options.items()),
            *(f"--update-option={name}={json.dumps(v)}" for name, v in run.update_options.items()),
            *([f"--schedule={run.schedule}"] if run.schedule != "constant" else []),
            *([f"--average-from={run.average_from}"] if run.average_from is not None else []),
        ]
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
            *map(quote, chosen),  # 1/sqrt(t) is nothing for a shell
        ]

    def gpus(self) -> int:
        """How many GPUs training takes."""
        return gpus("engines", self.engine)

    def evaluation_gpus(self) -> int:
        """How many GPUs evaluation takes."""
        return gpus("evaluators", self.evaluator)


@dataclass(frozen=True)
class Study:
    """One dataset, one model, and a run for every optimizer × step size, in config's order.

    figures: what is drawn of it; gigabytes: its iterates on disk, at most.
    """

    name: str
    dataset: str
    model: str
    seeds: tuple[int, ...]
    runs: tuple[PlannedRun, ...]
    figures: tuple[str, ...]
    gigabytes: float


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
    try:
        json.dumps(yaml.safe_load(Path(file).read_text(encoding="utf-8")), default=str)
    except ValueError as error:  # a date that does not exist, a mapping that contains itself
        raise InputError(f"{file}: found a value that cannot be read ({error})") from None


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
    "figures": Key(checks.distinct(checks.one_of(*available("figures"))), None),
}

OPTIMIZER = {
    "update_rule": Key(checks.one_of(*available("update_rules")), "plain"),
    "batch_size": Key(checks.integer_or(FULL, least=1)),
    "epochs": Key(checks.integer(least=1)),
    "evaluate_every": Key(checks.integer(least=1)),
    "step_sizes": Key(checks.distinct(checks.above_zero)),
    "schedule": Key(checks.one_of(*SCHEDULES), "constant"),
    "average_from": Key(checks.integer(least=0), None),
    "engine": Key(checks.one_of("auto", *available("engines")), None),
}


def _read_study(name: str, values: Any, mistakes: list[str]) -> Study | None:
    """The study, or None where it has mistakes."""
    known = len(mistakes)
    where = f"studies.{name}"
    model_options = _options("models", values, "model")
    study = checks.read(where, values, STUDY | model_options, mistakes)
    named = study.get("optimizers", {})
    checks.names(f"{where}.optimizers", named, set(), mistakes)
    optimizers, update_options = {}, {}
    for optimizer, of_it in named.items():
        place = f"{where}.optimizers.{optimizer}"
        update_options[optimizer] = _options("update_rules", of_it, "update_rule")
        keys = OPTIMIZER | update_options[optimizer]
        optimizers[optimizer] = checks.read(place, of_it, keys, mistakes)
    if "dataset" in study:
        size = import_module(f"descent.datasets.{study['dataset']}").SIZE
        _check_optimizers(where, size, optimizers, mistakes)
    if "model" in study:
        _check_engines(where, study["model"], study.get("engine"), optimizers, mistakes)
    if "model" in study and "dataset" in study:
        _check_task(where, study["model"], study["dataset"], size.task, mistakes)
    needed = {"dataset", "model", "seeds", "optimizers", *model_options}
    if needed - study.keys() or any(
        (OPTIMIZER | update_options[name]).keys() - optimizer.keys()
        for name, optimizer in optimizers.items()
    ):
        return None  # what follows needs all of these

    # a wrong value counts as left out, so that all mistakes are found at once
    study = {name: key.default for name, key in STUDY.items()} | study
    runs = []
    for optimizer, of_optimizer in optimizers.items():
        for step_size in of_optimizer["step_sizes"]:
            run = Run(
                model=study["model"],
                step_size=step_size,
                **{
                    key: of_optimizer[key]
                    for key in OPTIMIZER
                    if key not in ("step_sizes", "engine")
                },
                **{key: study[key] for key in ("seeds", "l2", "initial", "dtype")},
                model_options={key: study[key] for key in model_options},
                update_options={key: of_optimizer[key] for key in update_options[optimizer]},
            )
            engine = of_optimizer["engine"] or study["engine"]
            if engine == "auto":
                averaging = run.average_from is not None
                engine = fastest_engine(run.model, run.update_rule, averaging)
            evaluator = fastest_evaluator(run, size)
            runs.append(PlannedRun(name, optimizer, label(step_size), engine, evaluator, run))
    gigabytes = [numbers(run.run, size) * DTYPES[run.run.dtype] / 1e9 for run in runs]
    _check_gigabytes(where, gigabytes, mistakes)
    figures = _figures(where, study["figures"], runs, size, mistakes)
    if len(mistakes) > known:
        return None
    return Study(
        name,
        study["dataset"],
        study["model"],
        study["seeds"],
        tuple(runs),
        figures,
        sum(gigabytes),
    )


def _options(kind: str, values: Any, key: str) -> dict[str, Key]:
    """The keys that the chosen model or update rule adds."""
    chosen = values.get(key) if isinstance(values, Mapping) else None
    if chosen is not None and chosen not in available(kind):  # a mistake, reported elsewhere
        every = (_defaults(kind, name) for name in available(kind))
        return {name: Key(checks.anything, None) for options in every for name in options}
    checked = {bool: checks.boolean, int: checks.integer(least=1), float: checks.fraction}
    defaults = _defaults(kind, chosen) if chosen else {}
    return {name: Key(checked[type(default)], default) for name, default in defaults.items()}


def _defaults(kind: str, name: str) -> dict[str, Any]:
    file = import_module(f"descent.{kind}.{name}")
    return options(file.layers if kind == "models" else file.update)


def _check_optimizers(
    where: str, size: Size, optimizers: Mapping[str, Any], mistakes: list[str]
) -> None:
    """A line in mistakes for every optimizer that does not fit the data or the others."""
    for name, optimizer in optimizers.items():
        place = f"{where}.optimizers.{name}"
        batch_size = optimizer.get("batch_size", FULL)
        if batch_size != FULL and batch_size > size.train:
            allowed = f"at most the {size.train} training samples, or {FULL}"
            mistakes.append(checks.mistake(f"{place}.batch_size", batch_size, allowed))
        average_from = optimizer.get("average_from")
        if average_from is not None and average_from >= optimizer.get("epochs", math.inf):
            allowed = f"an epoch before the last, {optimizer['epochs']}"
            mistakes.append(checks.mistake(f"{place}.average_from", average_from, allowed))
        if average_from is not None and f"{name}_average" in optimizers:
            allowed = f"a name that the averaged iterates of {name} do not take"
            mistakes.append(checks.mistake(f"{where}.optimizers", f"{name}_average", allowed))


def _check_task(where: str, model: str, dataset: str, task: str, mistakes: list[str]) -> None:
    """A line in mistakes where the model predicts labels and the data are numbers, or reversed."""
    fit = [m for m in available("models") if constant("models", m, "TASK") == task]
    if model not in fit:
        allowed = f"{', '.join(fit)}, since {dataset} is for {task}"
        mistakes.append(checks.mistake(f"{where}.model", model, allowed))


def _check_gigabytes(where: str, of_runs: list[float], mistakes: list[str]) -> None:
    """A line in mistakes where iterates take too much space on disk, or in a job's memory."""
    for found, most, what in (
        (sum(of_runs), MAX_STUDY_GB, "a study"),
        (max(of_runs), MAX_RUN_GB, "a run"),
    ):
        if found > most:
            allowed = f"{most} GB {what}; evaluate less often, or use fewer seeds or step sizes"
            mistakes.append(checks.mistake(where, f"iterates of {found:.1f} GB {what}", allowed))


def _figures(
    where: str,
    named: tuple[str, ...] | None,
    runs: Sequence[PlannedRun],
    size: Size,
    mistakes: list[str],
) -> tuple[str, ...]:
    """The figures named, or all that fit the study; a line in mistakes for one that does not."""
    fit = fitting_figures([planned.run for planned in runs], size)
    for figure in named or ():
        if figure not in fit:
            allowed = f"{', '.join(fit)}, which have something to show of this study"
            mistakes.append(checks.mistake(f"{where}.figures", figure, allowed))
    return named or fit


def _check_engines(
    where: str, model: str, of_study: str | None, optimizers: Mapping, mistakes: list[str]
) -> None:
    """A line in mistakes for everything that an engine named by hand cannot do."""
    engines = able("engines", model)
    if not engines:
        found = f"{model}, whose file has no function that an engine needs"
        mistakes.append(checks.mistake(f"{where}.model", found, "a complete model"))
        return
    chosen = {
        f"{where}.optimizers.{name}" if o.get("engine") else where: o.get("engine") or of_study
        for name, o in optimizers.items()
    }
    for place, engine in chosen.items():
        if engine not in (None, "auto", *engines):
            allowed = f"{', '.join(['auto', *engines])}, which can train {model} on this machine"
            mistakes.append(checks.mistake(f"{place}.engine", engine, allowed))
    for name, optimizer in optimizers.items():
        place, engine = f"{where}.optimizers.{name}", optimizer.get("engine") or of_study
        rule, averaging = optimizer.get("update_rule"), optimizer.get("average_from") is not None
        if engine == "auto" and rule and not fastest_engine(model, rule, averaging):
            found = f"{rule}{' with averages' if averaging else ''}"
            allowed = f"what one of {', '.join(engines)} can do with {model}"
            mistakes.append(checks.mistake(f"{place}.update_rule", found, allowed))
        if engine not in engines:  # auto, or wrong anyway
            continue
        if rule and rule not in update_rules(engine):
            allowed = f"{', '.join(update_rules(engine))}, which engine {engine} can do"
            mistakes.append(checks.mistake(f"{place}.update_rule", rule, allowed))
        if averaging and not averages(engine):
            can = [e for e in engines if averages(e)]
            allowed = f"{', '.join(['auto', *can])}, which can average iterates"
            mistakes.append(checks.mistake(f"{place}.engine", engine, allowed))
