"""What holds for every figure: it is drawn, of any study, as wide as a page."""

from itertools import pairwise

import made_up
import numpy as np
import pandas as pd
import pytest
from drawing import OF_TABLES, drawn_of, panels_of, texts

from descent.figures import FIGURES, caption
from descent.figures._style import save, step_size_colours
from descent.plugins import available

# figures that need classes, though a made-up study may have none
OF_CLASSES = {"heatmap", "sensitivity", "accuracy_by_epoch", "accuracy_by_step", "run"}


def test_every_file_is_in_the_table_with_a_caption():
    assert set(FIGURES) == set(available("figures"))
    assert all(caption(figure).endswith(".") for figure in FIGURES)


@pytest.mark.parametrize("figure", OF_TABLES)
@pytest.mark.parametrize("study", [name for name in made_up.STUDIES if name != "two optimizers"])
def test_draws_every_study(figure, study):
    traces = made_up.STUDIES[study]
    if figure == "batch_size" and traces["batch_size"].nunique() < 3:
        pytest.skip("needs several batch sizes")
    if figure == "curvature" and "full" not in set(traces["batch_size"]):
        pytest.skip("needs full batches")
    drawn = drawn_of(figure, traces, made_up.summary_of(study))
    if "validation" not in study:
        drawn.set_layout_engine("none")  # most of the time goes into the layout
    drawn.draw_without_rendering()
    assert drawn.axes


@pytest.mark.parametrize(
    ("figure", "ending", "magic"), [("loss", "pdf", b"%PDF"), ("heatmap", "png", b"\x89PNG")]
)
def test_the_same_tables_are_the_same_bytes(tmp_path, figure, ending, magic):
    name, files = "one run", [tmp_path / f"{i}.{ending}" for i in (1, 2)]
    for file in files:
        save(drawn_of(figure, made_up.STUDIES[name], made_up.summary_of(name)), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith(magic)


def test_a_regression_is_drawn_without_accuracy():
    traces = made_up.batch_sizes([0.1, 1, 100])
    traces = traces.drop(columns=["train_accuracy", "test_accuracy"])
    summary = made_up.summary(traces)
    for figure in set(OF_TABLES) - OF_CLASSES:
        drawn = drawn_of(figure, traces, summary)
        assert drawn.axes
        assert not any("accuracy" in text for text in texts(drawn)), figure


@pytest.mark.parametrize("figure", ["accuracy_by_epoch", "accuracy_by_step", "distance", "heatmap"])
def test_a_run_that_diverged_is_shown_as_such(figure):
    drawn = drawn_of(figure, made_up.STUDIES["two optimizers"])
    assert any("diverged" in text for text in texts(drawn))


@pytest.mark.parametrize("optimizers", [1, 9])
def test_no_figure_is_wider_than_a_page(optimizers):
    traces = made_up.study({f"optimizer_{i}": [0.1] for i in range(optimizers)}, seeds=1)
    summary = made_up.summary(traces)
    for figure in ("accuracy_by_epoch", "distance", "same_path", "run"):
        assert 7.5 <= drawn_of(figure, traces, summary).get_figwidth() <= 11


def test_many_step_sizes_fit_the_width_and_their_labels_do_not_overlap():
    traces = made_up.batch_sizes(list(np.geomspace(1e-4, 10, 60)), seeds=1)
    summary = made_up.summary(traces)
    for figure in ("heatmap", "batch_size", "final_by_step_size", "sensitivity"):
        drawn = drawn_of(figure, traces, summary)
        assert drawn.get_size_inches()[0] <= 8
        if figure in ("heatmap", "batch_size"):
            drawn.draw_without_rendering()
            boxes = [label.get_window_extent() for label in drawn.axes[0].get_xticklabels()]
            boxes.sort(key=lambda box: box.x0)
            assert len(boxes) > 2
            assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


@pytest.mark.parametrize("figure", ["loss", "same_path"])
@pytest.mark.parametrize("step_sizes", [6, 12])
def test_a_step_size_has_one_colour_and_there_is_a_bar_of_many(figure, step_sizes):
    grid = np.geomspace(0.01, 1, step_sizes)
    traces = made_up.study({"sgd": list(grid), "gd": list(grid[2:])})
    drawn = drawn_of(figure, traces)
    lines = [line for axes in panels_of(drawn) for line in axes.get_lines()]
    shown = {line.get_color() for line in lines}
    assert shown == set(step_size_colours(traces["step_size"]).values())
    titles = [legend.get_title().get_text() for legend in drawn.legends]
    many = step_sizes > 10
    assert ("step size α" in titles) != many
    assert (len(drawn.axes) > len(panels_of(drawn))) == many


def test_close_step_sizes_have_colours_that_can_be_told_apart():
    colours = step_size_colours(pd.Series([0.01, 1.9, 2, 2.05, 100]))
    light = [sum(colour[:3]) for colour in colours.values()]
    assert list(colours) == [0.01, 1.9, 2, 2.05, 100]
    assert light == sorted(light)
    assert min(np.diff(light)) > 0.05
