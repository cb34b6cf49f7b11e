"""Which evaluated steps the page shows, and that cycles remain visible."""

from itertools import pairwise

import numpy as np
import pytest

from descent.explorer.downsampled import LAST, MOST, downsampled


@pytest.mark.parametrize("steps", [1, MOST])
def test_few_steps_are_all_shown(steps):
    assert downsampled(steps).tolist() == list(range(steps))


@pytest.mark.parametrize("steps", [MOST + 1, MOST + 2, 150, 1001, 4000, 100_000])
def test_many_steps_are_thinned_out_to_windows_with_whole_cycles_that_begin_in_phase(steps):
    shown = downsampled(steps)
    assert (np.diff(shown) > 0).all()
    assert shown[0] == 0
    assert shown[-LAST:].tolist() == list(range(steps - LAST, steps))
    assert len(shown) <= MOST
    windows = np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1)
    for period in (2, 4):
        assert all(len(set(window % period)) == period for window in windows)
        for before, after in pairwise(windows):
            assert before[-1] % period == after[0] % period


def test_the_beginning_of_a_long_run_is_shown_in_detail():
    shown = downsampled(100_000)
    for decade in (1, 10, 100, 1000, 10_000):
        assert ((decade <= shown) & (shown < 10 * decade)).sum() >= 4
