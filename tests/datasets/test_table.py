"""A table of one's own as a dataset."""

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
FLOWERS = IRIS.frame.assign(target=IRIS.target_names[IRIS.target]).rename(
    columns={"target": "species"}
)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a table, and gives its keys as a dataset."""
    monkeypatch.chdir(tmp_path)

    def write(frame, file="t.csv", **keys) -> Table:
        if file.endswith(".parquet"):
            frame.to_parquet(file, index=False)
        else:
            frame.to_csv(file, index=False)
        return Table(file=file, target=keys.pop("target", frame.columns[-1]), **keys)

    return write


@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_classes_by_their_names(written, file):
    made = _table.obtain(written(FLOWERS, file, standardise=False, test=0.3))
    data.check(made, file)
    assert made.size == data.Size(train=105, test=45, features=4, outputs=3)
    assert made.classes.tolist() == ["setosa", "versicolor", "virginica"]
    assert np.bincount(made.y_test).tolist() == [15, 15, 15]  # in proportion
    assert np.bincount(made.y_train).tolist() == [35, 35, 35]
    both = np.c_[np.r_[made.x_train, made.x_test], np.r_[made.y_train, made.y_test]]
    assert sorted(both.tolist()) == sorted(np.c_[IRIS.data, IRIS.target].tolist())


@pytest.mark.parametrize("test", [0.01, 0.2, 1 / 3, 0.5, 0.9])
def test_rows_of_classes_of_any_size_test_in_proportion(written, test):
    counts = np.array([2, 3, 10, 47, 138])
    frame = pd.DataFrame({"a": np.arange(200), "y": np.repeat(range(5), counts)})
    table = written(frame, target="y", test=test)
    for seed in range(3):
        table = table.model_copy(update={"split_seed": seed})
        train, tests = _table._split(frame["y"].to_numpy(), [*"abcde"], table)
        assert sorted([*train, *tests]) == [*range(200)]
        assert len(tests) == np.ceil(test * 200)
        assert (
            abs(np.bincount(frame["y"][tests], minlength=5) - len(tests) / 200 * counts) < 1
        ).all()


def test_a_csv_and_a_parquet_file_are_the_same_data(written):
    csv, parquet = (_table.obtain(written(FLOWERS, f"t.{end}")) for end in ("csv", "parquet"))
    for name in ("x_train", "y_train", "x_test", "y_test", "classes"):
        assert np.array_equal(getattr(csv, name), getattr(parquet, name))


def test_features_are_standardised_by_the_rows_that_train(written):
    raw, made = (_table.obtain(written(FLOWERS, standardise=yes)) for yes in (False, True))
    assert_allclose(made.x_train.mean(0), 0, atol=1e-12)
    assert_allclose(made.x_train.std(0), 1)
    mean, deviation = raw.x_train.mean(0), raw.x_train.std(0)
    assert_allclose(made.x_test, (raw.x_test - mean) / deviation)
    for value in (7.0, 0.1):  # the mean of many 0.1 is another number
        constant = _table.obtain(written(FLOWERS.assign(one=value), target="species"))
        assert_allclose(constant.x_train[:, -1], 0, atol=1e-14)


@pytest.mark.parametrize("exponent", [-1000, 1000])
def test_numbers_whose_squares_no_float_holds_are_standardised(written, exponent):
    plain = _table.obtain(written(FLOWERS, target="species"))
    scaled = FLOWERS.set_index("species") * 2.0**exponent
    made = _table.obtain(written(scaled.reset_index(), target="species"))
    assert np.array_equal(made.x_train, plain.x_train)


def test_numbers_to_predict(written):
    patients = load_diabetes(as_frame=True, scaled=False).frame
    made = _table.obtain(written(patients + 0.5))
    assert made.task == "regression"
    assert made.classes.size == 0
    assert_allclose([made.y_train.mean(), made.y_train.std()], [0, 1], atol=1e-12)
    raw = _table.obtain(written(patients + 0.5, standardise=False))
    assert set(raw.y_train) | set(raw.y_test) == set(patients["target"] + 0.5)


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        ([10, 2, 2, 10], None, ["2", "10"]),
        ([-1, 1, 1, -1], None, ["-1", "1"]),
        ([True, False, True, False], None, ["False", "True"]),
        ([10, 2, 2, 10], "regression", []),
        ([1.5, 0.5, 0.5, 1.5], None, []),
        ([1.5, 0.5, 0.5, 1.5], "classification", ["0.5", "1.5"]),
    ],
)
@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_the_target_decides_unless_it_is_said(written, target, task, classes, file):
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "y": target})
    assert _table.obtain(written(frame, file, task=task, test=0.5)).classes.tolist() == classes


def test_a_column_of_words_is_a_column_of_0_and_1_for_each(written):
    frame = pd.DataFrame({"sex": list("fmfmfm"), "y": [0.1, 1.2, 2.3, 3.4, 4.5, 5.6]})
    made = _table.obtain(written(frame, standardise=False))
    x, y = np.r_[made.x_train, made.x_test], np.r_[made.y_train, made.y_test]
    assert x[np.argsort(y)].tolist() == [[1, 0], [0, 1]] * 3


def test_the_seed_and_the_features_that_are_chosen(written):
    keys = {"features": ("petal width (cm)", "sepal length (cm)"), "standardise": False}
    made, again, other = (
        _table.obtain(written(FLOWERS, split_seed=seed, **keys)) for seed in (0, 0, 1)
    )
    assert made.x_train.tolist() == again.x_train.tolist() != other.x_train.tolist()
    assert set(made.x_test[:, 1]) <= set(FLOWERS["sepal length (cm)"])
    assert made.x_train.shape[1] == 2


A = "a,b,y\n1,2,u\n3,4,v\n5,6,u\n7,8,v\n"


@pytest.mark.parametrize(
    ("content", "keys", "says"),
    [
        (A, {"target": "Y"}, ["columns: found no Y; allowed: a, b, y"]),
        (A, {"features": ("c", "bb")}, ["found no c; allowed", "found no bb; did you mean b?"]),
        (A, {"features": ("a", "y")}, ["column y: found among the features"]),
        (
            A.replace("3,4", "x,").replace("5", "nan").replace("8", "1e999"),
            {},
            [
                "row 2, column a: found 'x'; allowed: a finite number",
                "row 3, column a: found 'nan'; allowed: a finite number",
                "row 2, column b: found ''; allowed: a finite number",
                "row 4, column b: found '1e999'; allowed: a finite number",
            ],
        ),
        (A.replace("u", " "), {}, ["row 1, column y: found ' '; allowed: the name of a class"]),
        ("a,y\n1,1.5\n2,z\n3,3\n", {}, ["row 2, column y: found 'z'; allowed: a finite number"]),
        ("a,y\n" + "x,1\n" * 60, {}, ["found the class '1' alone"]),
        (A + "9,9,w\n", {"test": 0.6}, ["found the class 'w' in one row"]),
        (A, {"test": 0.9}, ["found 4 rows, of which 4 test"]),
        (A + "1,1,w\n1,1,w\n", {"test": 0.6}, ["found none of the 2 rows of the class 'w' among"]),
        (
            "a,y\n" + "".join(f"x{i},{i % 2}\n" for i in range(60)),
            {},
            ["column a: found 60"],
        ),
        (",a,y\n0,1,u\n1,2,v\n", {}, ["column 1: found no name"]),
        ("a,y\n", {}, ["found 0 rows of 1 features; allowed: at least one"]),
        ("y\nu\n", {}, ["found 1 rows of 0 features; allowed: at least one"]),
        (A.replace("3,4,v", "3,4,v,5"), {}, ["cannot be read (Error tokenizing data"]),
        (A.replace("1,2,u\n3,4,v", "1,2,u,1\n3,4,v,5"), {}, ["cannot be read ("]),
        (A.replace("3,4,v", "3"), {}, ["row 2, column b: found", "row 2, column y: found"]),
        ("", {}, ["cannot be read (No columns to parse from file)"]),
        ("a,y\n" + "x,1\n2,0\n" * 30, {}, ["row 1, column a: found 'x'", "and 10 more"]),
    ],
)
def test_everything_that_is_wrong_is_said_at_once(tmp_path, monkeypatch, content, keys, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(content)
    table = Table(**{"file": "t.csv", "target": "y", "test": 0.5, **keys})
    with pytest.raises(InputError) as error:
        _table.size(table)
    lines = str(error.value).splitlines()
    assert all(line.startswith(("t.csv, ", "t.csv: ")) for line in lines)
    assert all(any(part in line for line in lines) for part in says), lines


def test_a_class_that_only_validation_would_see(written):
    table = written(FLOWERS, target="species")
    labels = _table.obtain(table).y_train
    last = max(np.flatnonzero(labels == label)[0] for label in range(3))
    most = len(labels) - last - 1
    assert _table.size(table, most).train == 120
    name = IRIS.target_names[labels[last]]
    with pytest.raises(InputError) as error:
        _table.size(table, most + 1)
    found = f"found the class '{name}' only among the {most + 1} samples held out"
    assert str(error.value).startswith(f"validation: {found}; allowed: fewer")


def test_rows_are_counted_whatever_a_parquet_file_calls_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": [1.0, np.nan, 3, 4], "y": list("uvuv")}, index=[3, 2, 1, 0])
    frame.to_parquet("t.parquet")
    with pytest.raises(InputError) as error:
        _table.size(Table(file="t.parquet", target="y", test=0.5))
    assert str(error.value) == "t.parquet, row 2, column a: found nan; allowed: a finite number"


@pytest.mark.parametrize("content", [b"PAR1", b"", b"PAR1" + bytes(99) + b"PAR1", b"a,\xe9\n1,2\n"])
@pytest.mark.parametrize("file", ["t.csv", "t.parquet"])
def test_a_file_that_cannot_be_read(tmp_path, monkeypatch, content, file):
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(InputError, match=rf"^{file}[,:] "):
        _table.size(Table(file=file, target="y"))
    with pytest.raises(InputError, match=r"no\.csv: cannot be read \(No such file"):
        _table.size(Table(file="no.csv", target="y"))


def test_the_name_of_the_dataset_can_be_part_of_a_path():
    assert Table(file="x/my data {1}.csv", target="y").name == "my_data__1_"


@pytest.mark.parametrize("file", ["http://127.0.0.1:9/t.csv", "file:///t.csv", "s3://b/t.parquet"])
def test_an_address_is_no_path(file):
    with pytest.raises(ValidationError, match="a path; download the file first"):
        Table(file=file, target="y")


def test_a_path_from_the_home_folder(written, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    written(FLOWERS)
    assert Table(file="~/t.csv", target="species").file == str(tmp_path / "t.csv")
