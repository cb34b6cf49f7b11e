import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from descent.seeds import FEW, over_seeds, quantile, range_text


@pytest.mark.parametrize("share", [0, 0.1, 0.25, 0.5, 0.9, 1])
@pytest.mark.parametrize("of", ["objective", "test_accuracy"])
@pytest.mark.parametrize("seeds", [1, 2, 3, 5, 30])
def test_finite_values_have_numpys_quantiles(random, share, of, seeds):
    values = random.normal(size=(4, seeds))
    assert_allclose(quantile(values, share, of), np.quantile(values, share, axis=-1), rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_seed_that_is_not_finite_is_the_worst(bad):
    values = [0.92, bad, 0.9, bad, bad]
    assert np.isnan(quantile(values, 0.5, "test_accuracy"))
    assert np.isnan(quantile(values, 0, "test_accuracy"))
    assert quantile(values, 1, "test_accuracy") == 0.92
    assert quantile(values, 0.5, "test_loss") == np.inf
    assert quantile(values, 0, "test_loss") == 0.9
    assert quantile(values, 0.25, "test_loss") == 0.92
    assert quantile(values, 0.3, "test_loss") == np.inf  # between a finite one and one that is not
    assert quantile([0.9, bad, 0.8], 0.5, "test_accuracy") == 0.8


def test_range_of_few_and_quantiles_of_many(random):
    for seeds in (1, FEW - 1, FEW, 30):
        rows = [(step, seed) for step in (0, 5) for seed in range(seeds)]
        table = pd.DataFrame(rows, columns=["step", "seed"])
        table["test_loss"] = random.normal(size=len(table))
        found = over_seeds(table, ["step"], "test_loss")
        values = table["test_loss"].to_numpy().reshape(2, seeds)
        low, high = (0, 1) if seeds < FEW else (0.1, 0.9)
        assert_allclose(found["low"], np.quantile(values, low, axis=1))
        assert_allclose(found["median"], np.median(values, axis=1))
        assert_allclose(found["high"], np.quantile(values, high, axis=1))
    assert range_text(1) == "one seed"
    assert "range of 9" in range_text(9)
    assert "10-90 % of 10" in range_text(10)
