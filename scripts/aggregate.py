"""Put the traces of a study together, and summarise them."""

import argparse
from itertools import chain
from pathlib import Path

import pandas as pd

from descent import tables
from descent.files import checksum
from descent.provenance import record, recorded
from descent.summary import summarise
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run-traces",
        required=True,
        type=Path,
        nargs="+",
        help="in their order, each beside its record",
    )
    parser.add_argument("--seeds", required=True, type=int, nargs="+", help="that each run has")
    parser.add_argument("--traces", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--summary", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.traces, arguments.summary, arguments.record
    with job(arguments.log, *outputs) as (note, traces_file, summary_file, record_file):
        records = [path.with_suffix(".json") for path in arguments.run_traces]
        sums = dict(chain.from_iterable(recorded(path).items() for path in records))
        traces = tables.read_runs(arguments.run_traces, arguments.seeds, sums)
        summary = summarise(traces)
        tables.write(traces, traces_file)
        tables.write(summary, summary_file)
        sums |= {path: checksum(path) for path in records}
        sums |= {arguments.traces: checksum(traces_file), arguments.summary: checksum(summary_file)}
        record(record_file, sums, versions={"pandas": pd.__version__})
        note(f"{len(summary)} runs, {len(traces)} rows")


if __name__ == "__main__":
    main()
