"""Obtain a dataset, verify it, and store it as one npz file."""

import argparse
import os
from pathlib import Path

from descent import data
from descent.errors import InputError
from descent.plugins import available, place, plugin
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, choices=available("datasets"))
    parser.add_argument("--raw", required=True, type=Path, help="folder of the archives")
    parser.add_argument("--data", required=True, type=Path, help="npz file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with job(arguments.log, arguments.data) as (note, data_file):
        dataset = plugin("datasets", arguments.dataset)
        obtained = dataset.obtain(arguments.raw, os.environ.get("DATASET_MIRROR"))
        where = place("datasets", arguments.dataset)
        data.check(obtained, where)
        if obtained.size != dataset.SIZE:
            raise InputError(f"{where}: obtained {obtained.size}; allowed: {dataset.SIZE}")
        data.save(obtained, data_file)
        note(f"{len(obtained.x_train)} training and {len(obtained.x_test)} test samples")


if __name__ == "__main__":
    main()
