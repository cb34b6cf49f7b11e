"""Draw a figure of a study."""

import argparse
from pathlib import Path
from typing import Any

import matplotlib

from descent import columns, data, iterates, tables
from descent.figures._style import save
from descent.files import checksum
from descent.plugins import available, plugin
from descent.provenance import Sums, here, record, recorded, unaltered
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, choices=available("figures"))
    parser.add_argument("--traces", required=True, type=Path, help="traces.csv of the study")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--tables", required=True, type=Path, help="their record, tables.json")
    parser.add_argument("--iterates", type=Path, nargs="+", help="for a figure that reads them")
    parser.add_argument("--data", type=Path, help="for a figure that reads iterates")
    parser.add_argument("--png", required=True, type=Path, help="file to write")
    parser.add_argument("--pdf", required=True, type=Path, help="file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.png, arguments.pdf, arguments.record
    with job(arguments.log, *outputs) as (_, png, pdf, record_file):
        figure_file = plugin("figures", arguments.figure)
        sums = recorded(arguments.tables)
        reads = [
            tables.read(arguments.traces, columns.TRACE, sums),
            tables.read(arguments.summary, columns.SUMMARY, sums),
        ]
        if getattr(figure_file, "READS_ITERATES", False):
            reads += _iterates(arguments.iterates, arguments.data, sums)
        figure = figure_file.draw(*reads)
        save(figure, png)
        save(figure, pdf)
        read = [arguments.traces, arguments.summary]
        made = {arguments.png: checksum(png), arguments.pdf: checksum(pdf)}
        made |= {path: sums[here(path)] for path in read}
        record(record_file, made, versions={"matplotlib": matplotlib.__version__})


def _iterates(paths: list[Path], data_file: Path, sums: Sums) -> list[Any]:
    """What a figure of the iterates reads: the runs, their data and their model."""
    runs = {}
    for path in paths:
        run, sha256 = iterates.load(path)
        unaltered(path, sha256, sums)
        runs[path.parent.name, run.provenance["step_size"]] = run
    samples, sha256 = data.load(data_file)
    unaltered(data_file, sha256, sums)
    return [runs, samples, plugin("models", run.provenance["model"])]


if __name__ == "__main__":
    main()
