"""Make the page on which one explores a study."""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from descent import columns, data, iterates, provenance, tables
from descent.errors import InputError
from descent.explorer.content import Run, content
from descent.explorer.page import page
from descent.files import AGAIN, checksum
from descent.iterates import Iterates
from descent.plugins import available, plugin
from descent.provenance import Sums, here, loaded, record, recorded
from descent.theory.known import read
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", required=True, type=Path, help="traces.csv of the study")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--tables", required=True, type=Path, help="their record, tables.json")
    parser.add_argument("--records", required=True, type=Path, nargs="+", help="of all runs")
    parser.add_argument("--theory", required=True, type=Path, help="theory.json of the study")
    parser.add_argument("--expected", required=True, type=Path, help="expected.csv of the study")
    parser.add_argument(
        "--pictures", nargs="*", default=[], choices=available("pictures"), help="of the iterates"
    )
    parser.add_argument("--data", type=Path, help="for pictures")
    parser.add_argument("--template", required=True, type=Path, help="HTML that names its parts")
    parser.add_argument("--page", required=True, type=Path, help="HTML file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.page, arguments.record
    with job(arguments.log, *outputs) as (note, page_file, record_file):
        sums = recorded(arguments.tables)
        traces = tables.read(arguments.traces, columns.TRACE, sums)
        summary = tables.read(arguments.summary, columns.SUMMARY, sums)
        known, of_theory = read(arguments.theory, arguments.expected)
        words, numbers = content(traces, summary, known, _made(arguments.records, sums))
        if arguments.pictures:
            samples = loaded(data.load, arguments.data, sums)
            runs = _Runs(arguments.records, sums)
        for name in arguments.pictures:
            words[name], shown = plugin("pictures", name).show(runs, samples)
            numbers |= shown
        page_file.write_text(page(arguments.template, words, numbers), encoding="utf-8")
        made = {arguments.page: checksum(page_file), **of_theory}
        made |= {path: sums[here(path)] for path in (arguments.traces, arguments.summary)}
        record(record_file, made)
        note(f"{len(summary)} runs, {page_file.stat().st_size / 1e6:.2f} MB")


def _made(records: Iterable[Path], sums: Sums) -> dict[Run, dict[str, Any]]:
    """Where each run comes from, by its record."""
    made = {}
    for number, path in enumerate(records):
        evaluated = json.loads(provenance.read(path, sums))
        if not (trained := evaluated.pop("trained", None)):
            raise InputError(f"{path}: does not say what trained it{AGAIN}")
        del evaluated["sha256"], trained["step_size"]
        run = path.parent.name, float(path.stem)
        trace = here(path.with_suffix(".csv"))
        made[run] = {
            "number": number,
            "label": path.stem,
            "trace": str(trace),
            "sha256": sums[trace],
            "provenance": {"trained": trained, "evaluated": evaluated},
        }
    return made


class _Runs(Sequence):
    """The iterates of runs, by their records, each read when it is asked for."""

    def __init__(self, records: Sequence[Path], sums: Sums):
        self._records, self._sums = records, sums

    def __getitem__(self, number: int) -> Iterates:
        record = self._records[number]
        (path,) = (file for file in recorded(record) if file.name == f"{record.stem}.npz")
        return loaded(iterates.load, path, self._sums)

    def __len__(self) -> int:
        return len(self._records)


if __name__ == "__main__":
    main()
