"""Studies and runs as the rules make them: their files, and the code that their rules depend on."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from descent.config.code import ROOT, digest
from descent.explorer import PANELS
from descent.figures import FIGURES, images, minimiser, source
from descent.run import OBJECTIVE, Run, Sweep
from descent.store.files import checksum

PAGE = ROOT / "report/explorer"
TABLES = ("traces.csv", "summary.csv", "predictions.csv")


@dataclass(frozen=True)
class PlannedRun:
    """A run, and what trains and evaluates it; gpu: whether torch finds a GPU there."""

    run: Run
    engine: str
    evaluator: str
    gpu: bool
    curvature_samples: int

    @property
    def json(self) -> str:
        """The run for `Run.from_json`."""
        return self.run.to_json()

    @property
    def training_gpus(self) -> int:
        """How many GPUs training takes."""
        return int(self.gpu and self.engine == "torch")

    @property
    def evaluation_gpus(self) -> int:
        """How many GPUs evaluation takes."""
        return int(self.gpu and self.evaluator == "torch")

    @property
    def training_code(self) -> str:
        """The digest of what trains it."""
        run = self.run
        rule = f"update_rules.{run.update_rule}"
        chosen = f"models.{run.model}", rule, f"schedules.{run.schedule}", f"engines.{self.engine}"
        return digest("train.py", *chosen)

    @property
    def evaluation_code(self) -> str:
        """The digest of what evaluates it."""
        curvature = ["evaluation.curvature"] if self.curvature_samples else []
        chosen = f"models.{self.run.model}", f"evaluation.{self.evaluator}"
        return digest("evaluate.py", *chosen, *curvature)


@dataclass(frozen=True)
class PlannedStudy:
    """One dataset, one model, and a run for every optimizer × step size, in config's order.

    question: what it asks, or ""; table: the keys of a user's own table, where the dataset is one;
    runs: by optimizer and step size; target: where to count the steps to, if anywhere;
    has_minimiser: whether theory finds one; panels: what its page shows of the iterates.
    """

    name: str
    question: str
    dataset: str
    table: Mapping[str, Any] | None
    runs: Mapping[tuple[str, str], PlannedRun]
    figures: tuple[str, ...]
    panels: tuple[str, ...]
    curvature_samples: int
    target: float | None
    has_minimiser: bool

    # what its runs are, for the stages

    @property
    def _first(self) -> Run:
        return next(iter(self.runs.values())).run

    @cached_property
    def sweep(self) -> str:
        """Its runs, for `Sweep.from_json`."""
        optimizers: dict[str, tuple[Run, list[float]]] = {}
        for (name, _), planned in self.runs.items():
            optimizers.setdefault(name, (planned.run, []))[1].append(planned.run.step_size)
        return Sweep(optimizers).to_json()

    def objective(self, l2: str) -> str:
        """The keys of its runs with this λ that decide the minimiser, as JSON."""
        keys = asdict(self._first) | {"l2": float(l2)}
        return json.dumps({key: keys[key] for key in OBJECTIVE})

    @property
    def target_option(self) -> str:
        """The option of its target for summarise.py, if it has one."""
        return "" if self.target is None else f"--target {self.target!r}"

    @property
    def table_keys(self) -> str:
        """The keys of its table, as JSON."""
        return json.dumps(self.table)

    # its files

    @property
    def folder(self) -> str:
        """Where its results are."""
        return f"results/{self.name}"

    @property
    def data(self) -> str:
        """The file of its samples."""
        return f"data/{self.name}/{self.dataset}.npz" if self.table else f"data/{self.dataset}.npz"

    def _of_runs(self, kind: str, ending: str) -> list[str]:
        return [f"{self.folder}/{kind}/{name}/{label}.{ending}" for name, label in self.runs]

    @property
    def iterates(self) -> list[str]:
        """The iterates of all runs."""
        return self._of_runs("iterates", "npz")

    @property
    def traces(self) -> list[str]:
        """The traces of all runs."""
        return self._of_runs("traces", "csv")

    @property
    def records(self) -> list[str]:
        """What says where the traces come from."""
        return self._of_runs("traces", "json")

    def minimiser(self, run: Run) -> list[str]:
        """The file of the minimiser of a run, where there is one."""
        return [f"{self.folder}/minimisers/{run.l2!r}.npz"] if self.has_minimiser else []

    @property
    def minimisers(self) -> list[str]:
        """The files of the minimisers, one for each λ."""
        files = (file for planned in self.runs.values() for file in self.minimiser(planned.run))
        return list(dict.fromkeys(files))

    @property
    def figure_files(self) -> list[str]:
        """Its figures."""
        figures = [f"{self.folder}/figures/{figure}" for figure in self.figures]
        return [f"{figure}.{ending}" for figure in figures for ending in ("png", "pdf")]

    @property
    def files(self) -> list[str]:
        """Its results, except for iterates, traces and the manifest."""
        of_theory, texts = ("theory.json", "expected.csv"), ("headline.txt", "best.yaml")
        names = [*of_theory, *TABLES, *texts, "explorer.html"]
        return [*self.minimisers, *(f"{self.folder}/{n}" for n in names), *self.figure_files]

    @property
    def manifest(self) -> str:
        """The checksums of its results."""
        return f"{self.folder}/SHA256SUMS"

    @property
    def inputs(self) -> list[str]:
        """What tables and figures are made of. Targets name these files, since Snakemake does not
        miss an intermediate file that a failed job has lost."""
        return [self.data, *self.iterates, *self.traces, *self.records]

    @property
    def results(self) -> list[str]:
        """What is asked for when the study is."""
        return [*self.inputs, *self.files, self.manifest]

    def iterates_for(self, figure: str) -> list[str]:
        """The iterates that a figure reads."""
        return self.iterates if FIGURES[figure].reads == "iterates" else []

    @property
    def iterates_of_panels(self) -> list[str]:
        """The iterates that its page reads."""
        return self.iterates if self.panels else []

    def report_label(self, figure: str) -> dict[str, str]:
        """The name of a figure in the report, behind its place among the figures."""
        place = self.figures.index(figure) + 1
        return {"result": f"{place:02} {figure.replace('_', ' ')}"}

    # the code that its rules depend on

    @property
    def table_digest(self) -> str:
        """The checksum of its table, whose content counts, whatever its modification time."""
        return checksum(Path(self.table["file"]))

    @property
    def minimiser_code(self) -> str:
        """The digest of what finds its minimiser."""
        return digest("minimise.py", f"models.{self._first.model}")

    @property
    def theory_code(self) -> str:
        """The digest of what computes its theory."""
        runs = [planned.run for planned in self.runs.values()]
        rules = {f"update_rules.{run.update_rule}" for run in runs}
        schedules = {f"schedules.{run.schedule}" for run in runs}
        return digest("theory.py", f"models.{self._first.model}", *sorted(rules | schedules))

    def figure_code(self, figure: str) -> str:
        """The digest of what draws a figure."""
        needs, reads, file = FIGURES[figure].needs, FIGURES[figure].reads, source(figure)
        model = [f"models.{self._first.model}"] if reads == "iterates" else []
        return digest("plot.py", f"figures.{file}", *model, *self._images(needs))

    @property
    def explorer_code(self) -> str:
        """The digest of what makes its page."""
        needs = {need for panel in self.panels for need in PANELS[panel]}
        model = [f"models.{self._first.model}"] if minimiser in needs else []
        page = [str(file.relative_to(ROOT)) for file in sorted(PAGE.iterdir())]
        panels = [f"explorer.{panel}" for panel in self.panels]
        return digest("explore.py", *panels, *model, *self._images(needs), *page)

    def _images(self, needs: Iterable) -> list[str]:
        """The dataset, which says what shape its images have."""
        return [f"datasets.{self.dataset}"] if images in needs else []


def links(studies: Mapping[str, PlannedStudy]) -> str:
    """What the index says of the studies, as JSON."""
    return json.dumps(
        {
            name: {
                "question": study.question,
                "about": f"{study._first.model} on {study.dataset}",
                "figures": study.figures,
                "tables": TABLES,
            }
            for name, study in studies.items()
        }
    )
