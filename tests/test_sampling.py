"""What a seed determines: the initial parameters and the order of samples."""

import numpy as np
import pytest

from descent import sampling
from descent.models._layer import Layer
from descent.run import SHUFFLED, WITH_REPLACEMENT

LAYERS = {"A": Layer((100, 64), 64), "b": Layer((10,), 64)}


def test_initial_parameters_are_uniform_up_to_one_over_the_root_of_the_fan_in_or_zeros():
    parameters = sampling.initial(3, LAYERS, "uniform", "float32")
    for name, p in parameters.items():
        assert p.shape == LAYERS[name].shape
        assert p.dtype == np.float32
        assert 0.8 / 8 < np.abs(p).max() <= 1 / 8
    assert not any(p.any() for p in sampling.initial(3, LAYERS, "zeros", "float32").values())
    A = parameters["A"]
    assert A.min() < -0.99 / 8
    assert A.max() > 0.99 / 8
    assert abs(A.mean()) < 0.005


def test_the_seed_determines_the_initial_parameters_in_every_dtype():
    cases = [(1, "float32"), (1, "float64"), (2, "float32")]
    single, double, other = (
        sampling.initial(s, LAYERS, "uniform", dtype)["A"] for s, dtype in cases
    )
    np.testing.assert_allclose(single, double, rtol=1e-6)
    assert np.abs(single - other).max() > 0.1


@pytest.mark.parametrize("seed", [0, 5, 2**40])
def test_orders_are_the_documented_streams(seed):
    """They are keyed by seed, purpose and epoch, and stored results depend on them."""
    for epoch in (0, 1, 30):
        expected = np.random.default_rng([seed, 2, epoch]).permutation(1000)
        assert (sampling.order(seed, epoch, 1000, SHUFFLED) == expected).all()
        expected = np.random.default_rng([seed, 3, epoch]).integers(0, 1000, 1000)
        assert (sampling.order(seed, epoch, 1000, WITH_REPLACEMENT) == expected).all()
