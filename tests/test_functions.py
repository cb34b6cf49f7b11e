import numpy as np
import pytest
import torch
from differences import central_differences
from numpy.testing import assert_allclose

from descent import functions

SCALES = [0, 1, 30, 1000]  # of the scores


def scores(random, scale, shape=(7, 10)):
    return scale * random.uniform(-1, 1, shape)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("ours", "oracle"),
    [
        (functions.sigmoid, torch.sigmoid),
        (functions.softmax, lambda z: torch.softmax(z, -1)),
        (functions.log_softmax, lambda z: torch.log_softmax(z, -1)),
        (functions.relu, torch.relu),
    ],
)
def test_equals_torch(random, ours, oracle, scale):
    z = scores(random, scale)
    assert_allclose(ours(z), oracle(torch.from_numpy(z)), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("scale", SCALES)
def test_cross_entropy_equals_torch_and_the_one_hot_formula(random, scale):
    z, y = scores(random, scale), random.integers(10, size=7)
    oracle = torch.nn.functional.cross_entropy(
        torch.from_numpy(z), torch.from_numpy(y), reduction="none"
    )
    one_hot = -(functions.one_hot(y, 10) * functions.log_softmax(z)).sum(-1)
    assert_allclose(functions.cross_entropy(z, y), oracle, rtol=1e-13, atol=1e-13)
    assert_allclose(functions.cross_entropy(z, y), one_hot, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("scale", SCALES)
def test_squared_error_equals_torch(random, scale):
    z, y = scores(random, scale, (7, 1)), random.normal(size=7)
    oracle = torch.nn.functional.mse_loss(
        torch.from_numpy(z[:, 0]), torch.from_numpy(y), reduction="none"
    )
    assert_allclose(functions.squared_error(z, y), oracle / 2, rtol=1e-13)


def test_float32_stays_float32(random):
    z, y = scores(random, 1000).astype("float32"), random.integers(10, size=7)
    results = [functions.sigmoid(z), functions.softmax(z), functions.log_softmax(z)]
    results += [functions.cross_entropy(z, y), functions.cross_entropy_gradient(z, y)]
    for result in results:
        assert result.dtype == np.float32
        assert np.isfinite(result).all()


def test_softmax_does_not_change_when_a_number_is_added_to_all_scores(random):
    z = scores(random, 1)
    assert_allclose(functions.softmax(z + 1000), functions.softmax(z), rtol=1e-12)


def test_classes_may_be_on_any_axis(random):
    z, y = scores(random, 3, (4, 10, 7)), random.integers(10, size=(4, 7))
    last = np.moveaxis(z, 1, -1)
    for function in (functions.softmax, functions.log_softmax):
        assert_allclose(np.moveaxis(function(z, 1), 1, -1), function(last))
    assert_allclose(functions.cross_entropy(z, y, 1), functions.cross_entropy(last, y))


@pytest.mark.parametrize("scale", [0, 1, 5])
def test_derivatives_equal_central_differences(random, scale):
    z, g, y = scores(random, scale, (3, 4)), random.normal(size=(3, 4)), np.array([0, 3, 1])
    sigmoid_gradient = functions.sigmoid_gradient(functions.sigmoid(z), g)
    softmax_gradient = functions.softmax_gradient(functions.softmax(z), g)
    relu_gradient = functions.relu_gradient(functions.relu(z + 0.1), g)
    cases = [
        (relu_gradient, lambda z: (g * functions.relu(z + 0.1)).sum()),
        (sigmoid_gradient, lambda z: (g * functions.sigmoid(z)).sum()),
        (softmax_gradient, lambda z: (g * functions.softmax(z)).sum()),
        (functions.cross_entropy_gradient(z, y), lambda z: functions.cross_entropy(z, y).sum()),
        (
            functions.squared_error_gradient(z, g[:, 0]),
            lambda z: functions.squared_error(z, g[:, 0]).sum(),
        ),
    ]
    for gradient, f in cases:
        assert_allclose(gradient, central_differences(f, z), rtol=1e-6, atol=1e-9)
