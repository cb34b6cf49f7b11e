from pathlib import Path
from typing import Any

from descent.explorer.content import content
from descent.explorer.page import page as page_of
from descent.plugins import plugin
from descent.run import Sweep
from descent.stage import Output, program
from descent.store import data as samples
from descent.store import provenance, tables
from descent.store.iterates import StoredRuns
from descent.theory import results

PAGE = Path(__file__).parents[1] / "report/explorer"


def explore(
    study: Path,
    sweep: Sweep,
    traces: Path,
    summary: Path,
    theory: list[Path],
    panels: list[str],
    data: Path,
    question: str,
    page: Output,
) -> str:
    """Write the interactive page of a study.

    study: results/<study>, the folder of iterates and traces; sweep: its runs; theory: the two
    output files of theory.py; panels: names of the panels that show iterates; question: the
    question of the study, as a sentence.
    """
    summarised = tables.read(summary, tables.SUMMARY)
    metadata, arrays = content(
        tables.read(traces, tables.TRACE),
        summarised,
        results.read(*theory),
        _runs(sweep.files(study, "traces", "csv")),
        {name: run.sampling for name, run in sweep.runs()},
    )
    metadata["question"] = question
    for name in panels:
        runs = StoredRuns(sweep.files(study, "iterates", "npz"))
        metadata[name], panel_arrays = plugin("explorer", name).show(runs, samples.load(data)[0])
        arrays |= panel_arrays
    page.write_text(page_of(PAGE, metadata, arrays), encoding="utf-8")
    return f"{len(summarised)} runs, {page.stat().st_size / 1e6:.2f} MB"


def _runs(traces: list[Path]) -> dict[tuple[str, float], dict[str, Any]]:
    """Return the path, checksum and provenance of every trace by (optimizer, step size)."""
    runs = {}
    for number, trace in enumerate(traces):
        evaluated = provenance.read(trace.with_suffix(".json"))
        sha256, trained = evaluated.pop("sha256")["trace"], evaluated.pop("trained")
        del trained["step_size"]
        runs[trace.parent.name, float(trace.stem)] = {
            "number": number,
            "label": trace.stem,
            "trace": str(trace),
            "sha256": sha256,
            "provenance": {"trained": trained, "evaluated": evaluated},
        }
    return runs


if __name__ == "__main__":
    program(explore)
