"""What a seed decides: initial parameters, and the order of samples."""

import numpy as np
import pytest

from descent import sampling
from descent.models._layer import Layer
from descent.run import SHUFFLED, WITH_REPLACEMENT

LAYERS = {"A": Layer((100, 64), 64), "b": Layer((10,), 64)}


def test_uniform_initial_parameters_fill_one_over_the_root_of_the_fan_in():
    parameters = sampling.initial(3, LAYERS, "uniform", "float32")
    for name, p in parameters.items():
        assert p.shape == LAYERS[name].shape
        assert p.dtype == np.float32
        assert 0.8 / 8 < np.abs(p).max() <= 1 / 8
    A = parameters["A"]
    assert A.min() < -0.99 / 8
    assert A.max() > 0.99 / 8
    assert abs(A.mean()) < 0.005


def test_the_seed_decides_the_initial_parameters_in_every_dtype():
    cases = [(1, "float32"), (1, "float64"), (2, "float32")]
    single, double, other = (
        sampling.initial(s, LAYERS, "uniform", dtype)["A"] for s, dtype in cases
    )
    np.testing.assert_allclose(single, double, rtol=1e-6)
    assert np.abs(single - other).max() > 0.1


def test_initial_parameters_may_be_zeros():
    parameters = sampling.initial(1, LAYERS, "zeros", "float64")
    assert not any(p.any() for p in parameters.values())


@pytest.mark.parametrize("seed", [0, 5, 2**40])
def test_orders_are_the_documented_streams(seed):
    """Stored results depend on them: seed, purpose and epoch."""
    for epoch in (0, 1, 30):
        shuffled, drawn = (
            sampling.order(seed, epoch, 1000, kind) for kind in (SHUFFLED, WITH_REPLACEMENT)
        )
        assert shuffled.dtype == drawn.dtype == np.int64
        expected = np.random.default_rng([seed, 2, epoch]).permutation(1000)
        assert shuffled.tolist() == expected.tolist()
        expected = np.random.default_rng([seed, 3, epoch]).integers(0, 1000, 1000)
        assert drawn.tolist() == expected.tolist()


def test_every_epoch_visits_every_sample_once_in_a_new_order():
    batches = list(sampling.batches([4, 5], 20, batch_size=6, epochs=2, sampling=SHUFFLED))
    assert [batch.shape for batch in batches] == [(2, 6), (2, 6), (2, 6), (2, 2)] * 2
    epochs = np.concatenate(batches, axis=1).reshape(2, 2, 20)
    assert (np.sort(epochs, axis=-1) == np.arange(20)).all()
    assert len({tuple(order) for seed in epochs for order in seed}) == 4


@pytest.mark.parametrize("kind", [SHUFFLED, WITH_REPLACEMENT])
def test_the_order_depends_on_seed_and_epoch_alone(kind):
    one, several = (
        np.concatenate(list(sampling.batches(seeds, 20, size, 2, kind)), axis=1)
        for seeds, size in [([5], 1), ([4, 5], 7)]
    )
    assert (one[0] == several[1]).all()
