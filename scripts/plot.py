"""Draw a figure of a study."""

import argparse
from pathlib import Path

from descent import columns, data, iterates, tables
from descent.figures._style import save
from descent.plugins import available, plugin
from pipeline.command import logged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, choices=available("figures"))
    parser.add_argument("--traces", required=True, type=Path, help="traces.csv of the study")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--iterates", type=Path, nargs="+", help="for a figure that reads them")
    parser.add_argument("--data", type=Path, help="for a figure that reads iterates")
    parser.add_argument("--png", required=True, type=Path, help="file to write")
    parser.add_argument("--pdf", required=True, type=Path, help="file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with logged(arguments.log):
        figure_file = plugin("figures", arguments.figure)
        reads = [
            tables.read(arguments.traces, columns.TRACE),
            tables.read(arguments.summary, columns.SUMMARY),
        ]
        if getattr(figure_file, "READS_ITERATES", False):
            runs = {path: iterates.load(path) for path in arguments.iterates}
            reads += [
                {(p.parent.name, run.provenance["step_size"]): run for p, run in runs.items()},
                data.load(arguments.data),
                plugin("models", next(iter(runs.values())).provenance["model"]),
            ]
        figure = figure_file.draw(*reads)
        save(figure, arguments.png)
        save(figure, arguments.pdf)


if __name__ == "__main__":
    main()
