"""Which evaluated steps are shown, and that cycles stay cycles."""

from itertools import pairwise

import numpy as np
import pytest

from descent.explorer.downsampled import LAST, MOST, downsampled

MANY = [MOST + 1, MOST + 2, 150, 1001, 4000, 100_000]


@pytest.mark.parametrize("steps", [1, 2, MOST - 1, MOST])
def test_few_are_all_shown(steps):
    assert downsampled(steps).tolist() == list(range(steps))


@pytest.mark.parametrize("steps", MANY)
def test_many_are_in_order_from_the_first_to_the_last_twenty(steps):
    shown = downsampled(steps)
    assert (np.diff(shown) > 0).all()
    assert shown[0] == 0
    assert shown[-LAST:].tolist() == list(range(steps - LAST, steps))
    assert len(shown) <= MOST


@pytest.mark.parametrize("steps", MANY)
@pytest.mark.parametrize("period", [2, 4])
def test_a_cycle_is_whole_in_every_window_and_a_line_between_joins_equal_phases(steps, period):
    shown = downsampled(steps)
    windows = np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1)
    for window in windows:
        assert len(set(window % period)) == period
    for before, after in pairwise(windows):
        assert before[-1] % period == after[0] % period


def test_the_beginning_of_a_long_run_is_seen_closely():
    shown = downsampled(100_000)
    for decade in (1, 10, 100, 1000, 10_000):
        assert ((decade <= shown) & (shown < 10 * decade)).sum() >= 4
