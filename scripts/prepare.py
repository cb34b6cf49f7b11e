"""Make a dataset of a table of one's own, and store it as one npz file."""

import argparse
import json
from pathlib import Path

from descent import data
from descent.datasets._table import Table, obtain
from descent.declaration import read
from descent.errors import InputError
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, type=json.loads, help="its keys, as JSON")
    parser.add_argument("--data", required=True, type=Path, help="npz file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with job(arguments.log, arguments.data) as (note, data_file):
        mistakes: list[str] = []
        keys = read(Table, arguments.table, "--table", mistakes)
        if mistakes:
            raise InputError("\n".join(mistakes))
        obtained = obtain(Table(**keys))
        data.check(obtained, keys["file"])
        data.save(obtained, data_file)
        note(f"{obtained.size}")


if __name__ == "__main__":
    main()
