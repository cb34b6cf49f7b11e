"""Reading and writing the CSV files, so that every float comes back as it was."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from descent.errors import InputError
from descent.store.files import DELETE_IT, opened

if TYPE_CHECKING:
    import pandas as pd  # which takes half a second to import, and evaluation does not need

# the columns that name a run, and those that every trace and summary has at least
RUN = ["study", "dataset", "model", "optimizer", "step_size", "engine", "batch_size"]
TRACE = [*RUN, "seed", "step", "epoch", "objective", "train_loss", "test_loss", "gradient_norm"]
SUMMARY = [*RUN, "seeds", "final_objective_median", "gap", "status"]
# the columns that hold words, of which some look like numbers
TEXT = ("study", "dataset", "model", "optimizer", "engine", "batch_size")


def read(path: Path, columns: list[str]) -> "pd.DataFrame":
    """Read a CSV file; InputError where it is missing, is no table, or lacks one of the columns."""
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


def read_runs(paths: Iterable[Path], seeds: list[int]) -> "pd.DataFrame":
    """The traces of the runs of a study, one below the other.

    Raises InputError where a file has other columns than the first, other seeds than these, or not
    the same steps for each of them.
    """
    import pandas as pd

    runs: list[pd.DataFrame] = []
    for path in paths:
        run = read(path, TRACE)
        steps = [seed["step"].tolist() for _, seed in run.groupby("seed", sort=False)]
        if run["seed"].unique().tolist() != seeds or any(each != steps[0] for each in steps):
            raise InputError(f"{path}: has not all rows of the seeds {seeds}{DELETE_IT}")
        if runs and list(run) != list(runs[0]):
            raise InputError(f"{path}: has other columns than the runs before it{DELETE_IT}")
        runs.append(run)
    return pd.concat(runs, ignore_index=True)


def write(table: "pd.DataFrame", path: Path) -> None:
    """Write a CSV file; a value that is not finite is nan or inf."""
    table.to_csv(path, index=False, na_rep="nan", lineterminator="\n")
