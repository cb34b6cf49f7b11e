"""Studies and runs as the rules need them: files, options, and digests of code."""

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
    """A run with its engine and evaluator; gpu: whether its jobs have a GPU."""

    run: Run
    engine: str
    evaluator: str
    gpu: bool
    curvature_samples: int

    @property
    def json(self) -> str:
        return self.run.to_json()

    @property
    def training_gpus(self) -> int:
        return int(self.gpu and self.engine == "torch")

    @property
    def evaluation_gpus(self) -> int:
        return int(self.gpu and self.evaluator == "torch")

    @property
    def training_code(self) -> str:
        run = self.run
        rule = f"update_rules.{run.update_rule}"
        chosen = f"models.{run.model}", rule, f"schedules.{run.schedule}", f"engines.{self.engine}"
        return digest("train.py", *chosen)

    @property
    def evaluation_code(self) -> str:
        curvature = ["evaluation.curvature"] if self.curvature_samples else []
        chosen = f"models.{self.run.model}", f"evaluation.{self.evaluator}"
        return digest("evaluate.py", *chosen, *curvature)


@dataclass(frozen=True)
class PlannedStudy:
    """A study with its runs in the order of config.yaml.

    table: keys of the user's table, None for a named dataset; runs: by (optimizer, label of the
    step size); panels: panels of the page that show iterates; target: the key of config.yaml;
    has_minimiser: whether its objectives have minimisers that can be computed.
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

    # arguments of the stages

    @property
    def _first(self) -> Run:
        return next(iter(self.runs.values())).run

    @cached_property
    def sweep(self) -> str:
        """All runs, as JSON for `Sweep.from_json`."""
        optimizers: dict[str, tuple[Run, list[float]]] = {}
        for (name, _), planned in self.runs.items():
            optimizers.setdefault(name, (planned.run, []))[1].append(planned.run.step_size)
        return Sweep(optimizers).to_json()

    def objective(self, l2: str) -> str:
        """Return the keys that determine the minimiser for this λ, as JSON."""
        keys = asdict(self._first) | {"l2": float(l2)}
        return json.dumps({key: keys[key] for key in OBJECTIVE})

    @property
    def target_option(self) -> str:
        """The option of summarise.py for the target, or nothing."""
        return "" if self.target is None else f"--target {self.target!r}"

    # files

    @property
    def folder(self) -> str:
        return f"results/{self.name}"

    @property
    def data(self) -> str:
        return f"data/{self.name}/{self.dataset}.npz" if self.table else f"data/{self.dataset}.npz"

    def _of_runs(self, kind: str, ending: str) -> list[str]:
        return [f"{self.folder}/{kind}/{name}/{label}.{ending}" for name, label in self.runs]

    @property
    def iterates(self) -> list[str]:
        return self._of_runs("iterates", "npz")

    @property
    def traces(self) -> list[str]:
        return self._of_runs("traces", "csv")

    @property
    def records(self) -> list[str]:
        return self._of_runs("traces", "json")

    def minimiser(self, run: Run) -> list[str]:
        """Return the minimiser file of a run as a list, which is empty if there is no minimiser."""
        return [f"{self.folder}/minimisers/{run.l2!r}.npz"] if self.has_minimiser else []

    @property
    def minimisers(self) -> list[str]:
        """The minimiser files, one for each λ."""
        files = (file for planned in self.runs.values() for file in self.minimiser(planned.run))
        return list(dict.fromkeys(files))

    @property
    def figure_files(self) -> list[str]:
        figures = [f"{self.folder}/figures/{figure}" for figure in self.figures]
        return [f"{figure}.{ending}" for figure in figures for ending in ("png", "pdf")]

    @property
    def files(self) -> list[str]:
        """All results except iterates, traces, records and the manifest."""
        others = "theory.json expected.csv headline.txt best.yaml explorer.html".split()
        files = [f"{self.folder}/{name}" for name in (*TABLES, *others)]
        return [*self.minimisers, *files, *self.figure_files]

    @property
    def manifest(self) -> str:
        return f"{self.folder}/SHA256SUMS"

    @property
    def inputs(self) -> list[str]:
        """Inputs of tables and figures. They are targets, too, since Snakemake does not rebuild a
        missing intermediate file that nothing else requests."""
        return [self.data, *self.iterates, *self.traces, *self.records]

    @property
    def results(self) -> list[str]:
        """All files to build for this study."""
        return [*self.inputs, *self.files, self.manifest]

    def iterates_for(self, figure: str) -> list[str]:
        return self.iterates if FIGURES[figure].reads == "iterates" else []

    @property
    def iterates_of_panels(self) -> list[str]:
        return self.iterates if self.panels else []

    def report_label(self, figure: str) -> dict[str, str]:
        """Return the label of a figure in the report; its number keeps the order of the figures."""
        place = self.figures.index(figure) + 1
        return {"result": f"{place:02} {figure.replace('_', ' ')}"}

    # digests of code and of the user's table

    @property
    def table_digest(self) -> str:
        return checksum(Path(self.table["file"]))

    @property
    def minimiser_code(self) -> str:
        return digest("minimise.py", f"models.{self._first.model}")

    @property
    def theory_code(self) -> str:
        runs = [planned.run for planned in self.runs.values()]
        rules = {f"update_rules.{run.update_rule}" for run in runs}
        schedules = {f"schedules.{run.schedule}" for run in runs}
        return digest("theory.py", f"models.{self._first.model}", *sorted(rules | schedules))

    def figure_code(self, figure: str) -> str:
        row = FIGURES[figure]
        model = [f"models.{self._first.model}"] if row.reads == "iterates" else []
        return digest("plot.py", f"figures.{source(figure)}", *model, *self._images(row.needs))

    @property
    def explorer_code(self) -> str:
        needs = {need for panel in self.panels for need in PANELS[panel]}
        model = [f"models.{self._first.model}"] if minimiser in needs else []
        page = [str(file.relative_to(ROOT)) for file in sorted(PAGE.iterdir())]
        panels = [f"explorer.{panel}" for panel in self.panels]
        return digest("explore.py", *panels, *model, *self._images(needs), *page)

    def _images(self, needs: Iterable) -> list[str]:
        """Return the module of the dataset if images are drawn: it has their height and width."""
        return [f"datasets.{self.dataset}"] if images in needs else []


def links(studies: Mapping[str, PlannedStudy]) -> str:
    """Return the entries of the index page, as JSON."""
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
