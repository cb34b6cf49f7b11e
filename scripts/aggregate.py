"""Put the traces of a study together, and summarise them."""

import argparse
from pathlib import Path

from descent import tables
from descent.summary import summarise
from pipeline.command import logged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run-traces", required=True, type=Path, nargs="+", help="in their order")
    parser.add_argument("--seeds", required=True, type=int, nargs="+", help="that each run has")
    parser.add_argument("--traces", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--summary", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with logged(arguments.log) as note:
        traces = tables.read_runs(arguments.run_traces, arguments.seeds)
        summary = summarise(traces)
        tables.write(traces, arguments.traces)
        tables.write(summary, arguments.summary)
        note(f"{len(summary)} runs, {len(traces)} rows")


if __name__ == "__main__":
    main()
