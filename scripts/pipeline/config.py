"""The studies of config.yaml: read, checked, planned. All mistakes are reported at once."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from descent.ability import FACTS, News, able, given, misfits, why_not
from descent.cuda import unusable
from descent.data import Size
from descent.datasets._table import Table
from descent.datasets._table import size as table_size
from descent.declaration import (
    CountOrZero,
    Named,
    declared,
    distinct,
    key,
    mistake,
    read,
    schema,
    shown,
)
from descent.errors import InputError
from descent.plugins import available, plugin
from descent.run import OfOptimizer, OfStudy, Run, options_of, with_options_of
from pipeline.arguments import chosen_options
from pipeline.auto import fastest, takes_gpu
from pipeline.cost import CURVATURE, Needs, needs, numbers
from pipeline.imports import own
from pipeline.lists import Seeds, StepSizes
from pipeline.plan import PlannedRun, PlannedStudy, raw_files
from pipeline.syntax import check_syntax

MAX_STUDY_GB = 10  # iterates of a study on disk; 10⁹ bytes
MAX_RUN_GB = 2  # iterates of a run, which a job holds in memory
MAX_COMMAND = 120_000  # bytes of names; Linux takes a command of 2¹⁷
NAME = "[a-z][a-z0-9_]{0,60}"  # of a study or optimizer
RULES = (
    "download",
    "prepare",
    "minimise",
    "theory",
    "train",
    "evaluate",
    "aggregate",
    "compare",
    "describe",
    "plot",
    "explore",
    "index",
    "manifest",
)
TARGETS = ("all", "figures", "verify", *RULES)  # no names of studies

Engine = Literal["auto", *available("engines")]
Evaluator = Literal["auto", *available("evaluators")]


@declared
class Optimizer(OfOptimizer):
    """The keys of an optimizer."""

    step_sizes: StepSizes = key(
        "the fixed step sizes α, a run each; a mapping is a grid of them",
        also=("step_size", "lr", "lrs", "learning_rate", "learning_rates", "alpha", "alphas"),
    )
    engine: Engine | None = key("where it differs from the study's", None, also=("backend",))
    evaluator: Evaluator | None = key("where it differs from the study's", None)


@declared
class Study(OfStudy):
    """The keys of a study."""

    seeds: Seeds = key(
        "replicates: a seed decides the initial parameters and the order of samples; 5 is 0 … 4",
        also=("seed", "replicates", "repeats"),
    )
    dataset: Literal[*available("datasets")] | Mapping[str, Any] = key(
        "the samples: by name, or a table of one's own", also=("data",)
    )
    optimizers: Named = key(
        "an update rule, a batch size, a length and step sizes, by a name", also=("optimizer",)
    )
    engine: Engine = key("what trains; auto: the fastest that can", "auto", also=("backend",))
    evaluator: Evaluator = key("what evaluates; auto: the fastest that can", "auto")
    curvature_samples: CountOrZero = key(
        "training samples on which full batches measure the curvature along their path; 0: none", 0
    )
    figures: distinct(Literal[*available("figures")]) | None = key(
        "what is drawn; left out: all that have something to show of the study",
        None,
        also=("plots", "figure"),
    )


@declared
class Configuration:
    """The keys of config.yaml."""

    studies: Named = key("studies, by a name", also=("study",))
    gpu: bool | None = key(  # no Switch: --config gives the word
        "whether a job finds a GPU of its own where it runs, on a cluster; left out: jobs run here,"
        " and share the GPU of this machine if it has one",
        None,
    )


def default(config: Mapping[str, Any]) -> str | None:
    """The file of the studies: config.yaml of the working folder, else, where no other file and no
    importing workflow has given studies, the one beside the Snakefile."""
    if Path("config.yaml").exists():
        return "config.yaml"
    return None if config.get("studies") else own("config.yaml")


def read_studies(config: Mapping[str, Any], files: Iterable[str | Path]) -> dict[str, PlannedStudy]:
    """Studies by name.

    config: as Snakemake merged it from the files, which are named in messages and searched for keys
    that stand twice. Raises InputError with a line for every mistake: where it is, what was found,
    what is allowed.
    """
    names = [os.path.relpath(file) for file in files]
    repeated = [f"{name}, {mistake}" for name in names for mistake in check_syntax(name)]
    mistakes: list[str] = []
    whole = read(Configuration, config, "", mistakes)
    studies, gpu = whole.get("studies", {}), whole.get("gpu")
    _check_names("studies", studies, TARGETS, mistakes)
    planned = {name: _read_study(name, values, gpu, mistakes) for name, values in studies.items()}
    lines = repeated + [f"{', '.join(names) or 'config'}: {mistake}" for mistake in mistakes]
    if lines:
        raise InputError("\n".join(lines))
    return planned


def _check_names(
    where: str, named: Mapping[Any, Any], taken: Sequence[str], mistakes: list[str]
) -> None:
    """A line in mistakes for every name that cannot be part of paths and targets, or is taken."""
    for name in named:
        if not isinstance(name, str) or not re.fullmatch(NAME, name):
            allowed = "a lower-case letter, then at most 60 lower-case letters, digits and _"
            mistakes.append(mistake(where, f"the name {name!r}", allowed))
        elif name in taken:
            allowed = f"names other than those of the rules ({', '.join(taken)})"
            mistakes.append(mistake(where, f"the name {name!r}", allowed))


def _read_study(
    name: str, values: Any, gpu: bool | None, mistakes: list[str]
) -> PlannedStudy | None:
    """The study, or None where it has mistakes."""
    where, found = f"studies.{shown(name)}", list[str]()
    keys = with_options_of(Study, values)
    hints = _hints(Optimizer, "an optimizer", "models")
    study = read(keys, values, where, found, elsewhere=hints)
    _check_names(f"{where}.optimizers", study.get("optimizers", {}), (), found)
    optimizers: dict[str, dict[str, Any]] = {}
    for optimizer, of_optimizer in study.get("optimizers", {}).items():
        keys = with_options_of(Optimizer, of_optimizer)
        place = f"{where}.optimizers.{shown(optimizer)}"
        hints = _hints(Study, "the study", "update_rules", "schedules")
        optimizers[optimizer] = read(keys, of_optimizer, place, found, elsewhere=hints)

    runs, notes, figures = list[PlannedRun](), list[str](), ()
    if gpu is None and (reason := unusable()):
        notes.append(f"No GPU is used: {reason}.")
    table, size = _samples(study.get("dataset"), f"{where}.dataset", found)
    if size and "model" in study:
        for optimizer in optimizers:
            runs += _plan(name, study, optimizer, optimizers, size, gpu, found, notes)
        lacking = _lacks(Study, study) or any(_lacks(Optimizer, o) for o in optimizers.values())
        if runs and not lacking:
            _check_gigabytes(where, [planned.gigabytes for planned in runs], found)
            _check_command_line(where, runs, found)
            of_runs, curvature = [p.run for p in runs], study["curvature_samples"]
            figures = _figures(where, study["figures"], of_runs, size, curvature, found)
    mistakes += dict.fromkeys(found)  # what several optimizers have in common, once
    if found:
        return None
    return PlannedStudy(
        name=name,
        dataset=table.name if table else study["dataset"],
        table=table,
        model=study["model"],
        seeds=study["seeds"],
        runs=tuple(runs),
        figures=figures,
        curvature_samples=study["curvature_samples"],
        has_minimiser=FACTS["minimiser"]([planned.run for planned in runs], size) is None,
        pictures=tuple(able("pictures", [planned.run for planned in runs], size)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _samples(dataset: Any, where: str, mistakes: list[str]) -> tuple[Table | None, Size | None]:
    """The table that a dataset is, if it is one, and its size, if it is right."""
    if isinstance(dataset, str):
        missing = [file for file in raw_files(dataset) if not Path(file).is_file()]
        mistakes += [f"{where}: {file} is missing; put it there" for file in missing]
        return None, plugin("datasets", dataset).SIZE
    known = len(mistakes)
    keys = read(Table, dataset, where, mistakes) if dataset is not None else {}
    if len(mistakes) > known or not keys:
        return None, None
    table = Table(**keys)
    try:
        return table, table_size(table)
    except InputError as error:
        mistakes += [f"{where}: {line}" for line in str(error).splitlines()]
    return table, None


@cache
def _hints(structure: type, level: str, *kinds: str) -> dict[str, str]:
    """Where keys of another structure belong, and whose options there are."""
    whose: dict[str, list[str]] = {}
    files = [(kind, name) for kind in kinds for name in available(kind)]
    for kind, name in files:
        with suppress(InputError):  # a file that is wrong matters where it is chosen
            for option in options_of(kind, name):
                whose.setdefault(option, []).append(name)
    hints = dict.fromkeys(schema(structure)["properties"], f"it belongs in {level}")
    return hints | {option: f"it is an option of {', '.join(whose[option])}" for option in whose}


def _lacks(structure: type, values: Mapping[str, Any]) -> bool:
    return not set(schema(structure)["required"]) <= values.keys()


# for keys that are missing or wrong, so that the others can be checked
STAND_INS = {"seeds": (0,), "batch_size": 1, "epochs": 2**62, "evaluate_every": 2**62}


def _plan(
    name: str,
    study: Mapping[str, Any],
    optimizer: str,
    optimizers: Mapping[str, Mapping[str, Any]],
    size: Size,
    gpu: bool | None,
    found: list[str],
    notes: list[str],
) -> list[PlannedRun]:
    """The runs of an optimizer; a line in found for what does not fit."""
    own = optimizers[optimizer]
    where = f"studies.{shown(name)}"
    place = f"{where}.optimizers.{shown(optimizer)}"
    if own.get("average_from") is not None and f"{optimizer}_average" in optimizers:
        allowed = f"a name that the averaged iterates of {optimizer} do not take"
        found.append(mistake(f"{where}.optimizers", f"{optimizer}_average", allowed))
    if "update_rule" not in own:
        return []
    keys = STAND_INS | study | own
    run = Run(
        **{name: keys[name] for name in schema(Run)["properties"] if name in keys},
        step_size=1.0,
        **chosen_options(keys),
    )
    wrong = misfits(run, size)
    for misfit, (value, allowed) in wrong.items():
        found.append(mistake(f"{place if misfit in own else where}.{misfit}", value, allowed))
    if wrong.keys() & {"model", "validation"}:
        return []
    size = size.holding_out(run.validation)
    chosen, needed = {}, dict[str, Needs]()
    for one in ("engine", "evaluator"):
        chosen[one] = named = own[one] or study[one]
        if named == "auto":
            chosen[one], reasons = fastest(f"{one}s", run, size, gpu)
            if not chosen[one]:
                allowed = f"a model that an {one} can do"
                found.append(mistake(f"{where}.model", run.model, allowed, "; ".join(reasons)))
            notes += [f"{place}: {one} {chosen[one]}; {r}" for r in reasons if isinstance(r, News)]
        elif reason := why_not(f"{one}s", named, [run], size, gpu):
            allowed = ", ".join(["auto", *able(f"{one}s", [run], size, gpu)])
            at = place if own[one] else where
            found.append(mistake(f"{at}.{one}", named, allowed, reason))
        if taken := chosen[one]:
            on_gpu = takes_gpu(f"{one}s", taken, gpu)
            needed[f"{one}s"] = needs(f"{one}s", taken, on_gpu, run, size)
    if study.get("curvature_samples") and "evaluators" in needed:
        needed["evaluators"] = Needs(*map(sum, zip(needed["evaluators"], CURVATURE, strict=True)))
    gigabytes = numbers(run, size) * run.itemsize / 1e9
    runs = (replace(run, step_size=step_size) for step_size in own.get("step_sizes", ()))
    return [
        PlannedRun(name, optimizer, **chosen, run=r, gigabytes=gigabytes, needs=needed)
        for r in runs
    ]


def _check_gigabytes(where: str, of_runs: list[float], mistakes: list[str]) -> None:
    """A line in mistakes where iterates take too much space on disk, or in a job's memory."""
    for found, most, what in (
        (sum(of_runs), MAX_STUDY_GB, "a study"),
        (max(of_runs), MAX_RUN_GB, "a run"),
    ):
        if found > most:
            allowed = f"{most} GB {what}; evaluate less often, or use fewer seeds or step sizes"
            mistakes.append(mistake(where, f"iterates of {found:.1f} GB {what}", allowed))


def _check_command_line(where: str, runs: Sequence[PlannedRun], mistakes: list[str]) -> None:
    """A line in mistakes where the traces of a study are too many for one command to name them."""
    length = sum(len(planned.file("traces", "csv")) + 1 for planned in runs)
    if length > MAX_COMMAND:
        found = f"{len(runs)} runs, whose names take {length / 1e3:.0f} kB"
        allowed = f"{MAX_COMMAND / 1e3:.0f} kB a study, as long as a command may be"
        mistakes.append(mistake(where, found, allowed))


def _figures(
    where: str,
    named: tuple[str, ...] | None,
    runs: Sequence[Run],
    size: Size,
    curvature_samples: int,
    mistakes: list[str],
) -> tuple[str, ...]:
    """The figures named, or all that fit the study; a line in mistakes for one that does not."""
    unmeasured = "no curvature is measured: curvature_samples is 0"

    def reason(figure: str) -> str | None:
        lacks_curvature = given("figures", figure).SHOWS_CURVATURE and not curvature_samples
        return why_not("figures", figure, runs, size) or (unmeasured if lacks_curvature else None)

    fitting = [figure for figure in available("figures") if not reason(figure)]
    fit = tuple(sorted(fitting, key=lambda name: given("figures", name).PLACE))
    for figure in named or ():
        if why := reason(figure):
            mistakes.append(mistake(f"{where}.figures", figure, ", ".join(fit), why))
    return named or fit
