"""A table of one's own as a dataset: a CSV or Parquet file, a row a sample."""

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
    import pandas as pd  # which takes half a second to import, and no other dataset needs

MAX_WORDS = 50  # different ones in a column of features
MAX_LINES = 20  # of a message
UNNAMED = re.compile(r"|Unnamed: \d+")  # as pandas names the index of a table written by it
CELLS = "string boolean integer floating decimal mixed-integer-float empty".split()
MISSING = ("?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "NaN", "nan", "None")
# what people write into numbers: marks of thousands, currencies, per cent, brackets, blanks
MARKS = r"[\s\0,'’_$€£¥%()]|\.(?=\d{3}(?:\D|$))"
SWAPPED = str.maketrans(",.", ".,")


def _as_word(value: object) -> object:
    """A name may look like a number."""
    return str(value) if isinstance(value, float) or type(value) is int else value


Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(_as_word)
]


class Table(BaseModel):
    """The keys of a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Word = Field(description="a CSV or Parquet file with named columns")
    target: Word = Field(description="the column to predict")
    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="share of the rows that test, in proportion of the classes"
    )
    features: Annotated[tuple[Word, ...], Field(min_length=1)] | None = Field(
        None, description="columns to predict it from; left out: all others"
    )
    task: Literal["classification", "regression"] | None = Field(
        None, description="left out: words and integers are classes, other numbers are predicted"
    )
    standardise: Annotated[bool, Field(strict=True)] = Field(
        True,
        description="less the mean, divided by the standard deviation, of the rows that train:"
        " every feature, and a number to predict",
    )
    split_seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = Field(
        0, description="which rows test"
    )
    decimal: Literal[".", ","] = Field(".", description="the decimal mark of a CSV file")
    missing: tuple[str, ...] = Field(
        MISSING, description="words that stand for a missing cell; []: none does"
    )

    @field_validator("file")
    @classmethod
    def _path(cls, file: str) -> str:
        """The path, with the home folder in place of ~."""
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
        """What the dataset is called: the name of the file, as far as paths can have it."""
        name = re.sub(r"[^A-Za-z0-9_-]", "_", Path(self.file).stem)
        return re.sub(r"(.+?)\1{19,}", r"\1", name)  # Snakemake rejects what repeats 20 times


def size(table: Table, validation: int = 0) -> Size:
    """How large the dataset is.

    Raises InputError, a line for each, where cells are wrong, and where no sample of a class is
    left without the `validation` samples.
    """
    made = obtain(table.model_copy(update={"standardise": False}))  # which takes time
    if validation < made.size.train:
        made.without_validation(validation)
    return made.size


def obtain(table: Table) -> Data:
    """The rows in two parts, the classes in the same proportion in both."""
    x, y, classes = _columns(table)
    train, test = _split(y, classes, table)
    if table.standardise:
        x = _standardised(x, train)
        y = y if classes else _standardised(y, train)
    return Data(x[train], y[train], x[test], y[test], scale=1, classes=np.array(classes, np.str_))


def _split(y: NDArray, classes: list[str], table: Table) -> tuple[NDArray, NDArray]:
    """Rows that train and rows that test, in random order."""
    random = np.random.default_rng(table.split_seed)
    rows = random.permutation(len(y))
    if classes:  # one class behind the other: of each, every so many rows test
        rows = rows[np.argsort(y[rows], kind="stable")]
    tests = math.ceil(table.test * len(y))
    test = np.diff(np.arange(len(y) + 1) * tests // len(y)) > 0
    return random.permutation(rows[~test]), random.permutation(rows[test])


def _standardised(values: NDArray, train: NDArray) -> NDArray:
    exponent = np.frexp(np.abs(values[train]).max(0))[1]
    values = np.ldexp(values, -exponent)  # exactly; squares of large numbers would overflow
    trained = values[train]
    varies = np.ptp(trained, axis=0) > 0  # by rounding, no deviation is 0
    return (values - trained.mean(0)) / np.where(varies, trained.std(0), 1)


def _columns(table: Table) -> tuple[NDArray[np.float64], NDArray, list[str]]:
    """Features [n, features], labels or numbers to predict [n], and the names of the classes.

    Raises InputError with everything that is wrong with the file.
    """
    from pandas.api.types import infer_dtype

    frame = _read(table)
    features = table.features or tuple(dict.fromkeys(n for n in frame if n != table.target))
    repeated = set(frame.columns[frame.columns.duplicated()])
    wrong = []
    for name in dict.fromkeys((*features, table.target)):
        if name not in frame:
            near = "".join(f" did you mean {n}?" for n in get_close_matches(name, frame, 1))
            wrong.append(f"columns: found no {name};{near} allowed: {', '.join(frame)}")
        elif UNNAMED.fullmatch(name):
            place = list(frame).index(name) + 1
            wrong.append(f"column {place}: found no name; allowed: a name, or features without it")
        elif name in repeated:
            wrong.append(f"column {name}: found {list(frame).count(name)} columns; allowed: one")
        elif (kind := infer_dtype(frame[name])) not in CELLS:
            wrong.append(f"column {name}: found {kind} cells; allowed: numbers and words")
    if table.target in features:
        wrong.append(f"column {table.target}: found among the features; allowed: the target alone")
    if not len(frame) or not features:
        wrong.append(f"found {len(frame)} rows of {len(features)} features; allowed: at least one")
    if not wrong:
        xs = [_feature(frame[name], table, wrong) for name in features]
        y, classes = _target(frame[table.target], table, wrong)
    if not wrong:
        wrong += _too_few(y, classes, table)
    if wrong:
        shown = wrong[:MAX_LINES]
        shown += [f"and {len(wrong) - MAX_LINES} more"] if len(wrong) > MAX_LINES else []
        raise InputError("\n".join(f"{table.file}, {line}" for line in shown))
    return np.concatenate(xs, axis=1), y, classes


def _read(table: Table) -> "pd.DataFrame":
    """The table of a file, whose first bytes tell Parquet from CSV."""
    import pandas as pd

    file = Path(table.file)
    if file.suffix.lower() in (".xls", ".xlsx", ".ods"):
        raise InputError(f"{file}: found a spreadsheet; allowed: a CSV or Parquet file")
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(4) == b"PAR1"
            frame = pd.read_parquet(opened) if is_parquet else _read_csv(table)
    except Exception as error:  # damaged bytes make pandas and pyarrow raise very many kinds
        plainer = {
            UnicodeDecodeError: "it is not text in UTF-8",
            pd.errors.ParserWarning: "rows have more cells than there are names",
        }
        why = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
        why = plainer.get(type(error), why)
        raise InputError(f"{file}: cannot be read ({why})") from None
    if any(frame.index.names):  # columns of the file, too
        frame = frame.reset_index()
    frame = frame.astype(dict.fromkeys(frame.select_dtypes("category"), object))
    return frame.set_axis([str(name).strip().strip("\ufeff") for name in frame], axis=1)


def _read_csv(table: Table) -> "pd.DataFrame":
    """The table; its columns are named by the first row, where a name may stand twice."""
    import pandas as pd

    read = partial(
        pd.read_csv, table.file, keep_default_na=False, index_col=False, skipinitialspace=True
    )

    def names(separator: str, skiprows: int) -> list[str]:
        line = read(sep=separator, skiprows=skiprows, header=None, nrows=1, dtype=str)
        return [name.strip() for name in line.iloc[0]]

    skip = int(names(",", 0)[0].startswith("sep="))  # as Excel writes it before the names
    headers = {mark: names(mark, skip) for mark in ",;\t|"}
    separator = max(headers, key=lambda mark: (table.target in headers[mark], len(headers[mark])))
    with warnings.catch_warnings(action="error"):  # of rows that are too long
        frame = read(
            sep=separator,
            skiprows=skip,
            header=0,
            names=range(len(headers[separator])),
            decimal=table.decimal,
            low_memory=False,
        )
    return frame.set_axis(headers[separator], axis=1)


def _feature(column: "pd.Series", table: Table, wrong: list[str]) -> NDArray[np.float64]:
    """[n, 1] numbers, or [n, words] 0 and 1 of a column of words."""
    numbers, are_numbers = _numbers(column, table)
    if are_numbers:
        wrong += _not_finite(column, numbers, table)
        return numbers[:, None]
    words = _words(column, table)
    wrong += _cells(column, words == "", "a word that the key missing does not list")
    different = sorted(set(words))
    if len(different) > MAX_WORDS:
        found = f"found {len(different)} different words, as {different[0]!r}"
        wrong.append(f"column {column.name}: {found}; allowed: numbers, or {MAX_WORDS} words")
    return (words[:, None] == np.array(different[:MAX_WORDS])).astype(float)


def _target(column: "pd.Series", table: Table, wrong: list[str]) -> tuple[NDArray, list[str]]:
    """Labels and the names of the classes, or numbers and no names."""
    (numbers, are_numbers), words = _numbers(column, table), _words(column, table)
    integers = all(re.fullmatch("[+-]?[0-9]+", word) for word in words)
    by_cells = "regression" if are_numbers and not integers else "classification"
    if (table.task or by_cells) == "regression":
        wrong += _not_finite(column, numbers, table)
        return numbers, []
    wrong += _cells(column, words == "", "the name of a class, which the key missing does not list")
    classes = sorted(set(words), key=(lambda word: (int(word), word)) if integers else None)
    return np.array([*map({name: i for i, name in enumerate(classes)}.get, words)]), classes


def _too_few(y: NDArray, classes: list[str], table: Table) -> Iterator[str]:
    """What cannot be split into rows that train and rows that test."""
    train, test = _split(y, classes, table)
    if not train.size or not test.size:
        found = f"found {len(y)} rows, of which {len(test)} test"
        yield f"{found}; allowed: at least one that trains and one that tests"
    if len(classes) == 1:
        yield f"found the class {classes[0]!r} alone; allowed: at least two classes"
    if not classes:
        return
    counts = np.bincount(y), np.bincount(y[train], minlength=len(classes))
    for name, rows, trained in zip(classes, *counts, strict=True):
        if rows < 2:
            advice = "at least 2, or task: regression"
            yield f"found the class {name!r} in one row; allowed: {advice}"
        elif not trained:
            found = f"found none of the {rows} rows of the class {name!r} among those that train"
            yield f"{found}; allowed: at least one; a smaller test, or another split_seed"


def _numbers(column: "pd.Series", table: Table) -> tuple[NDArray[np.float64], bool]:
    """The cells as numbers, nan where one is none, and whether it is a column of numbers: one cell
    is a number, or most are, but for the marks in them."""
    import pandas as pd

    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64, na_value=np.nan), True
    words = pd.Series(_words(column, table))
    if table.decimal == ",":
        words = words.str.translate(SWAPPED)
    numbers = pd.to_numeric(words, errors="coerce").to_numpy(np.float64)
    marked = words.str.replace("\u2212", "-").str.replace(MARKS, "", regex=True)
    alike = pd.to_numeric(marked, errors="coerce").notna()
    return numbers, bool(np.isfinite(numbers).any() or alike.mean() > 0.5)


def _words(column: "pd.Series", table: Table) -> NDArray[np.object_]:
    """The cells as words, without blanks around them; where one is missing, none."""
    words = column.astype(object).astype(str).str.strip()
    return words.mask(column.isna() | words.isin(table.missing), "").to_numpy(object)


def _not_finite(column: "pd.Series", numbers: NDArray, table: Table) -> Iterator[str]:
    wrong = ~np.isfinite(numbers)
    if not wrong.any():  # as in most columns, of which there may be thousands
        return iter(())
    comma = table.decimal == "." and any(re.search(r"\d,", str(cell)) for cell in column[wrong])
    allowed = "a finite number" + (", as 3.5, or the key decimal: ','" if comma else "")
    return _cells(column, wrong, allowed)


def _cells(column: "pd.Series", wrong: NDArray[np.bool_], allowed: str) -> Iterator[str]:
    for row, cell in zip(np.flatnonzero(wrong), column[wrong].tolist(), strict=True):
        yield f"row {row + 1}, column {column.name}: found {cell!r}; allowed: {allowed}"
