"""Grids of step sizes, by formula and by their properties."""

import math
from itertools import pairwise

import pytest

from pipeline.lists import MAX_PER_DECADE, grid


@pytest.mark.parametrize(
    ("first", "last", "per_decade", "values"),
    [
        (1, 10, 4, [1, 1.78, 3.16, 5.62, 10]),
        (0.001, 0.01, 4, [0.001, 0.00178, 0.00316, 0.00562, 0.01]),
        (1, 1000, 1, [1, 10, 100, 1000]),
        (2, 30, 2, [2, 6.32, 20, 30]),  # last is no whole number of steps from first
        (1, 1.5, 4, [1, 1.5]),
        (1.2345, 123.45, 1, [1.2345, 12.3, 123.45]),  # ends are not rounded
        (1, 1.78, 4, [1, 1.78]),  # 1.77828 is the end
        (1, 1.779, 4, [1, 1.779]),
        (1, 1.7801, 4, [1, 1.78, 1.7801]),
        (1e-100, 1e-98, 1, [1e-100, 1e-99, 1e-98]),
        (9e97, 9.5e99, 1, [9e97, 9e98, 9e99, 9.5e99]),
    ],
)
def test_values(first, last, per_decade, values):
    assert grid(first, last, per_decade) == values


@pytest.mark.parametrize("per_decade", [1, 2, 3, 4, 5, 7, 12, 24, 100])
@pytest.mark.parametrize(
    ("first", "last"), [(0.001, 100), (0.003, 0.4), (1.2345, 678.9), (1e-100, 1e-95), (0.7, 0.71)]
)
def test_values_are_those_of_the_formula_and_a_finer_grid_has_them_all(first, last, per_decade):
    values = grid(first, last, per_decade)
    assert (values[0], values[-1]) == (first, last)
    assert all(a < b for a, b in pairwise(values))
    formula = [first * 10 ** (k / per_decade) for k in range(1, len(values) - 1)]
    assert values[1:-1] == [float(f"{x:.3g}") for x in formula]
    steps = math.log10(last / first) * per_decade
    assert len(values) in (math.floor(steps + 1e-6) + 1, math.ceil(steps - 1e-6) + 1)
    assert set(values) <= set(grid(first, last, 2 * per_decade))


def test_a_fine_grid_where_three_digits_tell_its_values_apart():
    assert len(grid(5, 10, MAX_PER_DECADE)) == 302


def test_a_long_grid_has_a_decade_after_the_other():
    values = grid(1e-100, 1e99, 4)
    assert len(values) == 199 * 4 + 1
    assert [f"{x:.0e}" for x in values[::4]] == [f"1e{n:+03}" for n in range(-100, 100)]


@pytest.mark.parametrize(
    ("first", "last", "per_decade", "says"),
    [
        (1, 10, MAX_PER_DECADE, "1 and 1.00231 are both 1.0"),
        (1.002, 10, MAX_PER_DECADE, "1.002 and 1.00431 are both 1.0"),
        (4, 5, MAX_PER_DECADE, "4.05565 and 4.06499 are both 4.06"),
        (1, 1.01, 500, "1 and 1.00462 are both 1.0"),
    ],
)
def test_values_that_round_to_one_are_refused(first, last, per_decade, says):
    with pytest.raises(ValueError, match=f"^fewer, since to three digits {says}$"):
        grid(first, last, per_decade)
