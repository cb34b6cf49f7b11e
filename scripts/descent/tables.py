"""Reading and writing the CSV files, so that every float comes back as it was."""

from pathlib import Path

import pandas as pd

from descent.errors import InputError
from descent.files import replacing


def read(path: Path) -> pd.DataFrame:
    """Read a CSV file; InputError where it is missing or no table."""
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=["nan"])
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable CSV file ({error})") from None


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file; a value that is not finite is nan or inf."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")
