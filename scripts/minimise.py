"""Find the minimiser of the objective of a study, before it trains."""

import argparse
import json
from pathlib import Path

from descent import data
from descent.files import save_npz
from descent.theory.minimiser import minimiser_of
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="the data to train on")
    parser.add_argument(
        "--objective", required=True, type=json.loads, help="keys of its runs, as JSON"
    )
    parser.add_argument("--minimiser", required=True, type=Path, help="npz file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with job(arguments.log, arguments.minimiser) as (note, minimiser_file):
        samples, _ = data.load(arguments.data)
        found = minimiser_of(samples, **arguments.objective)
        save_npz(minimiser_file, found)
        note(f"{sum(p.size for p in found.values())} parameters")


if __name__ == "__main__":
    main()
