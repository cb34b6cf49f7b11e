"""Checks and plans the studies of a configuration.

Mistakes are reported together: first all invalid values, then all values that do not fit the data
or each other.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

from descent import engines, evaluation
from descent.config.code import digest
from descent.config.messages import messages
from descent.config.plan import PlannedRun, PlannedStudy
from descent.config.schema import Configuration, Optimizer, Study
from descent.datasets import _table
from descent.errors import InputError
from descent.explorer import panels
from descent.figures import FIGURES, unmet_requirement
from descent.plugins import available, plugin
from descent.run import FULL, Run
from descent.store.data import Size
from descent.store.files import checksum, replacing
from descent.theory.scope import no_minimiser

# names of rules, which studies may not have
RULES = """all figures verify download prepare minimise theory train evaluate summarise plot explore
    index manifest""".split()
MAX_STUDY_GB = 10  # iterates of a study on disk; 10⁹ bytes
MAX_RUN_GB = 2  # iterates of a run, which a job holds in memory
MAX_COMMAND = 120_000  # bytes of a study's runs as JSON; Linux allows 2¹⁷ per argument
SIZES = Path(".snakemake/sizes_of_tables")  # cache of _size_of_table
GPU_NODES = "/dev/nvidia0", "/dev/dxg"  # on Linux, and on the Windows Subsystem for Linux


class UniqueKeys(yaml.SafeLoader):
    """A YAML loader that rejects duplicate keys in a mapping."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        """Raise ConstructorError if a key of the mapping is repeated."""
        node, seen = super().compose_mapping_node(anchor), set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"the key {key.value} occurs twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value if isinstance(key.value, str) else None)
        return node


def check_yaml(file: str) -> None:
    """Raise InputError, one line, if a file is not YAML or a mapping in it has duplicate keys."""
    try:
        content = yaml.load(Path(file).read_text(encoding="utf-8"), UniqueKeys)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        why = " ".join(filter(None, (error.context, error.problem)))
        raise InputError(f"{file}{line}: is not YAML ({why})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: is not YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(content, Mapping):
        raise InputError(f"{file}: found no mapping; allowed: a mapping with the key studies")


def read_studies(config: Mapping[str, Any], files: Iterable[str | Path]) -> dict[str, PlannedStudy]:
    """Return the planned studies by name.

    config: the configuration that Snakemake merged from the files. Raises InputError with a line
    for every mistake: where it is, what was found, what is allowed.
    """
    names = [os.path.relpath(file) for file in files]
    for name in names:
        check_yaml(name)
    place = ", ".join(names) or "config"
    try:
        configuration = Configuration.model_validate(config)
    except ValidationError as error:
        lines = (f"{place}: {line}" for line in messages(error, config))
        raise InputError("\n".join(lines)) from None
    gpu = configuration.gpu
    if gpu is None:
        gpu = any(map(os.path.exists, GPU_NODES))
    planned, mistakes = {}, list[str]()
    for name, study in configuration.studies.items():
        where = f"studies.{name}"
        if name in RULES:
            mistakes.append(f"{where}: found the name of a rule; allowed: another name")
        try:
            planned[name] = _plan(name, study, gpu)
        except InputError as error:
            lines = str(error).splitlines()
            mistakes += [f"{where}{'' if line[0] in '.:' else ': '}{line}" for line in lines]
    if mistakes:
        raise InputError("\n".join(f"{place}: {line}" for line in dict.fromkeys(mistakes)))
    return planned


def _plan(name: str, study: Study, gpu: bool) -> PlannedStudy:
    """Plan a study; InputError with a line for each value that does not fit."""
    size, table = _size(study), study.dataset if isinstance(study.dataset, _table.Table) else None
    if mistakes := [*_data_mistakes(study, size)]:
        raise InputError("\n".join(mistakes))
    planned_runs: dict[tuple[str, str], PlannedRun] = {}
    for optimizer, keys in study.optimizers.items():
        if keys.average_from is not None and f"{optimizer}_average" in study.optimizers:
            found = f"{optimizer}_average: found the name of the averages of {optimizer}"
            mistakes.append(f".optimizers.{found}; allowed: another name")
        try:
            for planned in _runs(study, keys, size, gpu):
                planned_runs[optimizer, planned.run.label] = planned
        except InputError as error:
            mistakes += [f".optimizers.{optimizer}.{line}" for line in str(error).splitlines()]
    if mistakes:
        raise InputError("\n".join(mistakes))
    runs = [planned.run for planned in planned_runs.values()]
    mistakes = [*_too_large(runs, size)]
    no_minimisers = {name: no_minimiser(p.run, size) for (name, _), p in planned_runs.items()}
    if any(no_minimisers.values()) and not all(no_minimisers.values()):
        name = next(filter(no_minimisers.get, no_minimisers))
        allowed = "λ > 0 in all optimizers of a study, or in none"
        mistakes.append(f".optimizers.{name}.l2: found 0; allowed: {allowed}")
    unmet = {figure: unmet_requirement(figure, runs, size, dict(study)) for figure in FIGURES}
    supported = tuple(figure for figure, why in unmet.items() if not why)
    for figure in study.figures or ():
        if why := unmet[figure]:
            mistakes.append(f".figures: found {figure}; {why}; allowed: {', '.join(supported)}")
    if any(no_minimisers.values()) and size.task == "classification" and (study.target or 0) > 1:
        mistakes.append(f".target: found {study.target:g}; allowed: a test accuracy, at most 1")
    planned = PlannedStudy(
        name=name,
        question=study.question,
        dataset=table.name if table else study.dataset,
        table=table.model_dump() if table else None,
        runs=planned_runs,
        figures=study.figures or supported,
        panels=panels(runs, size),
        curvature_samples=study.curvature_samples,
        target=study.target,
        has_minimiser=not any(no_minimisers.values()),
    )
    if len(planned.sweep) > MAX_COMMAND:
        found = f"{len(runs)} runs, whose keys take {len(planned.sweep) / 1e3:.0f} kB"
        limit = f"{MAX_COMMAND / 1e3:.0f} kB, the limit of a command"
        mistakes.append(f": found {found}; allowed: {limit}")
    if mistakes:
        raise InputError("\n".join(mistakes))
    return planned


def _size(study: Study) -> Size:
    if not isinstance(study.dataset, _table.Table):
        return plugin("datasets", study.dataset).SIZE
    try:
        return _size_of_table(study.dataset, study.validation)
    except InputError as error:
        lines = (f".dataset: {line}" for line in str(error).splitlines())
        raise InputError("\n".join(lines)) from None


def _size_of_table(table: _table.Table, validation: int) -> Size:
    """Return the size of a table, cached on disk since reading a large table takes a minute."""
    file = Path(table.file)
    if not file.is_file():
        return _table.size(table, validation)
    key = checksum(file), table.model_dump_json(), validation, digest("prepare.py")
    cached = SIZES / f"{hashlib.sha256(repr(key).encode()).hexdigest()}.json"
    with suppress(OSError, ValueError, TypeError):  # missing or damaged
        return Size(**json.loads(cached.read_text()))
    size = _table.size(table, validation)
    with suppress(OSError), replacing(cached) as temporary:
        temporary.write_text(json.dumps(asdict(size)))
    return size


def _data_mistakes(study: Study, size: Size) -> Iterable[str]:
    """Yield a line for each key of a study that does not fit its data."""
    if size.task != plugin("models", study.model).TASK:
        fit = [m for m in available("models") if size.task == plugin("models", m).TASK]
        allowed = f"{', '.join(fit)}, since the data are for {size.task}"
        if isinstance(study.dataset, _table.Table):
            allowed += f"; or task: {plugin('models', study.model).TASK} in dataset"
        yield f".model: found {study.model}; allowed: {allowed}"
    if study.validation >= size.train:
        allowed = f"fewer than the {size.train} training samples"
        yield f".validation: found {study.validation}; allowed: {allowed}"


def _runs(study: Study, keys: Optimizer, size: Size, gpu: bool) -> Iterable[PlannedRun]:
    """Plan the runs of an optimizer, one for each step size."""
    size = size.without_validation(study.validation)
    if keys.batch_size != FULL and keys.batch_size > size.train > 0:
        allowed = f"at most the {size.train} training samples, or {FULL}"
        raise InputError(f"batch_size: found {keys.batch_size}; allowed: {allowed}")
    of_optimizer = {key: value for key, value in dict(keys).items() if value is not None}
    merged = {**dict(study), **of_optimizer}
    run_keys = {key: merged[key] for key in merged if key in Run.__dataclass_fields__}
    runs = [Run(**run_keys, step_size=step_size) for step_size in keys.step_sizes]
    resolved = {}
    for key, package in (("engine", engines), ("evaluator", evaluation)):
        name = merged[key]
        resolved[key] = package.choose(runs[0], size, gpu) if name == "auto" else name
        if why := package.unmet_requirement(resolved[key], runs[0]):
            fit = [n for n in engines.REQUIREMENTS if not package.unmet_requirement(n, runs[0])]
            raise InputError(f"{key}: found {name}; {why}; allowed: {', '.join(['auto', *fit])}")
    resolved |= {"gpu": gpu, "curvature_samples": study.curvature_samples}
    return [PlannedRun(run, **resolved) for run in runs]


def _too_large(runs: list[Run], size: Size) -> Iterable[str]:
    """Yield a line if iterates take too much space on disk, or in the memory of a job."""
    size = size.without_validation(runs[0].validation)
    itemsize, extent = np.dtype(runs[0].dtype).itemsize, (size.train, size.features, size.outputs)
    gigabytes = [run.stored_numbers(*extent) * itemsize / 1e9 for run in runs]
    for what, found, limit in (
        ("study", sum(gigabytes), MAX_STUDY_GB),
        ("run", max(gigabytes), MAX_RUN_GB),
    ):
        if found > limit:
            advice = "evaluate less often, or use fewer seeds or step sizes"
            yield f": found a {what} with {found:.1f} GB of iterates; allowed: {limit} GB; {advice}"
