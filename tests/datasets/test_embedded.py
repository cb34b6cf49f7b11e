"""Datasets that need no download."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.datasets import bowl, diabetes, digits


@pytest.mark.parametrize("dataset", [bowl, diabetes, digits])
def test_the_size_is_what_is_obtained(dataset):
    data, size = dataset.obtain(None, None), dataset.SIZE
    assert data.x_train.shape == (size.train, size.features)
    assert data.x_test.shape == (size.test, size.features)
    assert data.outputs == size.outputs
    assert (data.y_train.dtype.kind == "f") == (size.task == "regression")


def test_the_bowl_has_the_documented_curvatures_directions_and_minimiser():
    data = bowl.obtain(None, None)
    curvature = data.x_train.T @ data.x_train / 4
    values, directions = np.linalg.eigh(curvature)
    assert_allclose(values, [1 / 20, 1])
    assert_allclose(abs(directions[:, 0]), [np.cos(np.pi / 6), np.sin(np.pi / 6)])
    w, *_ = np.linalg.lstsq(data.x_train, data.y_train)
    assert_allclose(w, [1, 1])


def test_diabetes_is_standardised_by_its_training_samples():
    data = diabetes.obtain(None, None)
    for values in (data.x_train, data.y_train):
        assert_allclose(values.mean(0), 0, atol=1e-13)
        assert_allclose(values.std(0), 1)
    assert abs(data.x_test.mean()) > 1e-3
