"""Reading and writing the CSV files, so that every float comes back as it was."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from descent.columns import TRACE
from descent.errors import InputError
from descent.files import AGAIN, replacing


def read(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a CSV file that has at least these columns.

    Raises InputError where it is missing, is no such table, or does not end with its last line.
    """
    try:
        if not path.read_bytes().endswith(b"\n"):
            raise InputError(f"{path}: is cut off in its last line{AGAIN}")
        table = pd.read_csv(path, keep_default_na=False, na_values=["nan"])
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable CSV file ({error}){AGAIN}") from None
    if missing := [column for column in columns if column not in table]:
        raise InputError(f"{path}: has no column {', '.join(missing)}{AGAIN}")
    return table


def read_runs(paths: Iterable[Path], seeds: list[int]) -> pd.DataFrame:
    """The traces of the runs of a study, one below the other.

    Raises InputError where a file has other columns than the first, not just these seeds, or not
    the same steps for each of them.
    """
    runs: list[pd.DataFrame] = []
    for path in paths:
        run = read(path, TRACE)
        steps = [seed["step"].tolist() for _, seed in run.groupby("seed", sort=False)]
        if run["seed"].unique().tolist() != seeds or any(each != steps[0] for each in steps):
            raise InputError(f"{path}: has not all rows of the seeds {seeds}{AGAIN}")
        if runs and list(run) != list(runs[0]):
            raise InputError(f"{path}: has other columns than the runs before it{AGAIN}")
        runs.append(run)
    return pd.concat(runs, ignore_index=True)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file; a value that is not finite is nan or inf."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")
