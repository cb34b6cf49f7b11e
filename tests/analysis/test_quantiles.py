"""Quantiles over seeds compared with NumPy's, and for seeds that are not finite."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from descent.analysis.quantiles import (
    FEW,
    jackknife,
    mean_and_error,
    over_seeds,
    quantile,
    range_text,
)


def test_finite_values_have_numpys_quantiles(random):
    for seeds in (1, 2, 5, 30):
        values = random.normal(size=(4, seeds))
        for q in (0, 0.1, 0.5, 1):
            expected = np.quantile(values, q, axis=-1)
            for metric in ("objective", "test_accuracy"):
                assert_allclose(quantile(values, q, metric), expected, rtol=1e-12)


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


@pytest.mark.parametrize("seeds", [1, FEW - 1, FEW])
def test_few_seeds_have_a_range_and_many_quantiles(random, seeds):
    rows = [(step, seed) for step in (0, 5) for seed in range(seeds)]
    table = pd.DataFrame(rows, columns=["step", "seed"])
    table["test_loss"] = random.normal(size=len(table))
    found = over_seeds(table, ["step"], "test_loss")
    values = table["test_loss"].to_numpy().reshape(2, seeds)
    low, high = (0, 1) if seeds < FEW else (0.1, 0.9)
    assert_allclose(found["low"], np.quantile(values, low, axis=1))
    assert_allclose(found["median"], np.median(values, axis=1))
    assert_allclose(found["high"], np.quantile(values, high, axis=1))
    words = {1: "one seed", 9: "range of 9", 10: "10-90 % of 10"}
    assert words[seeds] in range_text(seeds)


def test_the_jackknife_of_a_mean_is_its_standard_error(random):
    seeds = pd.DataFrame(random.normal(size=(1, 7)))
    _, error = mean_and_error(seeds.iloc[0])
    assert jackknife(lambda of: of.iloc[0].mean(), seeds) == pytest.approx(float(error))
    assert error == pytest.approx(2 * np.std(seeds.iloc[0], ddof=1) / np.sqrt(7))
    assert np.isnan(jackknife(lambda of: 1.0, seeds[[0]]))
    assert np.isnan(mean_and_error([1.0])[1])
