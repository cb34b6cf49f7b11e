"""The statuses of analysis/status.py, case by case."""

import numpy as np
import pytest

from descent.analysis.status import describe_statuses, majority_status, status

T = np.arange(101)
NOISE = np.random.default_rng(0).normal(size=101)
TOWARDS_1 = 1 + np.exp(-T / 10)


def ended(objective, rises=None, step=T, start=None, reference=1.0, has_minimiser=False):
    start = objective[0] if start is None else start
    return status(step, np.asarray(objective, float), start, reference, has_minimiser, rises)[0]


KNOWN, FEW = {"has_minimiser": True}, {"step": np.array([0, 60, 100])}
RISING = KNOWN | {"rises": T, "start": 2.0}
CASES = {
    "not finite once": (np.where(T == 50, np.nan, 2 - T / 100), {}, "diverged"),
    "far above the start": (2 + T / 2, {}, "diverged"),
    "a noise floor above the start": (2.5 + 0.1 * NOISE, {"start": 2.0}, "plateau"),
    "an edge up and down": (1.5 + 0.1 * (T % 2), {"rises": (T + 1) // 2}, "oscillating"),
    "as often up and down with batches": (1.5 + 0.1 * (T % 2), {"start": 2.2}, "plateau"),
    "up and down by rounding, at w*": (1 + 1e-9 * (T % 2), RISING, "converged"),
    "up and down towards w*": (1 + 0.8**T * (1 + 0.5 * (-1) ** T), RISING, "converged"),
    "a cycle about w*": (1.1 + 0.05 * (T % 2), KNOWN | {"rises": T // 2}, "oscillating"),
    "it rose in the first half only": (TOWARDS_1, {"rises": np.minimum(T, 50)}, "descending"),
    "a tenth of the steps rose": (1.5 + 0 * T, {"rises": T / 10, "start": 2.0}, "plateau"),
    "at w*, falling on": (1 + 0.9**T, KNOWN, "converged"),
    "the same, with w* unknown": (1 + 0.9**T, {}, "descending"),
    "noise about w*": (TOWARDS_1 + 1e-3 * NOISE, KNOWN, "converged"),
    "noise about a floor": (1.2 + TOWARDS_1 - 1 + 1e-2 * NOISE, KNOWN | {"start": 2.2}, "plateau"),
    "a tiny step size": (2 - T / 1e5, {}, "descending"),
    "a tiny step size, batches": (2 - T / 1e4 + 1e-5 * NOISE - 1e-4, {"start": 2}, "descending"),
    "above its start, and falling": (5 - T / 100, {"start": 2.0}, "plateau"),
    "at rest half way": (np.full(101, 1.5), {"start": 2.0}, "plateau"),
    "rounding is no fall": (2 - 1e-9 * T, {}, "plateau"),
    "no run came below its start": (np.full(101, 2.0), {"reference": 2.0}, "plateau"),
    "few evaluated steps of batches": (np.array([2, 1.25, 1.2]), FEW, "plateau"),
    "of a full batch": (np.array([2, 1.25, 1.2]), FEW | {"rises": np.zeros(3)}, "descending"),
    "one, of averages": (np.array([1.5]), {"step": np.array([100]), "start": 2.0}, "plateau"),
}


@pytest.mark.parametrize("case", CASES)
def test_status(case):
    objective, given, expected = CASES[case]
    assert ended(objective, **given) == expected


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_how_often_the_run_is_evaluated_does_not_matter(share):
    """For a cycle whose rises are counted at every step."""
    cycle = 1.5 + 0.1 * (np.cumsum(NOISE > 0) % 2)
    rises = np.floor(share * T)
    for every in (1, 2, 4, 5, 6, 10, 25, 50):
        given = {"step": T[::every], "rises": rises[::every], "start": 2.2, "reference": 0.0}
        assert (ended(cycle[::every], **given) == "oscillating") == (share > 0.1), every


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_do_not_matter(scale):
    for objective, given, expected in CASES.values():
        given = {"start": np.asarray(objective)[0], "reference": 1.0} | given
        given |= {name: scale * given[name] for name in ("start", "reference")}
        assert ended(scale * np.asarray(objective), **given) == expected


def test_gap_is_1_at_the_start_and_0_at_the_reference():
    for value, gap in ((2.0, 1), (1.5, 0.5), (1.0, 0), (3.0, 2)):
        objective = np.r_[2.0, np.full(100, value)]
        assert status(T, objective, 2.0, 1.0)[1] == pytest.approx(gap)


@pytest.mark.parametrize(
    ("statuses", "description", "majority"),
    [
        (["converged"], "converged", "converged"),
        (["plateau"] * 5, "plateau", "plateau"),
        (["plateau", "oscillating", "plateau"], "plateau 2/3, oscillating 1/3", "plateau"),
        (["plateau", "diverged"], "diverged 1/2, plateau 1/2", "mixed"),  # the worse first
    ],
)
def test_seeds_are_described_and_a_majority_is_more_than_half(statuses, description, majority):
    assert describe_statuses(statuses) == description
    assert majority_status(description) == majority
