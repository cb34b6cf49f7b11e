"""Obtain a dataset, verify it, and store it as one npz file."""

import argparse
import os
from pathlib import Path

from descent import data
from descent.plugins import available, plugin
from pipeline.command import logged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, choices=available("datasets"))
    parser.add_argument("--raw", required=True, type=Path, help="folder of the archives")
    parser.add_argument("--data", required=True, type=Path, help="npz file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with logged(arguments.log) as note:
        dataset = plugin("datasets", arguments.dataset)
        obtained = dataset.obtain(arguments.raw, os.environ.get("DATASET_MIRROR"))
        data.save(obtained, arguments.data)
        note(f"{len(obtained.x_train)} training and {len(obtained.x_test)} test samples")


if __name__ == "__main__":
    main()
