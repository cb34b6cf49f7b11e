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
    """Make the page on which one explores a study.

    study: results/<study>, which holds iterates and traces; sweep: its runs; theory: the two
    files that theory.py wrote; panels: what is shown of the iterates; data: its samples; question:
    what it asks, for people.
    """
    summarised = tables.read(summary, tables.SUMMARY)
    words, numbers = content(
        tables.read(traces, tables.TRACE),
        summarised,
        results.read(*theory),
        _runs(sweep.files(study, "traces", "csv")),
        {name: run.sampling for name, run in sweep.runs()},
    )
    words["question"] = question
    for name in panels:
        runs = StoredRuns(sweep.files(study, "iterates", "npz"))
        words[name], shown = plugin("explorer", name).show(runs, samples.load(data)[0])
        numbers |= shown
    page.write_text(page_of(PAGE, words, numbers), encoding="utf-8")
    return f"{len(summarised)} runs, {page.stat().st_size / 1e6:.2f} MB"


def _runs(traces: list[Path]) -> dict[tuple[str, float], dict[str, Any]]:
    """Where the trace of each run is, and what trained and evaluated it."""
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
