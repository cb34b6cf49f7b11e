"""Draw a figure of a study."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import matplotlib

from descent import columns, data, iterates, tables
from descent.figures._style import save
from descent.files import checksum
from descent.iterates import Iterates
from descent.plugins import available, plugin
from descent.provenance import Sums, here, loaded, record, recorded
from descent.theory.known import read
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, choices=available("figures"))
    parser.add_argument("--traces", required=True, type=Path, help="traces.csv of the study")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--tables", required=True, type=Path, help="their record, tables.json")
    parser.add_argument("--iterates", type=Path, nargs="+", help="for a figure that reads them")
    parser.add_argument("--data", type=Path, help="for a figure that reads iterates")
    parser.add_argument("--theory", type=Path, help="for a figure that reads it")
    parser.add_argument("--expected", type=Path, help="for a figure that reads theory")
    parser.add_argument("--png", required=True, type=Path, help="file to write")
    parser.add_argument("--pdf", required=True, type=Path, help="file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.png, arguments.pdf, arguments.record
    with job(arguments.log, *outputs) as (_, png, pdf, record_file):
        figure_file = plugin("figures", arguments.figure)
        sums = recorded(arguments.tables)
        traces = tables.read(arguments.traces, columns.TRACE, sums)
        reads = [traces, tables.read(arguments.summary, columns.SUMMARY, sums)]
        if getattr(figure_file, "READS_ITERATES", False):
            samples = loaded(data.load, arguments.data, sums)
            model = plugin("models", traces["model"][0])
            reads += [_Runs(arguments.iterates, sums), samples, model]
        made: dict[Path, str] = {}
        if getattr(figure_file, "READS_THEORY", False):
            known, made = read(arguments.theory, arguments.expected)
            reads.append(known)
        figure = figure_file.draw(*reads)
        save(figure, png)
        save(figure, pdf)
        tables_read = [arguments.traces, arguments.summary]
        made |= {arguments.png: checksum(png), arguments.pdf: checksum(pdf)}
        made |= {path: sums[here(path)] for path in tables_read}
        record(record_file, made, versions={"matplotlib": matplotlib.__version__})


class _Runs(Mapping):
    """The iterates of a study by optimizer and step size, each read when it is asked for."""

    def __init__(self, paths: list[Path], sums: Sums):
        self._paths = {(path.parent.name, float(path.stem)): path for path in paths}
        self._sums = sums

    def __getitem__(self, run: tuple[str, float]) -> Iterates:
        return loaded(iterates.load, self._paths[run], self._sums)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


if __name__ == "__main__":
    main()
