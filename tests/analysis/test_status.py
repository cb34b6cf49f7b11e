"""The statuses of analysis/status.py, case by case."""

import numpy as np
import pytest

from descent.analysis.status import STATUSES, in_words, of_most, status

T = np.arange(101)
NOISE = np.random.default_rng(0).normal(size=101)
TOWARDS_1 = 1 + np.exp(-T / 10)


def ended(objective, rises=None, step=T, start=None, reference=1.0, optimum=False):
    start = objective[0] if start is None else start
    return status(step, np.asarray(objective, float), start, reference, optimum, rises)[0]


CASES = {
    "not finite once": (np.where(T == 50, np.nan, 2 - T / 100), {}, "diverged"),
    "infinite at the end": (np.where(T == 100, np.inf, 2.0), {}, "diverged"),
    "far above its start": (2 + T / 20, {}, "diverged"),
    "hardly above its start": (2 + T / 1e4, {}, "no gain"),
    "an edge up and down, each step seen": (
        *(1.5 + 0.1 * (T % 2), {"rises": (T + 1) // 2}),
        "oscillating",
    ),
    "the same, only every other step seen": (
        np.full(51, 1.5),
        {"step": T[::2], "rises": T[::2] // 2},
        "oscillating",
    ),
    "as often up and down, but a batch": (1.5 + 0.1 * (T % 2), {"start": 2.2}, "plateau"),
    "up and down by rounding, at the optimum": (
        1 + 1e-9 * (T % 2),
        {"rises": T, "start": 2.0, "optimum": True},
        "converged",
    ),
    "it rose in the first half only": (TOWARDS_1, {"rises": np.minimum(T, 50)}, "converged"),
    "a tenth of the steps rose": (1.5 + 0 * T, {"rises": T / 10, "start": 2.0}, "plateau"),
    "at the optimum, falling on": (1 + 0.9**T, {"optimum": True}, "converged"),
    "near the lowest of the study, falling on": (
        *(1.03 - T / 3e3, {"start": 2.0, "reference": 1.0}),
        "descending",
    ),
    "near the lowest of the study, at rest": (TOWARDS_1, {}, "converged"),
    "noise about the lowest": (TOWARDS_1 + 1e-3 * NOISE, {}, "converged"),
    "noise about a floor": (1.2 + TOWARDS_1 - 1 + 1e-2 * NOISE, {"start": 2.2}, "plateau"),
    "noise as large as its fall": (1.3 - T / 1e4 + 0.1 * NOISE, {"start": 2.0}, "plateau"),
    "a tiny step size": (2 - T / 1e5, {}, "barely moved"),
    "a tiny step size, batches": (2 - T / 1e4 + 1e-5 * NOISE - 1e-4, {"start": 2}, "barely moved"),
    "a tiny step size, after it rose": (2.1 - T / 1e5, {"start": 2.0}, "no gain"),
    "a straight line": (2 - T / 150, {}, "descending"),
    "slowly, but by a tenth of what is left": (
        *(1.02 + 0.03 * np.exp(-T / 60), {"start": 2.0}),
        "descending",
    ),
    "by less than a tenth of what is left": (1.04 - T / 1e4, {"start": 2.0}, "plateau"),
    "slowly, to the eye": (1.5 - T / 3e3, {"start": 2.0}, "descending"),
    "at rest half way": (np.full(101, 1.5), {"start": 2.0}, "plateau"),
    "never anywhere": (np.full(101, 2.0), {}, "no gain"),
    "rounding is no fall": (2 - 1e-9 * T, {}, "no gain"),
    "no run of the study came below its start": (np.full(101, 2.0), {"reference": 2.0}, "no gain"),
    "two evaluated steps": (np.array([2.0, 1.2]), {"step": np.array([0, 100])}, "descending"),
    "few evaluated steps of batches": (
        *(np.array([2.0, 1.25, 1.2]), {"step": np.array([0, 60, 100])}),
        "plateau",
    ),
    "few evaluated steps of a full batch": (
        np.array([2.0, 1.25, 1.2]),
        {"step": np.array([0, 60, 100]), "rises": np.zeros(3)},
        "descending",
    ),
    "one evaluated step, of averages": (
        *(np.array([1.5]), {"step": np.array([100]), "start": 2.0}),
        "plateau",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_status(case):
    objective, given, expected = CASES[case]
    assert ended(objective, **given) == expected


def test_every_status_has_a_case():
    assert {expected for *_, expected in CASES.values()} == set(STATUSES)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_how_often_the_run_is_evaluated_does_not_matter(share):
    """Of a cycle whose rises are counted as they happen."""
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
    ("statuses", "words"),
    [
        (["converged"], "converged"),
        (["barely moved"] * 5, "barely moved"),
        (["no gain", "oscillating", "no gain"], "no gain 2/3, oscillating 1/3"),
        (["plateau", "barely moved"], "barely moved 1/2, plateau 1/2"),  # the worse first
    ],
)
def test_in_words(statuses, words):
    assert in_words(statuses) == words
    assert of_most(words) == words.split(" 1/")[0].split(" 2/")[0]
