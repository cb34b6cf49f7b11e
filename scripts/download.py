"""Obtain a dataset, verify it, and store it as one npz file."""

import argparse
import os
import sys
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
    parser.add_argument("--attempt", default="1/1", help="this one/the last one, as 1/3")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    if not sys.stderr.isatty():
        os.environ["TQDM_DISABLE"] = "1"  # the progress bars of torchvision

    with job(arguments.log, arguments.data) as (note, data_file):
        dataset = plugin("datasets", arguments.dataset)
        attempt, last = arguments.attempt.split("/")
        try:
            obtained = dataset.obtain(arguments.raw, os.environ.get("DATASET_MIRROR"))
        except InputError as error:
            if attempt == last:
                raise
            first_line = str(error).splitlines()[0]
            raise InputError(f"attempt {arguments.attempt}: {first_line}") from None
        where = place("datasets", arguments.dataset)
        data.check(obtained, where)
        if obtained.size != dataset.SIZE:
            raise InputError(f"{where}: obtained {obtained.size}; allowed: {dataset.SIZE}")
        data.save(obtained, data_file)
        note(f"{len(obtained.x_train)} training and {len(obtained.x_test)} test samples")


if __name__ == "__main__":
    main()
