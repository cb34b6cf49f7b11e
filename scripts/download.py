import os
from pathlib import Path

from descent.errors import InputError
from descent.plugins import plugin, source_name
from descent.stage import Output, program
from descent.store import data as samples


def download(dataset: str, raw: Path, data: Output) -> str:
    """Obtain a dataset by its name, verify it, and save it as one npz file.

    raw: the folder that is searched for the archives, and that stores downloaded ones.
    """
    file, where = plugin("datasets", dataset), source_name("datasets", dataset)
    obtained = file.obtain(raw, os.environ.get("DATASET_MIRROR"))
    samples.check(obtained, where)
    if obtained.size != file.SIZE:
        raise InputError(f"{where}: obtained {obtained.size}; allowed: {file.SIZE}")
    samples.save(obtained, data)
    return f"{len(obtained.x_train)} training and {len(obtained.x_test)} test samples"


if __name__ == "__main__":
    program(download)
