"""Which steps are shown, of runs at random."""

from itertools import pairwise

import numpy as np
import pytest

from descent.explorer.thinned import MOST, kept

SEEDS = range(40)


def run(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps, some evenly spaced and some not, and an objective that wanders over decades."""
    random = np.random.default_rng(seed)
    number = int(random.integers(MOST + 1, 4000))
    gaps = random.geometric(0.1, number) if seed % 2 else np.full(number, 1 + seed)
    objective = np.exp(np.cumsum(random.normal(scale=0.3, size=number)))
    return np.r_[0, np.cumsum(gaps)], np.r_[1, objective]


def left_finite(seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """With values at random places from one on that are not finite, the first of them there."""
    random = np.random.default_rng(seed)
    step, objective = run(seed)
    first = int(random.integers(1, len(step)))
    some = random.random(len(step)) < random.random()
    some[first], some[:first] = True, False
    objective[some] = random.choice([np.nan, np.inf, -np.inf], some.sum())
    return step, objective, first


def test_places_are_in_order_from_the_first_to_the_last():
    for seed in SEEDS:
        for step, objective in (run(seed), left_finite(seed)[:2]):
            shown = kept(step, objective)
            assert (shown[0], shown[-1]) == (0, len(step) - 1)
            assert (np.diff(shown) > 0).all()
            assert np.issubdtype(shown.dtype, np.integer)
            assert MOST / 2 < len(shown) <= MOST + 1


@pytest.mark.parametrize("number", [1, 2, 3, MOST - 1, MOST])
def test_few_are_all_shown(number):
    step = 7 * np.arange(number)
    assert kept(step, np.cos(step)).tolist() == list(range(number))


def test_the_least_and_the_largest_objective_are_shown():
    for seed in SEEDS:
        step, objective = run(seed)
        assert {objective.argmin(), objective.argmax()} <= set(kept(step, objective))
        step, objective, first = left_finite(seed)
        finite = np.where(np.isfinite(objective), objective, np.inf)
        assert {first, finite.argmin()} <= set(kept(step, objective))


@pytest.mark.parametrize("number", [MOST + 1, 150, 999, 5000])
def test_a_cycle_of_two_is_seen_everywhere(number):
    step = np.arange(number)
    shown = kept(step, np.where(step % 2, 1.0, 2.0))
    last = step[-1]
    equal, logarithmic = np.linspace(0, last, MOST // 4 + 1), np.geomspace(1, last, MOST // 4)
    for bounds in (equal, logarithmic):
        for low, high in pairwise(bounds):
            if ((low <= step) & (step < high)).sum() > 1:
                of_part = shown[(low <= shown) & (shown < high)]
                assert set(of_part % 2) == {0, 1}, (low, high)


def test_the_beginning_is_seen_closely():
    """Of a long run as well: half the steps are spaced as on a logarithmic axis."""
    step = np.arange(100_000)
    shown = kept(step, 1 / (1 + step))
    for decade in (1, 10, 100, 1000, 10_000):
        assert ((decade <= shown) & (shown < 10 * decade)).sum() >= 5
