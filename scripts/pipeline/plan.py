"""Studies and runs as the pipeline plans them, with the files and modules of their rules."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Any

from descent.ability import given
from descent.datasets._table import Table
from descent.errors import InputError
from descent.plugins import available, plugin
from descent.run import OBJECTIVE, OfStudy, Run
from pipeline.arguments import command_line
from pipeline.cost import Needs


@dataclass(frozen=True)
class PlannedRun:
    """A run, its place in the results, and what trains and evaluates it.

    engine, evaluator: chosen where config.yaml says auto; gigabytes: its iterates on disk, at most;
    needs: of the jobs that train and evaluate it.
    """

    study: str
    optimizer: str
    engine: str
    evaluator: str
    run: Run
    gigabytes: float
    needs: Mapping[str, Needs]

    def file(self, kind: str, ending: str) -> str:
        """Its file among the iterates or traces of its study."""
        return f"results/{self.study}/{kind}/{self.optimizer}/{self.run.label}.{ending}"

    def options(self) -> list[str]:
        """The options of scripts/train.py that say what to train."""
        return ["--engine", self.engine, *command_line(self.run)]

    def expected(self) -> str:
        """What evaluation is to find in the provenance, as JSON, quoted for a shell."""
        return _as_word({**asdict(self.run), "engine": self.engine})

    def training_modules(self) -> list[str]:
        """The modules of its own that training imports."""
        return [
            f"descent.models.{self.run.model}",
            f"descent.update_rules.{self.run.update_rule}",
            f"descent.schedules.{self.run.schedule}",
            f"descent.engines.{self.engine}",
        ]

    def evaluation_modules(self) -> list[str]:
        """The modules of its own that evaluation imports."""
        return [f"descent.models.{self.run.model}", f"descent.evaluators.{self.evaluator}"]


@dataclass(frozen=True)
class PlannedStudy:
    """One dataset, one model, and a run for every optimizer × step size, in config's order.

    table: which the dataset is made of, where it is one's own; figures: what is drawn of it;
    curvature_samples: on how many training samples the curvature of paths is measured;
    has_minimiser: whether theory finds one; pictures: what its page shows of iterates;
    notes: what a user should know of the plan.
    """

    name: str
    dataset: str
    table: Table | None
    model: str
    seeds: tuple[int, ...]
    runs: tuple[PlannedRun, ...]
    figures: tuple[str, ...]
    curvature_samples: int
    has_minimiser: bool
    pictures: tuple[str, ...]
    notes: tuple[str, ...]

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], PlannedRun]:
        return {(planned.optimizer, planned.run.label): planned for planned in self.runs}

    def run(self, wildcards) -> PlannedRun:
        """The run of the wildcards optimizer and step_size; InputError where it has none."""
        place = wildcards.optimizer, wildcards.step_size
        if place not in self._by_place:
            raise InputError(f"study {self.name} has no run {place[0]} {place[1]}")
        return self._by_place[place]

    @property
    def data(self) -> str:
        """The file of its samples."""
        folder = f"data/{self.name}" if self.table else "data"
        return f"{folder}/{self.dataset}.npz"

    def table_keys(self) -> str:
        """The keys of its table, as JSON, quoted for a shell."""
        return _as_word(asdict(self.table))

    def runs_by_optimizer(self) -> str:
        """What runs there are, as JSON, quoted for a shell: the keys that all share, and those of
        each optimizer, in place of a step size with all of them."""
        shared = {field.name for field in fields(OfStudy)} | {"model_options"}
        optimizers: dict[str, dict[str, Any]] = {}
        for planned in self.runs:
            keys = {key: v for key, v in asdict(planned.run).items() if key not in shared}
            step_size = keys.pop("step_size")
            of_it = {"optimizer": planned.optimizer, "step_sizes": [], **keys}
            optimizers.setdefault(planned.optimizer, of_it)["step_sizes"].append(step_size)
        of_study = {key: v for key, v in asdict(self.runs[0].run).items() if key in shared}
        return _as_word({**of_study, "optimizers": list(optimizers.values())})

    def objective(self) -> str:
        """The keys of its runs that decide the minimiser, as JSON, quoted for a shell."""
        keys = asdict(self.runs[0].run)
        return _as_word({key: keys[key] for key in OBJECTIVE})

    def theory_modules(self) -> list[str]:
        """The modules of its own that theory imports."""
        return [f"descent.models.{self.model}"]

    def theory(self) -> list[str]:
        """What is computed before it trains."""
        return [f"results/{self.name}/{of}" for of in ("theory.json", "expected.csv")]

    def minimiser(self) -> list[str]:
        """The file of the minimiser, where there is one."""
        return [f"results/{self.name}/theory.npz"] if self.has_minimiser else []

    def minimiser_option(self) -> list[str]:
        """The option that names it."""
        return [f"--minimiser {file}" for file in self.minimiser()]

    def evaluation_modules(self) -> list[str]:
        """The modules that evaluation imports for what it measures besides."""
        return ["descent.theory.path"] if self.curvature_samples else []

    def evaluation_options(self) -> list[str]:
        """What evaluation measures besides."""
        samples = self.curvature_samples
        return [*self.minimiser_option(), *([f"--curvature-samples {samples}"] if samples else [])]

    def files(self, kind: str, ending: str) -> list[str]:
        """The iterates or traces of all runs."""
        return [planned.file(kind, ending) for planned in self.runs]

    @property
    def manifest(self) -> str:
        """What is made last."""
        return f"results/{self.name}/SHA256SUMS"

    def tables(self) -> list[str]:
        """What aggregation makes."""
        return [
            f"results/{self.name}/{table}"
            for table in ("traces.csv", "summary.csv", "predictions.csv")
        ]

    def figure_files(self, endings: Sequence[str] = ("png", "pdf")) -> list[str]:
        """What is drawn."""
        return [
            f"results/{self.name}/figures/{figure}.{ending}"
            for figure in self.figures
            for ending in endings
        ]

    def records(self) -> list[str]:
        """What says where the tables and figures come from."""
        of_tables = [
            f"results/{self.name}/{of}.json"
            for of in ("theory", "tables", "predictions", "description", "explorer")
        ]
        return [*of_tables, *self.figure_files(["json"])]

    def descriptions(self) -> list[str]:
        """What says in words how it ended."""
        return [f"results/{self.name}/{file}" for file in ("headline.txt", "summary.html")]

    def description_record(self) -> str:
        """The record of both."""
        return f"results/{self.name}/description.json"

    def page(self) -> str:
        """On which one explores it."""
        return f"results/{self.name}/explorer.html"

    def pictured(self) -> list[str]:
        """The files that its pictures read."""
        return [*self.files("iterates", "npz"), self.data] if self.pictures else []

    def picture_options(self) -> list[str]:
        """The options that name them."""
        return ["--pictures", *self.pictures, "--data", self.data] if self.pictures else []

    def explorer_modules(self) -> list[str]:
        """The modules of its own that the page imports."""
        needs = {need for name in self.pictures for need in given("pictures", name).NEEDS}
        model = [f"descent.models.{self.model}"] if "minimiser" in needs else []
        images = [f"descent.datasets.{self.dataset}"] if "images" in needs else []
        return [*(f"descent.pictures.{name}" for name in self.pictures), *model, *images]

    def results(self) -> list[str]:
        """Everything that is made of it."""
        made = [
            *self.minimiser(),
            *self.theory(),
            *self.tables(),
            *self.descriptions(),
            *self.figure_files(),
            self.page(),
        ]
        return [*made, *self.records(), self.manifest]

    def recorded(self) -> list[str]:
        """What the manifest lists, but for the records of the tables and figures."""
        kinds = [("iterates", "npz"), ("traces", "csv"), ("traces", "json")]
        of_runs = [file for kind in kinds for file in self.files(*kind)]
        return [
            *self.minimiser(),
            *self.theory()[1:],
            *of_runs,
            *self.tables(),
            *self.descriptions(),
            *self.figure_files(),
            self.page(),
        ]

    def read_by_figure(self, figure: str) -> dict[str, str | list[str]]:
        """The files that a figure reads beside the tables."""
        needs, reads = given("figures", figure), {}
        if needs.READS_ITERATES:
            reads |= {"iterates": self.files("iterates", "npz"), "data": self.data}
        if needs.READS_THEORY:
            numbers, expected = self.theory()
            reads |= {"theory": numbers, "expected": expected}
        return reads

    def figure_modules(self, figure: str) -> list[str]:
        """The modules of its own that a figure imports."""
        needs = given("figures", figure)
        reads = [f"descent.models.{self.model}"] if needs.READS_ITERATES else []
        images = [f"descent.datasets.{self.dataset}"] if "images" in needs.NEEDS else []
        return [f"descent.figures.{figure}", *reads, *images]


def _as_word(keys: Mapping[str, Any]) -> str:
    return quote(json.dumps(keys))


def links(studies: Mapping[str, PlannedStudy]) -> str:
    """What the index says of the studies and links, as JSON, quoted for a shell."""
    return _as_word(
        {
            name: {
                "about": f"{study.model} on {study.dataset}",
                "figures": study.figures,
                "tables": [Path(table).name for table in study.tables()],
            }
            for name, study in studies.items()
        }
    )


def raw_files(dataset: str) -> list[str]:
    """The files that somebody put where a dataset reads them."""
    return [
        f"data/raw/{dataset}/{file}" for file in getattr(plugin("datasets", dataset), "RAW", ())
    ]


def constraints(studies: Mapping[str, PlannedStudy]) -> dict[str, str]:
    """What the wildcards of the rules may be: what the studies name.

    Of step sizes a pattern, since Snakemake searches the constraints again for each file of a job.
    """
    runs = [planned for study in studies.values() for planned in study.runs]
    words = {
        "dataset": {study.dataset for study in studies.values() if not study.table},
        "table": {study.dataset for study in studies.values() if study.table},
        "study": studies,
        "optimizer": {planned.optimizer for planned in runs},
        "figure": available("figures"),
    }
    nothing = "(?!)"
    any_of = {name: "|".join(sorted(map(re.escape, words[name]))) or nothing for name in words}
    return any_of | {"step_size": r"\d[\d.e+-]*"}


def notes(jobs: Iterable, studies: Mapping[str, PlannedStudy]) -> str:
    """What a user should know before the jobs run: the size of the iterates, and of the plan."""
    needed = {job.wildcards.get("study") for job in jobs}
    planned = [study for name, study in studies.items() if name in needed]
    size = sum(run.gigabytes for study in planned for run in study.runs)
    of_plan = dict.fromkeys(note for study in planned for note in study.notes)
    return "\n".join([f"Iterates of {size:.2g} GB at most.", *of_plan])
