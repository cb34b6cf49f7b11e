"""A user's table as a dataset: a CSV or Parquet file with one sample per row."""

import math
import re
import warnings
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from descent.errors import InputError
from descent.store.data import Data, Size

if TYPE_CHECKING:
    import pandas as pd  # imported late: it takes half a second, and other datasets do not need it

MAX_CATEGORIES = 50  # different texts in a feature column
MAX_LINES = 20  # lines of an error message
UNNAMED = re.compile(r"|Unnamed: \d+")  # names that pandas gives to index columns in CSV files
# cell types, as pandas infers them
CELLS = "string boolean integer floating decimal mixed-integer-float empty".split()
MISSING = ("?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "NaN", "nan", "None")
# characters in formatted numbers: thousands separators, currencies, per cent, brackets, blanks
MARKS = r"[\s\0,'’_$€£¥%()]|\.(?=\d{3}(?:\D|$))"
SWAPPED = str.maketrans(",.", ".,")


def _as_text(value: object) -> object:
    """Convert a number to text, since a column name may look like a number."""
    return str(value) if isinstance(value, float) or type(value) is int else value


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(_as_text)
]


class Table(BaseModel):
    """The keys of a table in config.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Text = Field(description="path of a CSV or Parquet file with named columns")
    target: Text = Field(description="column to predict")
    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="fraction of the rows that are test samples, the same in every class"
    )
    features: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        None, description="feature columns; if left out, all columns but the target"
    )
    task: Literal["classification", "regression"] | None = Field(
        None,
        description="kind of target; if left out, text and integers are classes, and other numbers"
        " make a regression",
    )
    standardise: Annotated[bool, Field(strict=True)] = Field(
        True,
        description="whether features, and the target of a regression, are standardised with the"
        " mean and standard deviation of the training rows",
    )
    split_seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = Field(
        0, description="seed of the random split into training and test rows"
    )
    decimal: Literal[".", ","] = Field(".", description="decimal mark of a CSV file")
    missing: tuple[str, ...] = Field(
        MISSING, description="texts that mark a missing cell; `[]`: all texts are values"
    )

    @field_validator("file")
    @classmethod
    def _path(cls, file: str) -> str:
        """Expand ~ in the path."""
        if "://" in file:
            raise ValueError("a path; download the file first")
        return str(Path(file).expanduser()) if file.startswith("~/") else file

    @field_validator("features")
    @classmethod
    def _distinct(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names and len(set(names)) < len(names):
            raise ValueError("each once")
        return names

    @property
    def name(self) -> str:
        """The name of the file as the name of a dataset: letters, digits, _ and -."""
        name = re.sub(r"[^A-Za-z0-9_-]", "_", Path(self.file).stem)
        return re.sub(r"(.+?)\1{19,}", r"\1", name)  # Snakemake rejects 20 repetitions in a path


def size(table: Table, validation: int = 0) -> Size:
    """Return the size of a table.

    Raises InputError with a line for each mistake in the file, or if a class has no training
    samples without the `validation` samples.
    """
    data = obtain(table.model_copy(update={"standardise": False}))  # which would take time
    if validation < data.size.train:
        data.without_validation(validation)
    return data.size


def obtain(table: Table) -> Data:
    """Read a table and split its rows, with the same proportion of classes in both parts."""
    x, y, classes = _columns(table)
    train, test = _split(y, classes, table)
    if table.standardise:
        x = _standardised(x, train)
        y = y if classes else _standardised(y, train)
    return Data(x[train], y[train], x[test], y[test], scale=1, classes=np.array(classes, np.str_))


def _split(y: NDArray, classes: list[str], table: Table) -> tuple[NDArray, NDArray]:
    """Return the indices of training and test rows, in random order."""
    random = np.random.default_rng(table.split_seed)
    rows = random.permutation(len(y))
    if classes:  # sort by class, so that evenly spaced test rows have the proportions of classes
        rows = rows[np.argsort(y[rows], kind="stable")]
    n_test = math.ceil(table.test * len(y))
    test = np.diff(np.arange(len(y) + 1) * n_test // len(y)) > 0
    return random.permutation(rows[~test]), random.permutation(rows[test])


def _standardised(values: NDArray, train: NDArray) -> NDArray:
    exponent = np.frexp(np.abs(values[train]).max(0))[1]
    values = np.ldexp(values, -exponent)  # exact; without it, squares of large values overflow
    training = values[train]
    varies = np.ptp(training, axis=0) > 0  # rounding makes the deviation of constants nonzero
    return (values - training.mean(0)) / np.where(varies, training.std(0), 1)


def _columns(table: Table) -> tuple[NDArray[np.float64], NDArray, list[str]]:
    """Return features [n, features], labels or values to predict [n], and the names of classes.

    Raises InputError with a line for each mistake in the file.
    """
    from pandas.api.types import infer_dtype

    frame = _read(table)
    features = table.features or tuple(dict.fromkeys(n for n in frame if n != table.target))
    repeated = set(frame.columns[frame.columns.duplicated()])
    mistakes = []
    for name in dict.fromkeys((*features, table.target)):
        if name not in frame:
            near = "".join(f" did you mean {n}?" for n in get_close_matches(name, frame, 1))
            mistakes.append(f"columns: found no {name};{near} allowed: {', '.join(frame)}")
        elif UNNAMED.fullmatch(name):
            place, allowed = list(frame).index(name) + 1, "a name, or the key features without it"
            mistakes.append(f"column {place}: found no name; allowed: {allowed}")
        elif name in repeated:
            mistakes.append(f"column {name}: found {list(frame).count(name)} columns; allowed: one")
        elif (kind := infer_dtype(frame[name])) not in CELLS:
            mistakes.append(f"column {name}: found {kind} cells; allowed: numbers or text")
    if table.target in features:
        mistakes.append(f"column {table.target}: found in features; allowed: other columns")
    if not len(frame) or not features:
        found = f"{len(frame)} rows of {len(features)} features"
        mistakes.append(f"found {found}; allowed: at least one of each")
    if not mistakes:
        xs = [_feature(frame[name], table, mistakes) for name in features]
        y, classes = _target(frame[table.target], table, mistakes)
    if not mistakes:
        mistakes += _too_few(y, classes, table)
    if mistakes:
        shown = mistakes[:MAX_LINES]
        shown += [f"and {len(mistakes) - MAX_LINES} more"] if len(mistakes) > MAX_LINES else []
        raise InputError("\n".join(f"{table.file}, {line}" for line in shown))
    return np.concatenate(xs, axis=1), y, classes


def _read(table: Table) -> "pd.DataFrame":
    """Read a file as Parquet if its first bytes say so, else as CSV."""
    import pandas as pd

    file = Path(table.file)
    if file.suffix.lower() in (".xls", ".xlsx", ".ods"):
        raise InputError(f"{file}: found a spreadsheet; allowed: a CSV or Parquet file")
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(4) == b"PAR1"
            frame = pd.read_parquet(opened) if is_parquet else _read_csv(table)
    except Exception as error:  # pandas and pyarrow raise many types of errors on damaged bytes
        reasons = {
            UnicodeDecodeError: "it is not text in UTF-8",
            pd.errors.ParserWarning: "rows have more cells than the header has names",
        }
        why = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
        why = reasons.get(type(error), why)
        raise InputError(f"{file}: cannot be read ({why})") from None
    if any(frame.index.names):  # Parquet stores an index as columns
        frame = frame.reset_index()
    frame = frame.astype(dict.fromkeys(frame.select_dtypes("category"), object))
    return frame.set_axis([str(name).strip().strip("\ufeff") for name in frame], axis=1)


def _read_csv(table: Table) -> "pd.DataFrame":
    """Read a CSV file; its first row has the names of the columns, which may repeat."""
    import pandas as pd

    read = partial(
        pd.read_csv, table.file, keep_default_na=False, index_col=False, skipinitialspace=True
    )

    def names(separator: str, skiprows: int) -> list[str]:
        line = read(sep=separator, skiprows=skiprows, header=None, nrows=1, dtype=str)
        return [name.strip() for name in line.iloc[0]]

    skip = int(names(",", 0)[0].startswith("sep="))  # a first line that Excel writes
    headers = {mark: names(mark, skip) for mark in ",;\t|"}
    separator = max(headers, key=lambda mark: (table.target in headers[mark], len(headers[mark])))
    with warnings.catch_warnings(action="error"):  # pandas warns about rows that are too long
        frame = read(
            sep=separator,
            skiprows=skip,
            header=0,
            names=range(len(headers[separator])),
            decimal=table.decimal,
            low_memory=False,
        )
    return frame.set_axis(headers[separator], axis=1)


def _feature(column: "pd.Series", table: Table, mistakes: list[str]) -> NDArray[np.float64]:
    """Return a column as numbers [n, 1], or one-hot encoded [n, categories]; report bad cells."""
    numbers, are_numbers = _numbers(column, table)
    if are_numbers:
        mistakes += _not_finite(column, numbers, table)
        return numbers[:, None]
    texts = _texts(column, table)
    mistakes += _cells(column, texts == "", "text that is not listed in missing")
    categories = sorted(set(texts))
    if len(categories) > MAX_CATEGORIES:
        found = f"found {len(categories)} different texts, such as {categories[0]!r}"
        allowed = f"numbers, or at most {MAX_CATEGORIES} different texts"
        mistakes.append(f"column {column.name}: {found}; allowed: {allowed}")
    return (texts[:, None] == np.array(categories[:MAX_CATEGORIES])).astype(float)


def _target(column: "pd.Series", table: Table, mistakes: list[str]) -> tuple[NDArray, list[str]]:
    """Return labels and the names of classes, or numbers and no names; report bad cells."""
    (numbers, are_numbers), texts = _numbers(column, table), _texts(column, table)
    integers = all(re.fullmatch("[+-]?[0-9]+", text) for text in texts)
    inferred = "regression" if are_numbers and not integers else "classification"
    if (table.task or inferred) == "regression":
        mistakes += _not_finite(column, numbers, table)
        return numbers, []
    allowed = "a class that is not listed in missing"
    mistakes += _cells(column, texts == "", allowed)
    classes = sorted(set(texts), key=(lambda text: (int(text), text)) if integers else None)
    return np.array([*map({name: i for i, name in enumerate(classes)}.get, texts)]), classes


def _too_few(y: NDArray, classes: list[str], table: Table) -> Iterator[str]:
    """Yield a message for each class, and for all rows, with too few training or test rows."""
    train, test = _split(y, classes, table)
    if not train.size or not test.size:
        found = f"found {len(train)} rows for training and {len(test)} for testing"
        yield f"{found}; allowed: at least one each"
    if len(classes) == 1:
        yield f"found only the class {classes[0]!r}; allowed: at least two classes"
    if not classes:
        return
    counts = np.bincount(y), np.bincount(y[train], minlength=len(classes))
    for name, rows, trained in zip(classes, *counts, strict=True):
        if rows < 2:
            advice = "at least 2, or task: regression"
            yield f"found the class {name!r} in one row; allowed: {advice}"
        elif not trained:
            found = f"found no training row among the {rows} rows of the class {name!r}"
            yield f"{found}; allowed: at least one; use a smaller test, or another split_seed"


def _numbers(column: "pd.Series", table: Table) -> tuple[NDArray[np.float64], bool]:
    """Return cells as numbers, nan for text, and whether the column is numeric.

    A column is numeric if a cell is a finite number, or if most cells are numbers apart from MARKS.
    """
    import pandas as pd

    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64, na_value=np.nan), True
    texts = pd.Series(_texts(column, table))
    if table.decimal == ",":
        texts = texts.str.translate(SWAPPED)
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    unmarked = texts.str.replace("\u2212", "-").str.replace(MARKS, "", regex=True)
    formatted = pd.to_numeric(unmarked, errors="coerce").notna()
    return numbers, bool(np.isfinite(numbers).any() or formatted.mean() > 0.5)


def _texts(column: "pd.Series", table: Table) -> NDArray[np.object_]:
    """Return cells as text without surrounding blanks; missing cells are empty."""
    texts = column.astype(object).astype(str).str.strip()
    return texts.mask(column.isna() | texts.isin(table.missing), "").to_numpy(object)


def _not_finite(column: "pd.Series", numbers: NDArray, table: Table) -> Iterator[str]:
    bad = ~np.isfinite(numbers)
    if not bad.any():  # saves time if there are thousands of columns
        return iter(())
    comma = table.decimal == "." and any(re.search(r"\d,", str(cell)) for cell in column[bad])
    allowed = "a finite number" + (", such as 3.5, or the key decimal: ','" if comma else "")
    return _cells(column, bad, allowed)


def _cells(column: "pd.Series", bad: NDArray[np.bool_], allowed: str) -> Iterator[str]:
    for row, cell in zip(np.flatnonzero(bad), column[bad].tolist(), strict=True):
        yield f"row {row + 1}, column {column.name}: found {cell!r}; allowed: {allowed}"
