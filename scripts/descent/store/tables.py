"""Reading and writing of CSV files; floats are read back exactly as written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from descent.errors import InputError
from descent.store.files import DELETE_IT, opened

if TYPE_CHECKING:
    import pandas as pd  # imported late: it takes half a second, and evaluation does not need it

# columns that identify a run, and columns that every trace and summary must have
RUN = ["study", "dataset", "model", "optimizer", "step_size", "engine", "batch_size"]
TRACE = [*RUN, "seed", "step", "epoch", "objective", "train_loss", "test_loss", "gradient_norm"]
SUMMARY = [*RUN, "seeds", "final_objective_median", "gap", "status"]
# columns of strings, some of which look like numbers
TEXT = ("study", "dataset", "model", "optimizer", "engine", "batch_size")


def read(path: Path, columns: list[str]) -> "pd.DataFrame":
    """Read a CSV file; InputError if it is missing, damaged, or lacks one of the columns."""
    import pandas as pd

    with opened(path) as file:
        try:
            numbers = [name for name in pd.read_csv(file, nrows=0) if name not in TEXT]
            file.seek(0)
            table = pd.read_csv(
                file,
                keep_default_na=False,
                na_values=dict.fromkeys(numbers, "nan"),
                dtype=dict.fromkeys(TEXT, str),
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not a readable CSV file ({error}){DELETE_IT}") from None
    if missing := [column for column in columns if column not in table]:
        raise InputError(f"{path}: has no column {', '.join(missing)}{DELETE_IT}")
    return table


def read_runs(paths: Sequence[Path], seeds: list[int]) -> "pd.DataFrame":
    """Read and concatenate the traces of the runs of a study.

    Raises InputError if the files differ in their columns, or if a file has other seeds or not the
    same steps for each seed.
    """
    import pandas as pd

    runs: list[pd.DataFrame] = []
    for path in paths:
        run = read(path, TRACE)
        steps = [seed["step"].tolist() for _, seed in run.groupby("seed", sort=False)]
        if run["seed"].unique().tolist() != seeds or any(each != steps[0] for each in steps):
            raise InputError(
                f"{path}: lacks the same steps for each of the seeds {seeds}{DELETE_IT}"
            )
        if runs and list(run) != list(runs[0]):
            raise InputError(f"{path}: has other columns than {paths[0]}{DELETE_IT}")
        runs.append(run)
    return pd.concat(runs, ignore_index=True)


def write(table: "pd.DataFrame", path: Path) -> None:
    """Write a CSV file; values that are not finite become nan or inf."""
    table.to_csv(path, index=False, na_rep="nan", lineterminator="\n")
