"""Figures with the step size on their axis: how runs ended, and the limits that theory knows."""

import made_up
import numpy as np
import pandas as pd
import pytest
from drawing import drawn_of, texts
from made_up import STUDIES, study

from descent.figures._style import OPTIMIZER_COLOURS
from descent.figures.batch_size import samples
from descent.figures.sensitivity import decades, good_step_sizes


def test_the_heatmap_shows_the_accuracies_of_the_summary():
    summary = made_up.summary_of("two optimizers")
    shown = texts(drawn_of("heatmap", STUDIES["two optimizers"], summary))
    for accuracy in summary["final_test_accuracy_median"]:
        assert any(text.startswith(f"{100 * accuracy:.1f}") for text in shown)


def outlined(drawn) -> list[float]:
    """The middles, as step sizes, of the cells that the heatmap outlines."""
    ours = [c for c in drawn.axes[0].collections if c.get_gid() == "best"]
    paths = [path.vertices[:4] for cells in ours for path in cells.get_paths()]
    return [10 ** ((corners[0, 0] + corners[1, 0]) / 2) for corners in paths]


@pytest.mark.parametrize("by", ["test", "validation"])
def test_the_best_of_each_row_is_outlined(by):
    traces = made_up.batch_sizes([0.01, 0.1, 1, 100])
    traces = made_up.validated(traces) if by == "validation" else traces
    drawn = drawn_of("heatmap", traces, summary := made_up.summary(traces))
    best = summary.groupby("optimizer", sort=False)[f"final_{by}_accuracy_median"].idxmax()
    middles, expected = outlined(drawn), summary.loc[best, "step_size"]
    for middle, step_size in zip(middles, expected, strict=True):
        assert abs(np.log10(middle / step_size)) < 0.26  # of its cell, half a decade wide at most
    assert any(f"best by {by} accuracy" in text for text in texts(drawn))
    assert (set(expected) == {0.01}) == (by == "validation")


def dots(axes) -> list[float]:
    """Marks of seeds within a panel."""
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "None"]
    return sorted(y for line in lines if line.get_gid() is None for y in line.get_ydata())


def test_every_seed_is_a_dot():
    traces = STUDIES["two optimizers"]
    drawn = drawn_of("final_by_step_size", traces)
    final = traces[traces["step"] == traces["step"].max()]
    errors = (1 - final["test_accuracy"]).round(12)
    assert (errors == 0).any()  # at the lower edge, whose tick says 0
    edge = drawn.axes[0].get_ylim()[0]
    np.testing.assert_allclose(dots(drawn.axes[0]), sorted(errors.clip(lower=edge)))
    assert drawn.axes[0].yaxis.get_major_formatter()(edge, 0) == "0"


@pytest.mark.parametrize("seeds", [3, 30])
def test_few_seeds_have_a_bar_over_their_range_and_many_over_quantiles(seeds):
    traces = study({"sgd": [0.01]}, seeds)
    drawn = drawn_of("final_by_step_size", traces)
    (bar,) = drawn.axes[0].collections[0].get_segments()
    errors = 1 - traces[traces["step"] == 8]["test_accuracy"]
    ends = [errors.min(), errors.max()] if seeds == 3 else errors.quantile([0.1, 0.9])
    np.testing.assert_allclose(bar[:, 1], ends)
    assert any(("range of 3" if seeds == 3 else "10-90 % of 30") in text for text in texts(drawn))


def test_marks_off_the_scale_say_why():
    traces = STUDIES["two optimizers"].copy()
    far = (traces["optimizer"] == "sgd") & (traces["step_size"] == 1) & (traces["seed"] == 1)
    traces.loc[far & (traces["step"] == 8), "test_loss"] = 1000
    drawn = drawn_of("final_by_step_size", traces)
    off = [line for line in drawn.axes[1].get_lines() if line.get_gid() == "off"]
    marks = {line.get_fillstyle(): list(line.get_xdata()) for line in off}
    assert marks == {"none": [100], "bottom": [1]}
    words = {"diverged", "beyond the axis"}
    assert words <= set(texts(drawn))
    assert not words & set(texts(drawn_of("final_by_step_size", STUDIES["one run"])))


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ([0.1, 0.3, 0.2], "best at α = 0.01 (grid ends)"),
        ([0.3, 0.1, 0.2], "best at α = 0.1"),
        ([0.3, 0.2, 0.1], "best at α = 1 (grid ends)"),
        ([0.1], "best at α = 0.01"),
    ],
)
def test_the_best_step_size_is_named_and_whether_the_grid_ends_there(errors, says):
    step_sizes = [0.01, 0.1, 1][: len(errors)]
    traces = study({"gd": step_sizes, "sgd": [0.001, 10]}, seeds=1)
    errors = traces["step_size"].map(dict(zip(step_sizes, errors, strict=True)))
    drawn = drawn_of("final_by_step_size", traces.assign(test_accuracy=1 - errors.fillna(0.5)))
    assert f"gd, {says}" in texts(drawn)
    assert "best by test accuracy" in texts(drawn)


def upright(axes) -> dict[tuple, float]:
    """Where the vertical lines of a panel stand, by colour and style."""
    lines = [line for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    lines = [line for line in lines if list(line.get_ydata()) == [0, 1]]
    return {(line.get_color(), line.get_linestyle()): line.get_xdata()[0] for line in lines}


def test_limit_lines_stand_at_the_limits_that_theory_knows():
    traces = made_up.batch_sizes([0.01, 0.1, 1, 3])  # gd, sgd, mini
    of_gd, of_sgd, of_mini = OPTIMIZER_COLOURS[:3]
    limits = {(of_gd, "--"): 2.0, (of_gd, "-."): 0.5, (of_sgd, "--"): 0.3, (of_mini, "--"): 1.2}
    drawn = drawn_of("final_by_step_size", traces)
    assert [upright(axes) for axes in drawn.axes] == [limits, limits]
    assert {"limit near the minimiser", "limit from anywhere"} <= set(texts(drawn))
    off_the_axis = {"gd_local": 1e9, "gd_global": 0.5, "sgd": {"1": 1e-9, "32": 1e9}}
    known = made_up.known_of(traces, off_the_axis)
    drawn = drawn_of("final_by_step_size", traces, known=known)
    assert upright(drawn.axes[1]) == {(of_gd, "-."): 0.5}
    assert "limit near the minimiser" not in texts(drawn)
    drawn = drawn_of("final_by_step_size", traces, known=made_up.NOTHING)
    assert upright(drawn.axes[1]) == {}
    assert not any("limit" in text for text in texts(drawn))


def rings(axes) -> list[tuple]:
    rings = [line for line in axes.get_lines() if line.get_gid() == "ring"]
    return [tuple(p) for line in rings for p in line.get_xydata()]


def test_a_ring_is_around_the_median_of_a_run_of_which_most_seeds_oscillate():
    traces = study({"gd": [0.1, 1, 2], "sgd": [0.5]})
    of_seeds = {0.1: [0, 0, 0], 1: [0, 1, 0], 2: [1, 1, 0]}  # which of them oscillate
    for step_size, oscillate in of_seeds.items():
        for seed, does in enumerate(oscillate):
            run = (traces["step_size"] == step_size) & (traces["seed"] == seed)
            traces.loc[run, "rises"] = does * traces["step"]
    drawn = drawn_of("final_by_step_size", traces)
    final = traces[(traces["step_size"] == 2) & (traces["step"] == 8)]
    assert rings(drawn.axes[1]) == [(2, final["test_loss"].median())]
    assert "oscillating" in texts(drawn)
    drawn = drawn_of("final_by_step_size", traces[traces["step_size"] < 2])
    assert rings(drawn.axes[1]) == []
    assert "oscillating" not in texts(drawn)


def test_the_floor_is_drawn_as_the_tables_say():
    step_sizes = [0.05, 0.1, 0.2, 1]
    traces = made_up.batch_sizes(step_sizes)
    traces["excess"] = traces["objective"]
    (axes,) = drawn_of("floor", traces).axes
    measured = {bars[0].get_color(): bars for bars in axes.containers}
    late = traces[traces["step"] > 6].groupby(["optimizer", "step_size", "seed"])["excess"].mean()
    of_noise = {"sgd": (1, 0.3), "mini": (32, 1.2)}  # gd has none
    for (optimizer, (batch_size, limit)), colour in zip(
        of_noise.items(), OPTIMIZER_COLOURS, strict=False
    ):
        marks, _, (bars,) = measured.pop(colour)
        seeds = late[optimizer].unstack()
        np.testing.assert_array_equal(marks.get_xdata(), step_sizes)
        np.testing.assert_allclose(marks.get_ydata().astype(float), seeds.mean(axis=1))
        lengths = [np.ptp(ends[:, 1]) for ends in bars.get_segments()]
        np.testing.assert_allclose(lengths, 4 * seeds.std(axis=1) / np.sqrt(3))

        below = np.array([step_size for step_size in step_sizes if step_size < limit])
        added = 1.075 * below  # in the steps 7 and 8, as known_of has it
        left = (np.exp(-7 * below) + np.exp(-8 * below)) / 2
        expected = {"-": added, "--": added + left, ":": below * 3 / (4 * batch_size)}
        lines = [line for line in axes.get_lines() if line.get_color() == colour]
        drawn = {line.get_linestyle(): line for line in lines if line.get_linestyle() != "None"}
        assert drawn.keys() == expected.keys()
        for style, values in expected.items():
            np.testing.assert_array_equal(drawn[style].get_xdata(), below)
            np.testing.assert_allclose(drawn[style].get_ydata(), values)
        (mark,) = (line for line in lines if line.get_marker() == "v")
        assert mark.get_xdata() == limit
    assert not measured


def test_batch_sizes_are_sorted_and_full_is_the_training_samples():
    traces = made_up.batch_sizes([0.01, 0.1, 1, 100])
    summary = made_up.summary(traces)
    numbers = dict(zip(summary["optimizer"], samples(traces), strict=True))
    assert numbers == {"gd": 70, "sgd": 1, "mini": 32}
    drawn = drawn_of("batch_size", traces, summary)
    for axes in drawn.axes[:2]:
        np.testing.assert_allclose(axes.get_yticks(), np.log10([1, 32, 70]))
    labels = [text.get_text() for text in drawn.axes[0].get_yticklabels()]
    assert labels == ["1", "32", "full"]


@pytest.mark.parametrize(
    ("medians", "good", "beyond", "says"),
    [
        ([0.87, 0.885, 0.9, np.nan], (1, 10), (0.1, 100), "1.0 to 3.0 decades"),
        ([0.9, 0.5, 0.895, 0.89], (0.1, 0.1), (None, 1), "not resolved"),  # a gap ends the range
        ([0.89, 0.5, 0.895, 0.9], (10, 100), (1, None), "1.0 decades or more"),
        ([0.5, 0.9, 0.6, 0.9], (1, 1), (0.1, 10), "under 2.0 decades"),
    ],
)
def test_good_step_sizes_are_those_around_the_best_that_come_near_it(medians, good, beyond, says):
    step_sizes = [0.1, 1, 10, 100]
    runs = pd.DataFrame({"step_size": step_sizes, "final_test_accuracy_median": medians})
    assert good_step_sizes(runs) == (good, beyond)
    assert decades(*good, *beyond) == says
