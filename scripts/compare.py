"""Put what theory predicted of a study beside what was measured."""

import argparse
from pathlib import Path

from descent import columns, tables
from descent.files import checksum
from descent.predictions import predictions
from descent.provenance import here, record, recorded
from descent.theory.known import read
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", required=True, type=Path, help="traces.csv of the study")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--tables", required=True, type=Path, help="their record, tables.json")
    parser.add_argument("--theory", required=True, type=Path, help="theory.json of the study")
    parser.add_argument("--expected", required=True, type=Path, help="expected.csv of the study")
    parser.add_argument("--predictions", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.predictions, arguments.record
    with job(arguments.log, *outputs) as (note, predictions_file, record_file):
        sums = recorded(arguments.tables)
        traces = tables.read(arguments.traces, columns.TRACE, sums)
        summary = tables.read(arguments.summary, columns.SUMMARY, sums)
        known, of_theory = read(arguments.theory, arguments.expected)
        table = predictions(traces, summary, known)
        tables.write(table, predictions_file)
        made = {arguments.predictions: checksum(predictions_file), **of_theory}
        made |= {path: sums[here(path)] for path in (arguments.traces, arguments.summary)}
        record(record_file, made)
        note(f"{len(table)} predictions")


if __name__ == "__main__":
    main()
