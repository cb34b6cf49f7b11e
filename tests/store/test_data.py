"""Data are read as they were stored, and invalid data are refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from descent.errors import InputError
from descent.store import data
from descent.store.data import Data


def test_data_are_read_as_they_were_stored(tmp_path, digits):
    data.save(digits, tmp_path / "digits.npz")
    loaded, _ = data.load(tmp_path / "digits.npz")
    for field in fields(Data):
        assert np.array_equal(getattr(loaded, field.name), getattr(digits, field.name))
    assert loaded.x_train.dtype == np.uint8


def test_digits_are_those_of_scikit_learn(digits):
    x, y = load_digits(return_X_y=True)
    assert (np.r_[digits.x_train, digits.x_test] == x).all()
    assert (np.r_[digits.y_train, digits.y_test] == y).all()
    inputs = digits.inputs(digits.x_train, "float32")
    assert inputs.dtype == np.float32
    assert (inputs.min(), inputs.max()) == (0, 1)


@pytest.mark.parametrize(
    ("labels", "classes", "validation", "lost"),
    [
        ([0, 1, 2, 1], [], 2, 2),
        ([0, 2, 1, 2], [], 2, 1),  # not the largest label
        ([0, 1, 2, 1], ["a", "b", "c"], 3, "b"),
    ],
)
def test_a_class_of_validation_samples_alone_is_named(labels, classes, validation, lost):
    made = replace(FEW, y_train=np.array(labels), classes=np.array(classes, np.str_))
    found = f"found the class {lost!r} only among the {validation} samples held out"
    with pytest.raises(InputError, match=f"^validation: {found}; allowed: fewer"):
        made.without_validation(validation)


FEW = Data(
    x_train=np.arange(12.0).reshape(4, 3),
    y_train=np.array([0, 1, 2, 1]),
    x_test=np.arange(6.0).reshape(2, 3),
    y_test=np.array([2, 0]),
    scale=1,
)
HOLED = FEW.x_train.copy()
HOLED[2, 1] = np.nan


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"y_train": np.array([0, 1])}, "x_train (4, 3) and y_train (2,) do not fit"),
        ({"x_train": np.ones((4, 0))}, "x_train (4, 0) is empty"),
        ({"x_test": np.ones((2, 4))}, "x_test has 4 features; allowed: 3, as x_train has"),
        ({"x_train": HOLED}, "x_train[2, 1] is nan; allowed: finite numbers"),
        ({"x_train": np.full((4, 3), "a")}, "x_train holds <U1; allowed: an array of numbers"),
        ({"y_train": np.array([-1, 1, 1, -1])}, "y_train[0] is -1; allowed: labels 0 … 1"),
        ({"y_train": np.array([1, 2, 3, 1])}, "y_train[0] is 1; allowed: labels 0 … 2"),
        ({"y_test": np.array([1, 3])}, "y_test[1] is 3; allowed: labels 0 … 2"),
        ({"y_test": np.ones(2)}, "y_test holds float64; allowed: integers, as y_train does"),
        ({"scale": 0}, "scale is 0; allowed: a number > 0"),
    ],
)
def test_invalid_data_are_refused_when_they_are_made_and_when_they_are_read(tmp_path, wrong, says):
    made, path = replace(FEW, **wrong), tmp_path / "made.npz"
    with pytest.raises(InputError) as error:
        data.check(made, "made")
    assert str(error.value).startswith(f"made: {says}")
    data.save(made, path)
    with pytest.raises(InputError) as error:
        data.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "Delete it" in str(error.value)
