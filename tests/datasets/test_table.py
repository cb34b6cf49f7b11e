"""A user's table as a dataset."""

import gzip
import io
import lzma
import re
import zipfile
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError
from sklearn.datasets import load_diabetes, load_iris

from descent.datasets import _table
from descent.datasets._table import Table
from descent.errors import InputError
from descent.store import data

IRIS = load_iris(as_frame=True)
FLOWERS = IRIS.data.assign(species=IRIS.target_names[IRIS.target])


def parquet(frame: pd.DataFrame, index=False) -> bytes:
    frame.to_parquet(file := io.BytesIO(), index=index)
    return file.getvalue()


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a table, and return the dataset."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def write(content: pd.DataFrame | str | bytes, file="t.csv", **keys) -> Table:
        if isinstance(content, pd.DataFrame):
            as_parquet = file.endswith(".parquet")
            content = parquet(content) if as_parquet else content.to_csv(index=False)
        path = Path(file.replace("~/", ""))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Table(**{"file": file, "target": "y", **keys})

    return write


def same(one: data.Data, other: data.Data) -> bool:
    names = ("x_train", "y_train", "x_test", "y_test", "classes")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def wrong(table: Table, validation: int = 0) -> list[str]:
    with pytest.raises(InputError) as error:
        _table.size(table, validation)
    return str(error.value).splitlines()


@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_words_of_the_target_are_classes(written, file):
    made = _table.obtain(written(FLOWERS, file, target="species", standardise=False, test=0.3))
    data.check(made, file)
    assert made.size == data.Size(train=105, test=45, features=4, outputs=3)
    assert made.classes.tolist() == ["setosa", "versicolor", "virginica"]
    assert np.bincount(made.y_test).tolist() == [15, 15, 15]  # in proportion
    assert np.bincount(made.y_train).tolist() == [35, 35, 35]
    both = np.c_[np.r_[made.x_train, made.x_test], np.r_[made.y_train, made.y_test]]
    assert sorted(both.tolist()) == sorted(np.c_[IRIS.data, IRIS.target].tolist())


@pytest.mark.parametrize("test", [0.01, 0.2, 1 / 3, 0.5, 0.9])
def test_every_class_has_its_share_of_the_test_rows(test):
    counts = np.array([2, 3, 10, 47, 138])
    labels = np.repeat(range(5), counts)
    for seed in range(3):
        table = Table(file="t.csv", target="y", test=test, split_seed=seed)
        train, tests = _table._split(labels, [*"abcde"], table)
        assert sorted([*train, *tests]) == [*range(200)]
        assert len(tests) == np.ceil(test * 200)
        expected = len(tests) / 200 * counts
        assert (abs(np.bincount(labels[tests], minlength=5) - expected) < 1).all()
        assert (np.diff(labels[train]) < 0).any()  # shuffled, since validation takes the last ones


def test_features_are_standardised_by_the_training_rows(written):
    keys = {"target": "species"}
    raw, made = (_table.obtain(written(FLOWERS, **keys, standardise=yes)) for yes in (False, True))
    assert_allclose(made.x_train.mean(0), 0, atol=1e-12)
    assert_allclose(made.x_train.std(0), 1)
    mean, deviation = raw.x_train.mean(0), raw.x_train.std(0)
    assert_allclose(made.x_test, (raw.x_test - mean) / deviation)
    for value in (7.0, 0.1, 0.0):  # the rounded mean of many 0.1 is not 0.1
        constant = _table.obtain(written(FLOWERS.assign(one=value), **keys))
        assert_allclose(constant.x_train[:, -1], 0, atol=1e-14)


@pytest.mark.parametrize("exponent", [-1000, 1000])
def test_numbers_whose_squares_overflow_or_underflow_are_standardised(written, exponent):
    plain = _table.obtain(written(FLOWERS, target="species"))
    scaled = FLOWERS.set_index("species") * 2.0**exponent
    assert same(_table.obtain(written(scaled.reset_index(), target="species")), plain)


def test_numbers_of_the_target_are_a_regression(written):
    patients = load_diabetes(as_frame=True, scaled=False).frame + 0.5
    made = _table.obtain(written(patients, target="target"))
    assert made.task == "regression"
    assert made.classes.size == 0
    assert_allclose([made.y_train.mean(), made.y_train.std()], [0, 1], atol=1e-12)
    raw = _table.obtain(written(patients, target="target", standardise=False))
    assert set(raw.y_train) | set(raw.y_test) == set(patients["target"])


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        ([10, 2, 2, 10], None, ["2", "10"]),
        ([-1, 1, 1, -1], None, ["-1", "1"]),
        ([2**60, 2**60 + 1] * 2, None, [str(2**60), str(2**60 + 1)]),  # equal as floats
        ([True, False, True, False], None, ["False", "True"]),
        (["a b", "é", " a b", "é "], None, ["a b", "é"]),
        ([10, 2, 2, 10], "regression", []),
        ([1.5, 0.5, 0.5, 1.5], None, []),
        ([1.0, 0.0, 0.0, 1.0], None, []),
        ([1.5, 0.5, 0.5, 1.5], "classification", ["0.5", "1.5"]),
        ([1.0, 0.0, 0.0, 1.0], "classification", ["0.0", "1.0"]),
        (["5 %", "9 %"] * 2, "classification", ["5 %", "9 %"]),
    ],
)
@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_the_target_determines_the_task_unless_the_key_does(written, target, task, classes, file):
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "y": target})
    assert _table.obtain(written(frame, file, task=task, test=0.5)).classes.tolist() == classes


@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("words", [("f", "m"), (False, True), ("1.2.3", "12:30"), ("3-5", "<=50K")])
def test_a_column_of_words_is_one_hot_encoded(written, words, file):
    frame = pd.DataFrame({"word": words * 3, "y": [0.1, 1.2, 2.3, 3.4, 4.5, 5.6]})
    made = _table.obtain(written(frame, file, standardise=False))
    x, y = np.r_[made.x_train, made.x_test], np.r_[made.y_train, made.y_test]
    assert x[np.argsort(y)].tolist() == [[1, 0], [0, 1]] * 3


def test_a_long_column_has_one_type(written):
    names, rows = ",".join(map(str, range(500))), f"TRUE,1{',0' * 498}\n" * 2200
    last = rows[: rows.index("\n") + 1].replace("TRUE,1", "unsure,0") * 2
    table = written(f"{names}\n{rows}{last}", target=1, features=(0,))
    assert _table.size(table).features == 2  # pandas infers types for blocks of a million cells


def test_the_split_seed_and_the_chosen_features(written):
    keys = {"features": ("petal width (cm)", "sepal length (cm)"), "standardise": False}
    made, again, other = (
        _table.obtain(written(FLOWERS, target="species", split_seed=seed, **keys))
        for seed in (0, 0, 1)
    )
    assert made.x_train.tolist() == again.x_train.tolist() != other.x_train.tolist()
    assert set(made.x_test[:, 1]) <= set(FLOWERS["sepal length (cm)"])
    assert made.x_train.shape[1] == 2


def test_the_name_of_the_dataset_can_be_part_of_a_path():
    assert Table(file="x/my data {1}.csv", target="y").name == "my_data__1_"


PLAIN = "a,b,y\n1.5,r,u v\n2.5,s,w\n3.5,r,u v\n-4.5,s,w\n"
FRAME = pd.read_csv(io.StringIO(PLAIN))
A_B = {"features": ("a", "b")}


def zipped(text: str) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr("t.csv", text)
    return file.getvalue()


SPELLINGS = {
    "a byte order mark": ("\ufeff" + PLAIN, {}),
    "quotes": (PLAIN.replace("a,b,y", '"a","b","y"').replace("r", '"r"'), {}),
    "line ends of Windows": (PLAIN.replace("\n", "\r\n"), {}),
    "no line end at the end": (PLAIN.strip(), {}),
    "empty lines": ("\n" + PLAIN.replace("\n", "\n\n"), {}),
    "blanks around names and cells": (PLAIN.replace(",", " , "), {}),
    "blanks in the keys": (PLAIN, {"target": " y ", "features": ["a ", "b"]}),
    "blanks before quotes": (PLAIN.replace(",r,", ', "r", '), {}),
    "a name in two lines": (PLAIN.replace("a,", '"a\nb",', 1), {"features": ("a\nb", "b")}),
    "repeated names of unused columns": (re.sub("$", ",0,0", PLAIN.strip(), flags=re.M), A_B),
    "semicolons": (PLAIN.replace(",", ";"), {}),
    "tabs": (PLAIN.replace(",", "\t"), {}),
    "bars": (PLAIN.replace(",", "|"), {}),
    "bars in names": (PLAIN.replace("b", "b|b|b|b", 1), {}),
    "semicolons, and a comma in a name": (PLAIN.replace(",", ";").replace("b", '"b,c"', 1), {}),
    "the first line of Excel": ("sep=,\n" + PLAIN, {}),
    "the first line of Excel, semicolons": ("sep=;\n" + PLAIN.replace(",", ";"), {}),
    "decimal commas": (PLAIN.replace(",", ";").replace(".", ","), {"decimal": ","}),
    "decimal commas in quotes": (re.sub(r"(-?\d)\.(\d)", r'"\1,\2"', PLAIN), {"decimal": ","}),
    "other numbers": (PLAIN.replace("1.5", "+15e-1").replace("2.5", "002.50"), {}),
    "gzip": (gzip.compress(PLAIN.encode(), mtime=0), {"file": "t.csv.gz"}),
    "zip": (zipped(PLAIN), {"file": "t.csv.zip"}),
    "xz": (lzma.compress(PLAIN.encode()), {"file": "t.csv.xz"}),
    "text with the name of a Parquet file": (PLAIN, {"file": "t.parquet"}),
    "Parquet": (parquet(FRAME), {"file": "t.parquet"}),
    "Parquet in capitals": (parquet(FRAME), {"file": "t.PARQUET"}),
    "Parquet with another name": (parquet(FRAME), {}),
    "Parquet, a byte order mark": (parquet(FRAME.set_axis(["\ufeffa", "b", "y "], axis=1)), A_B),
    "Parquet, the index of pandas": (parquet(FRAME.set_index(["a", "b"]), index=True), {}),
    "Parquet, categories": (parquet(FRAME.astype("category")), {}),
    "Parquet, words": (parquet(FRAME.astype(str)), {}),
    "Parquet, decimals": (parquet(FRAME.assign(a=FRAME["a"].astype(str).map(Decimal))), {}),
    "Parquet, nullable numbers": (parquet(FRAME.convert_dtypes()), {}),
    "Parquet in a folder with the name of a partition": (parquet(FRAME), {"file": "b=1/t.parquet"}),
    "a path from the home folder": (PLAIN, {"file": "~/t.csv"}),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_table_is_the_same_data_however_it_is_written(written, spelling):
    content, keys = SPELLINGS[spelling]
    made = _table.obtain(written(content, **keys, test=0.5))
    plain = _table.obtain(written(PLAIN, test=0.5))
    assert plain.size == data.Size(train=2, test=2, features=3, outputs=2)
    assert same(made, plain)


NEARLY_NUMBERS = """3,5|1,234|1.234,5|1.234.567|12%|5 %|$5.00|€ 5|5 €|\u22123|1\xa0000|1 000|1'000
1_000|(5)|5\0|5,|inf|-inf|Infinity|1e400"""


@pytest.mark.parametrize("cell", re.split(r"[|\n]", NEARLY_NUMBERS))
@pytest.mark.parametrize("column", ["a", "y"])
def test_cells_that_look_like_numbers_are_no_words(written, cell, column):
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "y": [1.5, 2, 3, 4]}).astype(object)
    frame[column] = [cell] * 3 + ["low"]
    comma = ", such as 3.5, or the key decimal: ','" if re.search(r"\d,", cell) else ""
    assert wrong(written(frame)) == [
        f"t.csv, row {row}, column {column}: found {found!r}; allowed: a finite number{comma}"
        for row, found in enumerate(frame[column], 1)
    ]


@pytest.mark.parametrize("cell", [*_table.MISSING, ""])
@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_a_missing_cell_is_no_word(written, cell, file):
    frame = pd.DataFrame({"a": ["r", cell, "s", "r"], "y": ["u", "v", "u", cell]})
    assert wrong(written(frame, file)) == [
        f"{file}, row {at}: found {cell!r}; allowed: {allowed} that is not listed in missing"
        for at, allowed in (("2, column a", "text"), ("4, column y", "a class"))
    ]
    if cell:
        both = FLOWERS.assign(word=[cell, "r"] * 75, species=[cell, "r", "s"] * 50)
        made = _table.obtain(written(both, file, target="species", missing=["?"] * (cell != "?")))
        assert made.x_train.shape[1] == 6
        assert len(made.classes) == 3


A, DECIMAL = "a,b,y\n1,2,u\n3,4,v\n5,6,u\n7,8,v\n", {"decimal": ","}


@pytest.mark.parametrize(
    ("content", "keys", "says"),
    [
        (A, {"target": "Y"}, ["columns: found no Y; allowed: a, b, y"]),
        (A.replace(",", ";"), {"target": "Y"}, ["columns: found no Y; allowed: a, b, y"]),
        (A, {"features": ("c", "bb")}, ["found no c; allowed", "found no bb; did you mean b?"]),
        (A, {"features": ("a", "y")}, ["column y: found in features; allowed: other"]),
        (A.replace("b", "a"), {}, ["column a: found 2 columns; allowed: one"]),
        (A.replace("b", "y"), {}, ["column y: found 2 columns; allowed: one"]),
        (A.replace("b", " y "), {}, ["column y: found 2 columns; allowed: one"]),
        (
            A.replace("3,4", "x,").replace("5", "nan").replace("8", "1e999"),
            {},
            ["2, column a: found 'x'", "3, column a: found 'nan'", "b: found ''", "'1e999'"],
        ),
        (A.replace("8", "1e999"), {}, ["row 4, column b: found inf; allowed: a finite number"]),
        ("a;y\n1,5;u\n1.5;v\n1.234,5;u\n1.234;v\n", DECIMAL, ["'1.5'; a", "'1.234,5'", "'1.234'"]),
        ("a;y\n1.5;u\n2.5;v\n", DECIMAL, ["row 1, column a: found '1.5'; allowed: a"]),
        (A.replace("u", " "), {}, ["row 1, column y: found ''; allowed: a class that is not"]),
        ("a,y\n1,1.5\n2,z\n3,3\n", {}, ["row 2, column y: found 'z'; allowed: a finite number"]),
        ("a,y\n" + "x,1\n" * 60, {}, ["found only the class '1'"]),
        (A + "9,9,w\n", {"test": 0.6}, ["found the class 'w' in one row"]),
        (A, {"test": 0.9}, ["found 0 rows for training and 4 for testing"]),
        (A + "1,1,w\n1,1,w\n", {"test": 0.6}, ["found no training row among the 2 rows of the"]),
        ("a,y\n" + "".join(f"x{i},{i % 2}\n" for i in range(60)), {}, ["column a: found 60"]),
        (",a,y\n0,1,u\n1,2,v\n", {}, ["column 1: found no name"]),
        ("Unnamed: 0,a,y\n0,1,u\n1,2,v\n", {}, ["column 1: found no name"]),
        ("a,y\n", {}, ["found 0 rows of 1 features; allowed: at least one"]),
        ("y\nu\n", {}, ["found 1 rows of 0 features; allowed: at least one"]),
        (A.replace("3,4,v", "3,4,v,5"), {}, ["cannot be read (Error tokenizing data"]),
        (A.replace("1,2,u\n3,4,v", "1,2,u,1\n3,4,v,5"), {}, ["(rows have more cells than"]),
        (A.replace("3,4,v", "3"), {}, ["row 2, column b: found", "row 2, column y: found"]),
        ("# a comment\n" + A, {}, ["cannot be read (rows have more cells than the header has"]),
        ("", {}, ["cannot be read (No columns to parse from file)"]),
        (A.encode("utf-16"), {}, ["cannot be read (it is not text in UTF-8)"]),
        (A.replace("u", "é").encode("latin-1"), {}, ["cannot be read (it is not text in UTF-8)"]),
        (gzip.compress(A.encode(), mtime=0), {}, ["cannot be read (it is not text in UTF-8)"]),
        (A, {"file": "t.csv.gz"}, ["cannot be read (Not a gzipped file"]),
        (A, {"file": "t.XLSX"}, ["found a spreadsheet; allowed: a CSV or Parquet file"]),
        ("a,y\n" + "x,1\n2,0\n" * 30, {}, ["row 1, column a: found 'x'", "and 10 more"]),
    ],
)
def test_all_mistakes_of_a_table_are_reported_together(written, content, keys, says):
    table = written(content, **{"test": 0.5, **keys})
    lines = wrong(table)
    assert all(line.startswith((f"{table.file}, ", f"{table.file}: ")) for line in lines)
    assert all(any(part in line for line in lines) for part in says), lines


TIMES = pd.to_datetime(["2024-01-01", None, "2024-03-01", "2024-04-01"])


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["r", None, "s", "r"], "row 2, column {}: found nan; allowed: "),
        (pd.Categorical(["r", None, "s", "r"]), "row 2, column {}: found nan; allowed: "),
        (pd.array([True, None, False, True], "boolean"), "row 2, column {}: found <NA>; allowed: "),
        (pd.array([1, None, 0, 1], "Int64"), "row 2, column {}: found <NA>; allowed: "),
        ([1.5, None, 0, 1], "row 2, column {}: found nan; allowed: a finite number"),
        ([Decimal(1), None, Decimal(2), Decimal(3)], "row 2, column {}: found None; allowed: "),
        ([None] * 4, "row 1, column {}: found None; allowed: "),
        (TIMES, "column {}: found datetime64 cells; allowed: numbers or text"),
        (TIMES.tz_localize("UTC"), "column {}: found datetime64 cells"),
        (pd.Categorical(TIMES), "column {}: found datetime64 cells"),
        (TIMES - TIMES[0], "column {}: found timedelta64 cells"),
        ([date(2024, 1, 1), None] * 2, "column {}: found date cells"),
        ([time(1), time(2)] * 2, "column {}: found time cells"),
        ([b"r", b"s"] * 2, "column {}: found bytes cells"),
        ([[1], [2]] * 2, "column {}: found mixed cells"),
        ([{"k": 1}, {"k": 2}] * 2, "column {}: found mixed cells"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", ["a", "y"])
def test_parquet_cells_that_are_neither_numbers_nor_words(written, cells, says, column):
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "y": ["u", "v"] * 2}).drop(columns=column)
    line, *_ = wrong(written(frame.assign(**{column: cells}), "t.parquet"))
    assert line.startswith(f"t.parquet, {says.format(column)}")


def test_a_class_of_validation_rows_alone_is_refused(written):
    table = written(FLOWERS, target="species")
    labels = _table.obtain(table).y_train
    last = max(np.flatnonzero(labels == label)[0] for label in range(3))
    most = len(labels) - last - 1
    assert _table.size(table, most).train == 120
    name = IRIS.target_names[labels[last]]
    (line,) = wrong(table, most + 1)
    found = f"found the class '{name}' only among the {most + 1} samples held out"
    assert line.startswith(f"validation: {found}; allowed: fewer")


def test_rows_of_parquet_are_counted_and_not_named_by_the_index(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": [1.0, np.nan, 3, 4], "y": list("uvuv")}, index=[3, 2, 1, 0])
    frame.to_parquet("t.parquet")
    (line,) = wrong(Table(file="t.parquet", target="y", test=0.5))
    assert line == "t.parquet, row 2, column a: found nan; allowed: a finite number"


PAR1 = b"PAR1" + bytes(99) + b"PAR1"


@pytest.mark.parametrize("content", [b"PAR1", b"", PAR1, b"a,\xe9\n1,2\n", b"\x1f\x8b,y\n"])
@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_a_file_that_cannot_be_read(written, content, file):
    (line,) = wrong(written(content, file))
    assert re.match(rf"{file}[,:] ", line)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    FRAME.to_parquet(tmp_path / "part.parquet")
    for file, why in ((tmp_path / "no.csv", "No such file"), (tmp_path, "Is a directory")):
        (line,) = wrong(Table(file=str(file), target="y"))
        assert line.startswith(f"{file}: cannot be read ({why}")


@pytest.mark.parametrize("file", ["http://127.0.0.1:9/t.csv", "file:///t.csv", "s3://b/t.parquet"])
def test_a_url_is_refused(file):
    with pytest.raises(ValidationError, match="a path; download the file first"):
        Table(file=file, target="y")
