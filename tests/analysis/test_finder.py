"""The suggestions of a range test, for losses whose steepest descent and minimum are known."""

import numpy as np
import pytest

from descent.analysis.finder import suggestions

STEP_SIZES = np.geomspace(1e-5, 10, 601)


def test_the_steepest_fall_and_a_tenth_of_the_minimum_are_suggested():
    decades = np.log10(STEP_SIZES)
    loss = np.where(decades < 0, 1 / (1 + np.exp(4 * (decades + 2))), (decades + 0.1) ** 2)
    found = suggestions(STEP_SIZES, loss)
    assert found["steepest"] == pytest.approx(1e-2, rel=0.25)
    assert found["minimum / 10"] == pytest.approx(0.1, rel=0.6)


def test_losses_after_one_that_is_not_finite_do_not_count():
    loss = np.linspace(1, 0.5, 601)
    cut = loss.copy()
    cut[400:] = np.nan
    cut[500:] = -1e9
    assert suggestions(STEP_SIZES, cut) == suggestions(STEP_SIZES[:400], loss[:400])
    for nothing in (np.full(601, np.nan), np.linspace(1, 2, 601)):  # the loss never falls
        assert all(map(np.isnan, suggestions(STEP_SIZES, nothing).values()))
