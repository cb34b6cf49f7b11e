from dataclasses import fields

import numpy as np
import pytest

from descent import data
from descent.data import Data
from descent.errors import InputError


def test_comes_back(tmp_path, digits):
    data.save(digits, tmp_path / "digits.npz")
    loaded = data.load(tmp_path / "digits.npz")
    for field in fields(Data):
        assert np.array_equal(getattr(loaded, field.name), getattr(digits, field.name))
    assert loaded.x_train.dtype == np.uint8


def test_digits(digits):
    from sklearn.datasets import load_digits

    from descent.datasets.digits import SIZE

    assert digits.x_train.shape == (SIZE.train, SIZE.features) == (1500, 64)
    assert digits.x_test.shape == (SIZE.test, SIZE.features) == (297, 64)
    assert digits.outputs == SIZE.outputs
    x, y = load_digits(return_X_y=True)
    assert (np.r_[digits.x_train, digits.x_test] == x).all()
    assert (np.r_[digits.y_train, digits.y_test] == y).all()
    inputs = digits.inputs(digits.x_train, "float32")
    assert inputs.dtype == np.float32
    assert (inputs.min(), inputs.max()) == (0, 1)


def test_arrays_that_do_not_fit_together(tmp_path, digits):
    path = tmp_path / "digits.npz"
    data.save(Data(digits.x_train, digits.y_test, digits.x_test, digits.y_test, 16), path)
    with pytest.raises(InputError, match=r"x_train \(1500, 64\) and y_train \(297,\) do not fit"):
        data.load(path)
