"""Reading and writing the CSV files, so that every float comes back as it was."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pandas as pd

from descent import files, provenance
from descent.columns import TRACE
from descent.errors import InputError
from descent.files import AGAIN
from descent.provenance import Sums

# words, of which some look like numbers
TEXT = ("study", "dataset", "model", "optimizer", "engine", "batch_size")


def read(path: Path, columns: list[str], recorded: Sums | None = None) -> pd.DataFrame:
    """Read a CSV file that has at least these columns.

    recorded: the SHA-256 of files when they were made (descent/provenance.py). Raises InputError
    where it is missing, is no such table, or not what was recorded.
    """
    content = files.read(path) if recorded is None else provenance.read(path, recorded)
    try:
        numbers = [name for name in pd.read_csv(BytesIO(content), nrows=0) if name not in TEXT]
        table = pd.read_csv(
            BytesIO(content),
            keep_default_na=False,
            na_values=dict.fromkeys(numbers, "nan"),
            dtype=dict.fromkeys(TEXT, str),
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable CSV file ({error}){AGAIN}") from None
    if missing := [column for column in columns if column not in table]:
        raise InputError(f"{path}: has no column {', '.join(missing)}{AGAIN}")
    return table


def read_runs(paths: Iterable[Path], seeds: list[int], recorded: Sums) -> pd.DataFrame:
    """The traces of the runs of a study, one below the other.

    Raises InputError where a file is not what was recorded, has other columns than the first, not
    just these seeds, or not the same steps for each of them.
    """
    runs: list[pd.DataFrame] = []
    for path in paths:
        run = read(path, TRACE, recorded)
        steps = [seed["step"].tolist() for _, seed in run.groupby("seed", sort=False)]
        if run["seed"].unique().tolist() != seeds or any(each != steps[0] for each in steps):
            raise InputError(f"{path}: has not all rows of the seeds {seeds}{AGAIN}")
        if runs and list(run) != list(runs[0]):
            raise InputError(f"{path}: has other columns than the runs before it{AGAIN}")
        runs.append(run)
    return pd.concat(runs, ignore_index=True)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file; a value that is not finite is nan or inf."""
    table.to_csv(path, index=False, na_rep="nan", lineterminator="\n")
