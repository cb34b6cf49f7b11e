"""A table of one's own as a dataset: a CSV or Parquet file, a row a sample."""

import math
import re
import warnings
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from descent.errors import InputError
from descent.store.data import Data, Size

if TYPE_CHECKING:
    import pandas as pd  # which takes half a second to import, and no other dataset needs

MAX_WORDS = 50  # different ones in a column of features
MAX_LINES = 20  # of a message
UNNAMED = re.compile(r"Unnamed: \d+")  # as pandas names it: the index of a table written by it


def _as_word(value: object) -> object:
    """A name may look like a number."""
    return str(value) if isinstance(value, float) or type(value) is int else value


Word = Annotated[str, Field(min_length=1), BeforeValidator(_as_word)]


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
        return re.sub(r"[^A-Za-z0-9_-]", "_", Path(self.file).stem)


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
    frame = _read(table.file)
    features = table.features or tuple(name for name in frame if name != table.target)
    missing = [name for name in (*features, table.target) if name not in frame]
    wrong = []
    for name in missing:
        near = "".join(f" did you mean {n}?" for n in get_close_matches(name, frame, 1))
        wrong.append(f"columns: found no {name};{near} allowed: {', '.join(frame)}")
    for name in filter(UNNAMED.fullmatch, features):
        place = list(frame).index(name) + 1
        wrong.append(f"column {place}: found no name; allowed: a name, or features without it")
    if table.target in features:
        wrong.append(f"column {table.target}: found among the features; allowed: the target alone")
    if not len(frame) or not features:
        wrong.append(f"found {len(frame)} rows of {len(features)} features; allowed: at least one")
    if not wrong:
        xs = [_feature(frame[name], wrong) for name in features]
        y, classes = _target(frame[table.target], table.task, wrong)
    if not wrong:
        wrong += _too_few(y, classes, table)
    if wrong:
        shown = wrong[:MAX_LINES]
        shown += [f"and {len(wrong) - MAX_LINES} more"] if len(wrong) > MAX_LINES else []
        raise InputError("\n".join(f"{table.file}, {line}" for line in shown))
    return np.concatenate(xs, axis=1), y, classes


def _read(file: str) -> "pd.DataFrame":
    """The table; cells of a CSV file as they are written."""
    import pandas as pd

    try:
        if Path(file).suffix == ".parquet":
            frame = pd.read_parquet(file)
        else:
            with warnings.catch_warnings(action="error"):  # of rows that are too long
                frame = pd.read_csv(file, dtype=str, keep_default_na=False, index_col=False)
    except Exception as error:  # damaged bytes make pandas and pyarrow raise very many kinds
        why = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
        raise InputError(f"{file}: cannot be read ({why})") from None
    return frame.set_axis([str(name) for name in frame], axis=1)


def _feature(column: "pd.Series", wrong: list[str]) -> NDArray[np.float64]:
    """[n, 1] numbers, or [n, words] 0 and 1 of a column of words, without a number among them."""
    numbers = _numbers(column)
    if np.isfinite(numbers).any() or not _words(column).any():
        wrong += _cells(column, ~np.isfinite(numbers), "a finite number")
        return numbers[:, None]
    wrong += _cells(column, ~_words(column), "a word")
    cells = column.astype(str).to_numpy()
    different = sorted(set(cells))
    if len(different) > MAX_WORDS:
        found = f"found {len(different)} different words, as {different[0]!r}"
        wrong.append(f"column {column.name}: {found}; allowed: numbers, or {MAX_WORDS} words")
    return (cells[:, None] == np.array(different[:MAX_WORDS])).astype(float)


def _target(column: "pd.Series", task: str | None, wrong: list[str]) -> tuple[NDArray, list[str]]:
    """Labels and the names of the classes, or numbers and no names."""
    if column.dtype.kind == "b":
        column = column.astype(str)
    numbers, words = _numbers(column), _words(column)
    integers = np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()
    if column.dtype.kind not in "iu":
        integers &= column.astype(str).str.fullmatch(r"\s*[+-]?\d+\s*").all()
    if not task:
        task = "regression" if np.isfinite(numbers).any() and not integers else "classification"
    if task == "regression":
        wrong += _cells(column, ~np.isfinite(numbers), "a finite number")
        return numbers, []
    wrong += _cells(column, ~words, "the name of a class")
    cells = column.astype(str).str.strip().to_numpy()
    classes = sorted(set(cells), key=int if integers else None)
    return np.array([*map({name: i for i, name in enumerate(classes)}.get, cells)]), classes


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


def _numbers(column: "pd.Series") -> NDArray[np.float64]:
    import pandas as pd

    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _words(column: "pd.Series") -> NDArray[np.bool_]:
    """Where something is written."""
    return (column.notna() & (column.astype(str).str.strip() != "")).to_numpy(bool)


def _cells(column: "pd.Series", wrong: NDArray[np.bool_], allowed: str) -> Iterator[str]:
    for row, cell in zip(np.flatnonzero(wrong), column[wrong].tolist(), strict=True):
        yield f"row {row + 1}, column {column.name}: found {cell!r}; allowed: {allowed}"
