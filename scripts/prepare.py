from descent.datasets import _table
from descent.stage import Output, program
from descent.store import data as samples


def prepare(table: dict, data: Output) -> str:
    """Convert a CSV or Parquet table to samples and save them as one npz file.

    table: its keys, as in config.yaml.
    """
    keys = _table.Table(**table)
    obtained = _table.obtain(keys)
    samples.check(obtained, keys.file)
    samples.save(obtained, data)
    return str(obtained.size)


if __name__ == "__main__":
    program(prepare)
