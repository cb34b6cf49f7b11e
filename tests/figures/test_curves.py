"""Figures of curves: each line is what the traces say."""

import made_up
import numpy as np
import pandas as pd
import pytest
from drawing import drawn_of, texts
from made_up import study
from matplotlib.collections import PolyCollection
from matplotlib.markers import CARETUP

from descent.figures._style import step_size_colours


def test_distances_end_before_the_last_iterate_which_they_are_to():
    traces = made_up.STUDIES["two optimizers"]
    drawn = drawn_of("distance", traces)
    for axes in drawn.axes:
        runs = [line for line in axes.get_lines() if not line.get_label().startswith("straight")]
        assert max(line.get_xdata().max() for line in runs) == traces["epoch"].max() - 0.5
    *_, share = drawn.axes  # of the way that is left
    np.testing.assert_allclose(share.get_lines()[0].get_ydata(), 1 - np.arange(8) / 8)


@pytest.mark.parametrize("seeds", [1, 3, 30])
def test_each_of_few_seeds_is_drawn_and_quantiles_of_more(seeds):
    traces = study({"gd": [0.1, 0.2]}, seeds=seeds)
    drawn = drawn_of("accuracy_by_epoch", traces)
    (axes,) = drawn.axes
    thin = [line for many in axes.collections for line in many.get_segments()]
    assert len(thin) == 2 * {1: 0, 3: 3, 30: 2}[seeds]
    words = {1: "one seed", 3: "each of 3 seeds", 30: "10-90 % of 30 seeds"}
    assert words[seeds] in drawn.get_suptitle()
    if seeds == 3:
        one = traces[(traces["step_size"] == 0.1) & (traces["seed"] == 0)]
        expected = np.column_stack([one["epoch"], 1 - one["test_accuracy"]])
        np.testing.assert_array_equal(thin[0], expected)


@pytest.mark.parametrize("figure", ["accuracy_by_epoch", "accuracy_by_step", "run"])
def test_accuracy_is_drawn_by_its_error_on_a_logarithmic_axis_that_rises(figure):
    traces = study({"gd": [0.1]}, seeds=1)
    axes = drawn_of(figure, traces).axes[0]
    (line,) = axes.get_lines()
    error = (1 - traces["test_accuracy"])[int(figure == "accuracy_by_step") :]
    np.testing.assert_array_equal(line.get_ydata(), error)
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low > high
    label = axes.yaxis.get_major_formatter()
    assert [label(error, 0) for error in (0.9, 0.07, 0.002)] == ["10 %", "93 %", "99.8 %"]


@pytest.mark.parametrize("figure", ["accuracy_by_epoch", "same_path"])
def test_perfect_accuracy_is_drawn_where_the_axis_says_so(figure):
    traces = study({"sgd": [0.1]})
    traces.loc[traces["step"] >= 6, "test_accuracy"] = 1.0
    axes = drawn_of(figure, traces).axes[1 if figure == "same_path" else 0]
    bottom, top = axes.get_ylim()
    (line,) = (
        line for line in axes.get_lines() if line.get_color() != "0.3" and len(line.get_xdata()) > 5
    )
    last = line.get_ydata()[-1]
    assert bottom > last > top > 0
    assert axes.yaxis.get_major_formatter()(last, 0) == "100 %"


def test_the_same_path_is_drawn_against_step_size_times_steps():
    traces = study({"sgd": [0.125, 0.5], "gd": [2]}, seeds=1)
    averages = traces[traces["optimizer"] == "sgd"].assign(optimizer="sgd_average")
    loss, accuracy = drawn_of("same_path", pd.concat([traces, averages])).axes
    step = np.arange(1, 9)
    for axes in (loss, accuracy):
        assert axes.get_xscale() == "log"
        times = [line.get_xdata() for line in axes.get_lines()]
        np.testing.assert_array_equal(times, [0.125 * step, 0.5 * step, 2 * step])


def test_the_objective_is_drawn_above_that_of_the_optimum_where_it_is_known():
    traces = study({"gd": [0.1]}, seeds=1)
    traces["excess"] = traces["objective"] - traces["objective"].min() / 2
    for figure in ("loss", "same_path"):
        axes = drawn_of(figure, traces).axes[0]
        np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), traces["excess"][1:])
        assert axes.get_yscale() == "log"


def marks(axes) -> list[tuple]:
    return [
        (line.get_marker(), *line.get_xydata()[-1])
        for line in axes.get_lines()
        if line.get_linestyle() != "None" and line.get_marker() in ("x", CARETUP)
    ]


def test_a_line_ends_where_its_median_is_not_finite():
    drawn = drawn_of("loss", study({"gd": [0.1, 100]}))
    assert [mark[:2] for mark in marks(drawn.axes[0])] == [("x", 3)]
    assert "not finite from here on" in texts(drawn)


def test_a_line_that_leaves_the_frame_is_marked_there():
    traces = study({"gd": [0.1, 100]}, diverges=np.inf)
    traces.loc[traces["step_size"] == 100, "optimum_distance_A"] = 9 * 10.0 ** traces["step"]
    traces.loc[traces["step_size"] == 100, "objective"] = 10.0 ** traces["step"]
    drawn = drawn_of("optimum_distance", traces)
    (axes,) = drawn.axes
    ((marker, x, y),) = marks(axes)
    assert marker == CARETUP
    assert y == axes.get_ylim()[1] < 20
    assert x == pytest.approx(np.log10(y / 9) / 2)  # two steps an epoch
    assert "leaves the frame" in texts(drawn)


def test_one_bad_seed_does_not_stretch_the_frame():
    traces = study({"gd": [0.1, 0.2]}, seeds=5)
    bad = (traces["seed"] == 0) & (traces["step"] > 3)
    for column in ("objective", "test_loss", "optimum_distance_A"):
        traces.loc[bad, column] = 1e30
    traces.loc[traces["seed"] == 0, "distance_A"] = 1e30  # its end is far off, from its start on
    for figure in ("loss", "distance", "optimum_distance"):
        assert max(axes.get_ylim()[1] for axes in drawn_of(figure, traces).axes) < 100


def test_the_run_is_the_best_of_the_first_optimizer():
    traces = study({"sgd": [0.01, 0.5, 0.1], "gd": [1]})
    assert "sgd at α = 0.5," in drawn_of("run", traces).get_suptitle()
    validated = traces.assign(validation_accuracy=1 - traces["test_accuracy"], validation_loss=1)
    assert "sgd at α = 0.01," in drawn_of("run", validated).get_suptitle()


@pytest.mark.parametrize("seeds", [1, 3, 30])
def test_predictions_are_black_lines_beside_the_coloured_means(seeds):
    traces = study({"gd": [0.1, 1, 5], "sgd": [0.1, 0.2]}, seeds)  # 5 is beyond its limit
    random = np.random.default_rng(1)
    traces["excess"] = traces["objective"] * random.lognormal(size=len(traces))  # mean > median
    known = made_up.known_of(traces)
    drawn = drawn_of("prediction", traces, known=known)
    colours = step_size_colours(traces["step_size"])
    means = traces.groupby(["optimizer", "step_size", "step"])["excess"].mean()
    for optimizer, axes in zip(["gd", "sgd"], drawn.axes, strict=True):
        assert axes.get_title() == optimizer
        lines = axes.get_lines()
        rows = known.expected[known.expected["optimizer"] == optimizer]
        of_runs = [run for _, run in rows.groupby("step_size")]
        expected = [line for line in lines if line.get_color() == "black"]
        for line, run in zip(expected, of_runs, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), run["step"] / 2)  # steps an epoch
            sums = run["from_start"] + run["from_noise"].fillna(0)
            np.testing.assert_array_equal(line.get_ydata(), sums)
        measured = {line.get_color(): line for line in lines if line not in expected}
        for step_size, run in means[optimizer].groupby("step_size"):
            np.testing.assert_allclose(measured.pop(colours[step_size]).get_ydata(), run)
        assert not measured
    words = {1: "one seed", 3: "mean and each of 3 seeds", 30: "mean and 10-90 % of 30 seeds"}
    assert words[seeds] in drawn.get_suptitle()


def test_curvature_is_drawn_of_full_batches_beside_two_over_the_step_size():
    drawn = drawn_of("curvature", study({"gd": [0.1, 0.5], "sgd": [0.1]}))
    above, below = drawn.axes
    middle = 3 + np.arange(9)  # of three seeds
    for step_size, colour in step_size_colours(pd.Series([0.1, 0.5])).items():
        (line,) = (line for line in above.get_lines() if line.get_color() == colour)
        np.testing.assert_array_equal(line.get_ydata(), middle)
        (line,) = (line for line in below.get_lines() if line.get_color() == colour)
        np.testing.assert_allclose(line.get_ydata(), middle * step_size / 2)
    bands = [c for c in above.collections if isinstance(c, PolyCollection)]
    assert len(bands) == 2
    for band in bands:
        heights = band.get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == pytest.approx((0.8 * 3, 1.2 * 11))


def test_curvature_is_not_drawn_of_averages():
    traces = study({"gd": [0.1], "gd_average": [0.1]}).assign(batch_size="full")
    measured = traces["step"].where(traces["optimizer"] == "gd")
    drawn = drawn_of("curvature", traces.assign(curvature=measured, curvature_error=0.1))
    assert [axes.get_title() for axes in drawn.axes] == ["gd", "gd"]  # λ_max, and in units of 2/α
