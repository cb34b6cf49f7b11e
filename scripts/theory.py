"""Compute what a study can know before it trains: curvatures, limits, and expected heights."""

import argparse
import json
from pathlib import Path

import numpy as np
import scipy
import torch

from descent import data, tables
from descent.files import checksum, load_npz
from descent.provenance import record
from descent.run import Run
from descent.theory.numbers import theory
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="the data to train on")
    parser.add_argument(
        "--runs", required=True, type=_runs, help="of the study, by optimizer, as JSON"
    )
    parser.add_argument("--minimiser", type=Path, help="npz file that minimise.py wrote")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--expected", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.numbers, arguments.expected
    with job(arguments.log, *outputs) as (note, numbers_file, expected_file):
        samples, data_sha256 = data.load(arguments.data)
        minimiser, sums = {}, {arguments.data: data_sha256}
        if arguments.minimiser:
            minimiser, sums[arguments.minimiser] = load_npz(arguments.minimiser, set())
        found = theory(arguments.runs, samples, minimiser)
        tables.write(found.expected, expected_file)
        sums[arguments.expected] = checksum(expected_file)
        versions = {library.__name__: library.__version__ for library in (np, scipy, torch)}
        record(numbers_file, sums, versions=versions, **found.numbers)
        note(found.numbers.get("why", "the minimiser is known"))


def _runs(text: str) -> list[tuple[str, Run]]:
    """The runs of {"optimizers": [{"optimizer": …, "step_sizes": […], …}], …}, by optimizer."""
    of_study = json.loads(text)
    optimizers = of_study.pop("optimizers")
    return [
        (optimizer, Run(**of_study, **keys, step_size=step_size))
        for keys in optimizers
        for optimizer, step_sizes in [(keys.pop("optimizer"), keys.pop("step_sizes"))]
        for step_size in step_sizes
    ]


if __name__ == "__main__":
    main()
