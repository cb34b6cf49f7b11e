import re
from dataclasses import asdict, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.markers import CARETUP

from descent.ability import given
from descent.figures._cells import cells
from descent.figures._error import nice
from descent.figures._style import OPTIMIZER_COLOURS, save, step_size_colours
from descent.plugins import available, plugin
from descent.summary import summarise
from descent.theory.known import EXPECTED, Known
from descent.theory.numbers import floors

FIGURES = available("figures")
OF_TABLES = [f for f in FIGURES if not given("figures", f).READS_ITERATES]


NAMED = {"study": "made_up", "dataset": "d", "model": "m", "engine": "e"}


def study(
    optimizers: dict[str, list[float]], seeds: int = 3, diverges: float = 100
) -> pd.DataFrame:
    """Traces of a made-up study; step sizes from `diverges` on end in nan."""
    random = np.random.default_rng(0)
    runs = []
    for optimizer, step_sizes in optimizers.items():
        for step_size in step_sizes:
            for seed in range(seeds):
                step = np.arange(9)
                accuracy = 1 - np.exp(-min(step_size, 10) * step) * (
                    0.9 + 0.05 * random.normal(size=9)
                )
                run = pd.DataFrame({"step": step, "epoch": step / 2, "test_accuracy": accuracy})
                run = run.assign(optimizer=optimizer, step_size=step_size, seed=seed)
                run["objective"] = run["train_loss"] = run["test_loss"] = 1 - accuracy
                run["gradient_norm"], run["train_accuracy"] = (1 - accuracy) / 2, accuracy
                run["batch_size"] = {"gd": "full", "mini": "32"}.get(optimizer, "1")
                run["rises"] = step // 3 if optimizer == "gd" else np.nan
                run["distance_A"], run["distance_b"] = 8.0 - step, (8.0 - step) / 10
                run["optimum_distance_A"] = 9.0 - step
                if step_size >= diverges:
                    run.loc[4:, ["objective", "test_loss", *distances_of(run)]] = np.nan
                runs.append(run)
    return pd.concat(runs, ignore_index=True).assign(**NAMED)


LIMITS = {"gd_local": 2.0, "gd_global": 0.5, "sgd": {"1": 0.3, "32": 1.2}}


def known_of(traces: pd.DataFrame, limits: dict = LIMITS) -> Known:
    """What a theory may say of a made-up study, of its runs below their limits."""
    sizes = traces.groupby("optimizer", sort=False)["batch_size"].first().to_dict()
    runs = [pd.DataFrame(columns=EXPECTED)]
    for (optimizer, step_size), run in traces.groupby(["optimizer", "step_size"], sort=False):
        full, step = sizes[optimizer] == "full", np.unique(run["step"])
        if step_size < (limits["gd_local"] if full else limits["sgd"][sizes[optimizer]]):
            height = pd.DataFrame({"step": step, "from_start": np.exp(-step_size * step)})
            height["from_noise"] = np.nan if full else step_size * (1 + step / 100)
            runs.append(height.assign(optimizer=optimizer, step_size=step_size)[EXPECTED])
    expected = pd.concat(runs[1:] or runs, ignore_index=True)
    numbers = {
        "minimiser": {"objective": 0.1},
        "noise_trace": 3.0,
        "optimizers": sizes,
        "limits": limits,
        "floor": floors(expected),
    }
    return Known(numbers, expected)


NOTHING = Known(  # of a study whose objective has no minimiser
    {
        "minimiser": None,
        "optimizers": {"sgd": "1", "gd": "full", "mini": "32"},
        "limits": {"gd_local": None, "gd_global": None, "sgd": {}},
        "floor": {},
    },
    pd.DataFrame(columns=EXPECTED),
)


def drawn_of(figure: str, traces: pd.DataFrame, summary=None, known: Known | None = None):
    """A figure of a made-up study, with what it reads beside the tables."""
    about = given("figures", figure)
    if "minimiser" in about.NEEDS and "excess" not in traces:
        traces = traces.assign(excess=traces["objective"])
    if about.SHOWS_CURVATURE and "curvature" not in traces:
        curvature = (2 + traces["seed"] + traces["step"]).where(traces["batch_size"] == "full")
        traces = traces.assign(curvature=curvature, curvature_error=curvature / 10)
    reads = [traces, summarise(traces) if summary is None else summary]
    if about.READS_THEORY:
        reads.append(known or known_of(traces))
    return plugin("figures", figure).draw(*reads)


def distances_of(table: pd.DataFrame) -> list[str]:
    return [column for column in table if "distance" in column]


def batch_sizes(step_sizes: list[float], seeds: int = 3) -> pd.DataFrame:
    """Of one sample, 32 and all 70."""
    traces = study(dict.fromkeys(["gd", "sgd", "mini"], step_sizes), seeds)
    of_epoch = traces["optimizer"].map({"sgd": 70, "mini": 3, "gd": 1})
    return traces.assign(epoch=traces["step"] / of_epoch)


def validated(traces: pd.DataFrame) -> pd.DataFrame:
    """With a validation that prefers small step sizes."""
    accuracy = 1 / (1 + traces["step_size"])
    return traces.assign(validation_accuracy=accuracy, validation_loss=1 - accuracy)


STUDIES = {
    "two optimizers": study({"sgd": [0.001, 0.1, 1], "gd": [1, 10, 100]}),
    "one run": study({"sgd": [0.1]}, seeds=1),
    "all diverged": study({"sgd": [100, 1000]}).assign(test_accuracy=np.nan),
    "absurd step sizes": study({"sgd": [5e-324, 1e-300, 1, 9.9e99]}),
    "the largest step size": study({"sgd": [9.9e99]}),
    "the smallest step size": study({"sgd": [5e-324]}),
    "batch sizes": batch_sizes([0.01, 0.1, 1, 100]),
    "validation": validated(batch_sizes([0.01, 0.1, 1, 100])),
    "all of the plane diverged": batch_sizes([100, 1000]).assign(test_accuracy=np.nan),
    "thirty seeds": study({"sgd": [0.1, 1, 100], "gd": [100]}, seeds=30),
    "no errors": study({"sgd": [0.1, 1]}).assign(test_accuracy=1.0),
    "many": study({f"optimizer_{i}": list(2.0 ** np.arange(-5, 5)) for i in range(3)}),
}


@cache
def summary_of(name: str) -> pd.DataFrame:
    return summarise(STUDIES[name])


@pytest.mark.parametrize("figure", OF_TABLES)
@pytest.mark.parametrize("name", STUDIES)
def test_draws_every_study(figure, name):
    traces, needs = STUDIES[name], given("figures", figure).NEEDS
    if "batch sizes" in needs and traces["batch_size"].nunique() < 3:
        pytest.skip("needs several batch sizes")
    if "some full batch" in needs and "full" not in set(traces["batch_size"]):
        pytest.skip("needs full batches")
    drawn = drawn_of(figure, traces, summary_of(name))
    drawn.set_dpi(30)  # which is quick
    FigureCanvasAgg(drawn).draw()
    assert drawn.axes


@pytest.mark.parametrize("figure", OF_TABLES)
def test_draws_the_same_bytes_every_time(tmp_path, figure):
    for name in ("1.pdf", "2.pdf", "1.png"):
        save(drawn_of(figure, STUDIES["batch sizes"], summary_of("batch sizes")), tmp_path / name)
    assert (tmp_path / "1.png").read_bytes().startswith(b"\x89PNG")
    first, second = ((tmp_path / f"{name}.pdf").read_bytes() for name in (1, 2))
    assert first == second
    assert first.startswith(b"%PDF")


def texts(figure) -> list[str]:
    import matplotlib.text

    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def test_a_run_that_diverged_is_shown_as_such():
    traces = STUDIES["two optimizers"]
    for name in ("accuracy_by_epoch", "accuracy_by_step", "distance", "heatmap"):
        drawn = drawn_of(name, traces)
        assert any("diverged" in text for text in texts(drawn))


def panels_of(drawn) -> list:
    """The panels, without the bar of colours."""
    return [axes for axes in drawn.axes if axes.get_label() != "<colorbar>"]


def test_the_last_point_of_the_distance_is_left_out():
    traces = STUDIES["two optimizers"]
    for axes in drawn_of("distance", traces).axes:
        runs = [line for line in axes.get_lines() if not line.get_label().startswith("straight")]
        assert max(line.get_xdata().max() for line in runs) == traces["epoch"].max() - 0.5


def test_below_the_distance_is_the_share_of_the_way_that_is_left():
    traces = STUDIES["two optimizers"]
    *_, share = drawn_of("distance", traces).axes
    run = share.get_lines()[0]
    np.testing.assert_allclose(run.get_ydata(), 1 - np.arange(8) / 8)
    even = share.get_lines()[-1]
    assert (even.get_xdata() == [0, 4]).all()
    assert list(even.get_ydata()) == [1, 0]


CURVES = ["accuracy_by_epoch", "accuracy_by_step", "distance", "loss", "optimum_distance"]


@pytest.mark.parametrize("figure", [*CURVES, "same_path"])
@pytest.mark.parametrize("step_sizes", [6, 12])
def test_a_step_size_has_one_colour_and_there_is_a_bar_of_many(figure, step_sizes):
    grid = np.geomspace(0.01, 1, step_sizes)
    traces = study({"sgd": list(grid), "gd": list(grid[2:])})
    drawn = drawn_of(figure, traces)
    colours = step_size_colours(traces["step_size"])
    lines = [line for axes in panels_of(drawn) for line in axes.get_lines()]
    shown = {line.get_color() for line in lines if not line.get_label().startswith("straight")}
    assert shown == set(colours.values())
    titles = [legend.get_title().get_text() for legend in drawn.legends]
    many = step_sizes > 10
    assert ("step size α" in titles) != many
    assert (len(drawn.axes) > len(panels_of(drawn))) == many
    for legend in drawn.legends:
        assert len(legend.get_texts()) <= 10


@pytest.mark.parametrize("grid", [np.geomspace(1e-3, 1e3, 300), np.linspace(0.4, 0.5, 12)])
def test_the_labels_of_the_bar_are_few_and_say_where_a_step_size_is(grid):
    from matplotlib.figure import Figure

    from descent.figures._style import step_size_bar

    figure = Figure()
    figure.subplots()
    bar = step_size_bar(figure, pd.Series(grid))
    labels = [float(text.get_text()) for text in bar.ax.get_yticklabels()]
    assert 3 <= len(labels) <= 14
    colours = step_size_colours(pd.Series(grid))
    for label, place in zip(labels, bar.get_ticks(), strict=True):
        nearest = min(grid, key=lambda step_size: abs(np.log(step_size / label)))
        np.testing.assert_allclose(bar.cmap(bar.norm(place)), colours[nearest], atol=0.02)


@pytest.mark.parametrize("seeds", [1, 3, 30])
def test_each_of_few_seeds_is_drawn_and_quantiles_of_more(seeds):
    traces = study({"gd": [0.1, 0.2]}, seeds=seeds)
    drawn = drawn_of("accuracy_by_epoch", traces)
    (axes,) = drawn.axes
    thin = [line for many in axes.collections for line in many.get_segments()]
    assert len(thin) == 2 * {1: 0, 3: 3, 30: 2}[seeds]
    title = drawn.get_suptitle()
    assert {1: "one seed", 3: "each of 3 seeds", 30: "10-90 % of 30 seeds"}[seeds] in title
    if seeds == 3:
        one = traces[(traces["step_size"] == 0.1) & (traces["seed"] == 0)]
        expected = np.column_stack([one["epoch"], 1 - one["test_accuracy"]])
        np.testing.assert_array_equal(thin[0], expected)


@pytest.mark.parametrize("figure", ["accuracy_by_epoch", "accuracy_by_step", "run"])
def test_accuracy_is_drawn_by_its_error_and_rises(figure):
    traces = study({"gd": [0.1]}, seeds=1)
    axes = drawn_of(figure, traces).axes[0]
    (line,) = axes.get_lines()
    error = (1 - traces["test_accuracy"])[int(figure == "accuracy_by_step") :]
    np.testing.assert_array_equal(line.get_ydata(), error)
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low > high
    text = axes.yaxis.get_major_formatter()
    assert [text(error, 0) for error in (0.9, 0.5, 0.07, 0.002)] == [
        "10 %",
        "50 %",
        "93 %",
        "99.8 %",
    ]


def test_the_same_path_is_drawn_against_step_size_times_steps():
    traces = study({"sgd": [0.125, 0.5], "gd": [2]}, seeds=1)
    averages = traces[traces["optimizer"] == "sgd"].assign(optimizer="sgd_average")
    loss, accuracy = drawn_of("same_path", pd.concat([traces, averages])).axes
    step = np.arange(1, 9)
    for axes in (loss, accuracy):
        assert axes.get_xscale() == "log"
        ways = [line.get_xdata() for line in axes.get_lines()]
        np.testing.assert_array_equal(ways, [0.125 * step, 0.5 * step, 2 * step])


def test_the_objective_is_drawn_above_that_of_the_optimum_where_it_is_known():
    traces = study({"gd": [0.1]}, seeds=1)
    traces["excess"] = traces["objective"] - traces["objective"].min() / 2
    for figure in ("loss", "same_path"):
        axes = drawn_of(figure, traces).axes[0]
        np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), traces["excess"][1:])
        assert axes.get_yscale() == "log"


@pytest.mark.parametrize(("lowest", "scale"), [(2.17, "linear"), (0.1, "log")])
def test_a_loss_that_hardly_falls_has_a_linear_axis(lowest, scale):
    traces = study({"gd": [1]}, seeds=1)
    traces["objective"] = np.linspace(2.37, lowest, len(traces))
    assert drawn_of("loss", traces).axes[0].get_yscale() == scale


def marks(axes) -> list[tuple]:
    return [
        (line.get_marker(), *line.get_xydata()[-1])
        for line in axes.get_lines()
        if line.get_linestyle() != "None" and line.get_marker() in ("x", CARETUP)
    ]


def test_a_line_ends_where_its_median_is_not_finite():
    traces = study({"gd": [0.1, 100]})
    drawn = drawn_of("loss", traces)
    objective = drawn.axes[0]
    assert [mark[:2] for mark in marks(objective)] == [("x", 3)]
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


@pytest.mark.parametrize("figure", [*CURVES, "same_path", "run"])
@pytest.mark.parametrize("optimizers", [1, 2, 6, 9])
def test_no_figure_is_wider_than_a_page(figure, optimizers):
    traces = study({f"optimizer_{i}": [0.1, 1] for i in range(optimizers)}, seeds=1)
    drawn = drawn_of(figure, traces)
    assert 7.5 <= drawn.get_figwidth() <= 11
    named = {axes.get_title() for axes in drawn.axes} - {""}
    assert figure in ("same_path", "run") or len(named) == optimizers


def test_the_run_is_the_best_of_the_first_optimizer():
    traces = study({"sgd": [0.01, 0.5, 0.1], "gd": [1]})
    assert "sgd at α = 0.5," in drawn_of("run", traces).get_suptitle()
    held_out = traces.assign(validation_accuracy=1 - traces["test_accuracy"])
    drawn = drawn_of("run", held_out.assign(validation_loss=1))
    assert "sgd at α = 0.01," in drawn.get_suptitle()
    _, below = drawn.axes
    labels = [text.get_text() for text in below.get_legend().get_texts()]
    assert labels[:2] == [r"$\Vert A_t - A_T \Vert$", r"$\Vert b_t - b_T \Vert$"]


def test_the_heatmap_shows_the_numbers_of_the_summary():
    summary = summarise(STUDIES["two optimizers"])
    drawn = drawn_of("heatmap", STUDIES["two optimizers"], summary)
    shown = texts(drawn)
    for accuracy in summary["final_test_accuracy_median"]:
        assert any(text.startswith(f"{100 * accuracy:.1f}") for text in shown)


def outlined(drawn) -> list[float]:
    """The middles, as step sizes, of the cells that the heatmap outlines."""
    ours = [c for c in drawn.axes[0].collections if c.get_gid() == "best"]
    paths = [path.vertices[:4] for cells in ours for path in cells.get_paths()]
    return [10 ** ((corners[0, 0] + corners[1, 0]) / 2) for corners in paths]


@pytest.mark.parametrize("name", ["batch sizes", "validation"])
def test_the_best_of_each_row_is_outlined(name):
    summary = summarise(STUDIES[name])
    by = "validation" if name == "validation" else "test"
    best = summary.groupby("optimizer", sort=False)[f"final_{by}_accuracy_median"].idxmax()
    drawn = drawn_of("heatmap", STUDIES[name], summary)
    middles, expected = outlined(drawn), summary.loc[best, "step_size"]
    for middle, step_size in zip(middles, expected, strict=True):
        assert abs(np.log10(middle / step_size)) < 0.26  # of its cell, half a decade wide at most
    assert any(f"best by {by} accuracy" in text for text in texts(drawn))
    assert (set(expected) == {0.01}) == (by == "validation")


@pytest.mark.parametrize("figure", ["heatmap", "batch_size", "final_by_step_size", "sensitivity"])
@pytest.mark.parametrize("step_sizes", [2, 40, 120])
def test_the_width_does_not_grow_with_the_step_sizes(figure, step_sizes):
    traces = batch_sizes(list(np.geomspace(1e-4, 10, step_sizes)), seeds=1)
    drawn = drawn_of(figure, traces)
    FigureCanvasAgg(drawn).draw()
    assert drawn.get_size_inches()[0] <= 8
    if figure in ("heatmap", "batch_size"):
        boxes = [label.get_window_extent() for label in drawn.axes[0].get_xticklabels()]
        boxes.sort(key=lambda box: box.x0)
        assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_cells_meet_but_do_not_stand_where_nothing_was_run():
    summary = pd.DataFrame({"optimizer": ["a"] * 3 + ["b"] * 2, "step_size": [1, 10, 1e4, 2, 3]})
    rows = cells(Figure().subplots(), summary)
    np.testing.assert_allclose(rows["a"][1], [[-0.5, 0.5, 3.5], [0.5, 1.5, 4.5]])
    (_, middle), (other, _) = rows["b"][1][1], rows["b"][1][0][::-1]
    assert middle > np.log10(3) > other == rows["b"][1][1][0] > np.log10(2)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1e-4, 0.5, [1e-4, 1e-3, 1e-2, 0.1]),
        (0.08, 0.9, [0.1, 0.2, 0.5]),
        (0.06, 0.1, [0.06, 0.07, 0.08, 0.09, 0.1]),
    ],
)
def test_ticks_are_round_numbers(low, high, ticks):
    np.testing.assert_allclose(nice(low, high), ticks)


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
def test_few_seeds_have_a_bar_over_their_range(seeds):
    traces = study({"sgd": [0.01]}, seeds)
    drawn = drawn_of("final_by_step_size", traces)
    (bar,) = drawn.axes[0].collections[0].get_segments()
    final = traces[traces["step"] == 8]
    errors = 1 - final["test_accuracy"]
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
    assert {"diverged", "beyond the axis"} <= set(texts(drawn))
    assert not {"diverged", "beyond the axis"} & set(
        texts(drawn_of("final_by_step_size", STUDIES["one run"]))
    )


def test_the_best_step_size_is_named():
    for name, by in (("batch sizes", "test accuracy"), ("validation", "validation accuracy")):
        drawn = drawn_of("final_by_step_size", STUDIES[name])
        assert f"best by {by}" in texts(drawn)
    assert [t for t in texts(drawn) if "best at" in t] == [
        f"{optimizer}, best at α = 0.01 (grid ends)" for optimizer in ("gd", "sgd", "mini")
    ]


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ([0.1, 0.3, 0.2], "best at α = 0.01 (grid ends)"),
        ([0.3, 0.1, 0.2], "best at α = 0.1"),
        ([0.3, 0.2, 0.1], "best at α = 1 (grid ends)"),
        ([0.1], "best at α = 0.01"),
    ],
)
def test_the_best_step_size_at_an_end_of_its_grid_is_named_as_such(errors, says):
    step_sizes = [0.01, 0.1, 1][: len(errors)]
    traces = study({"gd": step_sizes, "sgd": [0.001, 10]}, seeds=1)
    errors = traces["step_size"].map(dict(zip(step_sizes, errors, strict=True)))
    drawn = drawn_of("final_by_step_size", traces.assign(test_accuracy=1 - errors.fillna(0.5)))
    assert f"gd, {says}" in texts(drawn)


def upright(axes) -> dict[tuple, float]:
    """Where the vertical lines of a panel stand, by colour and style."""
    lines = [line for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    lines = [line for line in lines if list(line.get_ydata()) == [0, 1]]
    return {(line.get_color(), line.get_linestyle()): line.get_xdata()[0] for line in lines}


def test_limit_lines_stand_at_the_limits_that_theory_knows():
    traces = batch_sizes([0.01, 0.1, 1, 3])  # gd, sgd, mini
    of_gd, of_sgd, of_mini = OPTIMIZER_COLOURS[:3]
    limits = {(of_gd, "--"): 2.0, (of_gd, "-."): 0.5, (of_sgd, "--"): 0.3, (of_mini, "--"): 1.2}
    drawn = drawn_of("final_by_step_size", traces)
    assert [upright(axes) for axes in drawn.axes] == [limits, limits]
    assert {"limit near the minimiser", "limit from anywhere"} <= set(texts(drawn))
    off_the_axis = {"gd_local": 1e9, "gd_global": 0.5, "sgd": {"1": 1e-9, "32": 1e9}}
    drawn = drawn_of("final_by_step_size", traces, known=known_of(traces, off_the_axis))
    assert upright(drawn.axes[1]) == {(of_gd, "-."): 0.5}
    assert "limit near the minimiser" not in texts(drawn)
    drawn = drawn_of("final_by_step_size", traces, known=NOTHING)
    assert upright(drawn.axes[1]) == {}
    assert not any("limit" in text for text in texts(drawn))


def rings(axes) -> list[tuple]:
    return [
        tuple(p) for line in axes.get_lines() if line.get_gid() == "ring" for p in line.get_xydata()
    ]


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


@pytest.mark.parametrize("seeds", [1, 3, 30])
def test_a_black_line_is_what_was_expected_and_a_coloured_one_the_mean(seeds):
    traces = study({"gd": [0.1, 1, 5], "sgd": [0.1, 0.2]}, seeds)  # 5 is beyond its limit
    random = np.random.default_rng(1)
    traces["excess"] = traces["objective"] * random.lognormal(size=len(traces))  # mean > median
    known = known_of(traces)
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
    assert "expected before training" in texts(drawn)
    words = {1: "one seed", 3: "mean and each of 3 seeds", 30: "mean and 10-90 % of 30 seeds"}
    assert words[seeds] in drawn.get_suptitle()


def test_the_floor_is_drawn_as_the_tables_say():
    step_sizes = [0.05, 0.1, 0.2, 1]
    traces = batch_sizes(step_sizes)
    traces["excess"] = traces["objective"]
    (axes,) = drawn_of("floor", traces).axes
    measured = {bars[0].get_color(): bars for bars in axes.containers}
    late = traces[traces["step"] > 6].groupby(["optimizer", "step_size", "seed"])["excess"].mean()
    of_noise = {"sgd": (1, 0.3), "mini": (32, 1.2)}  # gd has none
    for (optimizer, (samples, limit)), colour in zip(
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
        expected = {"-": added, "--": added + left, ":": below * 3 / (4 * samples)}
        lines = [line for line in axes.get_lines() if line.get_color() == colour]
        drawn = {line.get_linestyle(): line for line in lines if line.get_linestyle() != "None"}
        assert drawn.keys() == expected.keys()
        for style, values in expected.items():
            np.testing.assert_array_equal(drawn[style].get_xdata(), below)
            np.testing.assert_allclose(drawn[style].get_ydata(), values)
        (mark,) = (line for line in lines if line.get_marker() == "v")
        assert mark.get_xdata() == limit
    assert not measured


def test_curvature_is_drawn_of_full_batches_beside_two_over_the_step_size():
    traces = study({"gd": [0.1, 0.5], "sgd": [0.1]})
    drawn = drawn_of("curvature", traces)
    above, below = drawn.axes
    middle = 3 + np.arange(9)  # of three seeds
    for step_size, colour in step_size_colours(pd.Series([0.1, 0.5])).items():
        (line,) = (line for line in above.get_lines() if line.get_color() == colour)
        np.testing.assert_array_equal(line.get_ydata(), middle)
        (line,) = (line for line in below.get_lines() if line.get_color() == colour)
        np.testing.assert_allclose(line.get_ydata(), middle * step_size / 2)
    edge = [line for line in below.get_lines() if list(line.get_ydata()) == [1, 1]]
    assert len(edge) == 1
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


@pytest.mark.parametrize("figure", ["accuracy_by_epoch", "accuracy_by_step", "same_path", "run"])
def test_no_errors_at_all_are_drawn_where_the_axis_says_so(figure):
    traces = study({"sgd": [0.1]})
    traces.loc[traces["step"] >= 6, "test_accuracy"] = 1.0
    drawn = drawn_of(figure, traces)
    axes = drawn.axes[1 if figure == "same_path" else 0]
    bottom, top = axes.get_ylim()
    (line,) = (
        line for line in axes.get_lines() if line.get_color() != "0.3" and len(line.get_xdata()) > 5
    )
    last = line.get_ydata()[-1]
    assert bottom > last > top > 0
    assert axes.yaxis.get_major_formatter()(last, 0) == "100 %"
    assert last in axes.yaxis.get_majorticklocs()


@pytest.mark.parametrize("limit", [1e-9, 1e9])
def test_the_limit_of_a_floor_is_not_marked_beside_the_panel(limit):
    traces = study({"sgd": [0.1, 1]})
    known = known_of(traces, {**LIMITS, "sgd": {"1": limit}})
    (axes,) = drawn_of("floor", traces, known=known).axes
    assert not [line for line in axes.get_lines() if line.get_marker() == "v"]


def test_batch_sizes_are_sorted_and_full_is_the_training_samples():
    from descent.figures.batch_size import samples

    traces = STUDIES["batch sizes"]
    summary = summarise(traces)
    numbers = dict(zip(summary["optimizer"], samples(traces), strict=True))
    assert numbers == {"gd": 70, "sgd": 1, "mini": 32}
    drawn = drawn_of("batch_size", traces, summary)
    for axes in drawn.axes[:2]:
        np.testing.assert_allclose(axes.get_yticks(), np.log10([1, 32, 70]))
    labels = [text.get_text() for text in drawn.axes[0].get_yticklabels()]
    assert labels == ["1", "32", "full"]


def test_the_outline_goes_once_around_what_is_useful():
    from descent.figures.batch_size import _outline

    useful = [np.array([[0, 1], [1, 2]]), np.array([[1, 2]]), np.empty((0, 2))]
    lines = {tuple(line) for line in _outline(useful, np.array([0.0, 1, 2, 3]))}
    assert lines == {
        *{((0, 0), (0, 1)), ((2, 0), (2, 1)), ((1, 1), (1, 2)), ((2, 1), (2, 2))},
        *{((0, 0), (1, 0)), ((1, 0), (2, 0)), ((0, 1), (1, 1)), ((1, 2), (2, 2))},
    }


def test_close_step_sizes_have_colours_that_can_be_told_apart():
    colours = step_size_colours(pd.Series([0.01, 1.9, 2, 2.05, 100]))
    light = [sum(colour[:3]) for colour in colours.values()]
    assert list(colours) == [0.01, 1.9, 2, 2.05, 100]
    assert light == sorted(light)
    assert min(np.diff(light)) > 0.05


def test_every_optimizer_is_drawn():
    traces = study({f"optimizer_{i}": [0.1, 1] for i in range(9)})
    drawn = drawn_of("final_by_step_size", traces)
    labels = [text.get_text().split(",")[0] for text in drawn.legends[0].get_texts()]
    assert labels[:9] == [f"optimizer_{i}" for i in range(9)]


@pytest.mark.parametrize("figure", OF_TABLES)
def test_a_regression_is_drawn_without_accuracy(figure):
    if "classification" in given("figures", figure).NEEDS:
        pytest.skip("needs a classification")
    traces = STUDIES["batch sizes"].drop(columns="test_accuracy")
    drawn = drawn_of(figure, traces)
    assert drawn.axes
    assert not any("accuracy" in text for text in texts(drawn))


def test_a_run_that_diverged_does_not_stretch_the_axes():
    traces = STUDIES["two optimizers"].copy()
    far = (traces["optimizer"] == "gd") & (traces["step_size"] == 100)
    for column in ("objective", "test_loss", *distances_of(traces)):
        traces.loc[far, column] = 10.0 ** (30 * traces["step"])
    for figure in ("distance", "optimum_distance", "final_by_step_size"):
        drawn = drawn_of(figure, traces)
        assert max(axes.get_ylim()[1] for axes in drawn.axes) < 1000


BOWL = {0.1: "descending", 1: "descending", 1.9: "converged", 2.05: "diverged"}


@pytest.fixture(scope="module")
def bowl():
    """What a figure of the bowl reads: by both engines, all step sizes."""
    from descent.datasets.bowl import obtain
    from descent.metrics import trace
    from descent.run import Run

    data = obtain(None, None)
    runs, traces = {}, []
    for name in ("numpy", "torch"):
        for step_size in BOWL:
            run = Run(
                model="linear_regression",
                step_size=step_size,
                batch_size="full",
                epochs=40,
                evaluate_every=1,
                seeds=(0,),
                initial="zeros",
                dtype="float64",
                model_options={"bias": False},
            )
            trained = plugin("engines", name).train(run, data, lambda steps: None)
            provenance = asdict(run) | {"engine": name, "device": "cpu", "versions": {}}
            runs[name, step_size] = replace(trained, provenance=provenance)
            net, evaluator = plugin("models", run.model), plugin("evaluators", "numpy")
            minimiser = net.optimum(data.x_train, data.y_train, 0.0, bias=False)
            columns = trace(runs[name, step_size], data, net, evaluator, minimiser)
            labels = {"optimizer": name, "step_size": step_size, "engine": name}
            labels["batch_size"] = "full"
            traces.append(pd.DataFrame(columns).assign(**labels))
    named = {"study": "bowl", "dataset": "bowl", "model": "linear_regression"}
    return pd.concat(traces).assign(**named), runs, data, plugin("models", "linear_regression")


def test_engines_that_agree_share_a_row_with_the_words_of_the_summary(bowl, tmp_path):
    from descent.figures.trajectories import draw

    traces, *others = bowl
    summary = summarise(traces)
    drawn = draw(traces, summary, *others)
    titles = [axes.get_title() for axes in drawn.axes]
    assert titles == [f"α = {step_size:g}: {word}" for step_size, word in BOWL.items()]
    (words,) = (text for text in texts(drawn) if "the same to" in text)
    assert words.startswith("numpy (numpy) and torch (torch): the same to")
    assert float(re.search(r"to (\S+) of", words)[1]) < 1e-13
    for name in ("1.png", "2.png"):
        save(draw(traces, summary, *others), tmp_path / name)
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_runs_that_differ_have_rows_of_their_own(bowl):
    from descent.figures.trajectories import draw

    traces, runs, *others = bowl
    other = runs["torch", 1]
    moved = replace(other, parameters={"A": other.parameters["A"] * (1 + 1e-5)})
    drawn = draw(traces, summarise(traces), {**runs, ("torch", 1): moved}, *others)
    assert len(drawn.axes) == 2 * len(BOWL)
    assert not any("the same" in text for text in texts(drawn))


def test_a_path_that_leaves_the_picture_fades(bowl):
    from descent.figures.trajectories import draw

    traces, *others = bowl
    drawn = draw(traces, summarise(traces), *others)
    assert [len(axes.images) for axes in drawn.axes] == [0, 0, 0, 1]


def test_the_optimum_is_that_of_the_samples_that_train(bowl):
    from descent.figures.trajectories import draw

    traces, runs, data, model = bowl
    held_out = {
        key: replace(run, provenance=run.provenance | {"validation": 1})
        for key, run in runs.items()
    }
    drawn = draw(traces, summarise(traces), held_out, data, model)
    x, y = data.x_train[:-1], data.y_train[:-1]
    optimum = model.optimum(x, y, 0.0, bias=False)["A"][0]
    assert not np.allclose(optimum, 1)
    (cross,) = (line for line in drawn.axes[0].get_lines() if line.get_marker() == "x")
    np.testing.assert_allclose([*cross.get_xdata(), *cross.get_ydata()], optimum)


@pytest.fixture(scope="module")
def digits():
    """What a figure of the weights reads: three step sizes, of which the last is too large."""
    from descent.datasets.digits import obtain
    from descent.metrics import trace
    from descent.run import Run

    data, net = obtain(None, None), plugin("models", "softmax_regression")
    runs, traces = {}, []
    for step_size in (0.001, 0.1, 30.0):
        run = Run(
            model="softmax_regression",
            step_size=step_size,
            batch_size=100,
            epochs=4,
            evaluate_every=15,
            seeds=(3, 1),
        )
        trained = plugin("engines", "numpy").train(run, data, lambda steps: None)
        provenance = asdict(run) | {"engine": "numpy", "dataset": "digits"}
        runs["sgd", step_size] = replace(trained, provenance=provenance)
        columns = trace(runs["sgd", step_size], data, net, plugin("evaluators", "numpy"))
        labels = {"optimizer": "sgd", "step_size": step_size, "batch_size": "100"}
        traces.append(pd.DataFrame(columns).assign(**labels))
    joined = pd.concat(traces).assign(**NAMED)
    joined.loc[joined["step_size"] == 30, "test_accuracy"] /= 2  # so that 0.1 is the best
    return joined, runs, data, net


def test_the_weights_of_each_class_are_the_rows_of_a(digits):
    from descent.figures.weights import draw, moments

    traces, runs, *others = digits
    drawn = draw(traces, summarise(traces), runs, *others)
    shown = np.asarray(drawn.axes[1].images[0].get_array())
    run = runs["sgd", 0.1]
    rows = moments(run.step)[1:]  # the start stands above
    for i, moment in enumerate(rows):
        for c in range(10):
            panel = shown[9 * i : 9 * i + 8, 9 * c : 9 * c + 8]
            assert (panel == run.parameters["A"][0, moment, c].reshape(8, 8)).all()
    assert rows[-1] == len(run.step) - 1
    assert drawn.axes[1].images[0].norm.vmax == np.abs(run.parameters["A"][0, -1]).max()
    titles = [axes.get_title(loc="left") for axes in drawn.axes[:3]]
    words = {"small": 0.001, "best": 0.1, "too large": 30}
    assert titles == [f"{word} step size, α = {size:g}" for word, size in words.items()]


def test_samples_shown_as_wrong_are_wrong(digits):
    from descent.figures.weights import draw, predictions

    traces, runs, data, net = digits
    drawn = draw(traces, summarise(traces), runs, data, net)
    predicted = predictions(runs["sgd", 0.1], data, net)
    last = traces[(traces["step_size"] == 0.1) & (traces["seed"] == 3)].iloc[-1]
    assert (predicted == data.y_test).mean() == last["test_accuracy"]
    (axes,) = (axes for axes in drawn.axes if "wrong" in axes.get_title())
    wrong = np.flatnonzero(predicted != data.y_test)[: len(axes.texts)]
    assert [text.get_text() for text in axes.texts] == [
        f"{data.y_test[i]} → {predicted[i]}" for i in wrong
    ]
    shown = np.asarray(axes.images[0].get_array())
    assert (shown[:8, 9:17] == data.x_test[wrong[1]].reshape(8, 8)).all()


def test_weights_are_drawn_whatever_diverged(digits, tmp_path):
    from descent.figures.weights import draw

    traces, runs, *others = digits
    names = [column for column in traces if "accuracy" in column or "loss" in column]
    for ended in (30, 0.1, 0.001):  # more and more of them
        diverged = traces["step_size"] >= ended
        lost = traces.assign(**{c: traces[c].where(~diverged) for c in [*names, "objective"]})
        nowhere = {
            key: replace(run, parameters={n: p * np.nan for n, p in run.parameters.items()})
            if key[1] >= ended
            else run
            for key, run in runs.items()
        }
        first, second = (tmp_path / f"{name}.pdf" for name in (1, 2))
        for path in (first, second):
            save(draw(lost, summarise(lost), nowhere, *others), path)
        assert first.read_bytes() == second.read_bytes()


def test_both_engines_and_the_closed_form_give_the_same_path(bowl):
    # w_t - w* = (I - α XᵀX/n)ᵗ (w_0 - w*)
    _, runs, data, _ = bowl
    curvature = data.x_train.T @ data.x_train / len(data.x_train)
    assert np.allclose(np.linalg.eigvalsh(curvature), [1 / 20, 1])
    for (_, step_size), run in runs.items():
        once = np.eye(2) - step_size * curvature
        for t, w in zip(run.step, run.parameters["A"][0, :, 0], strict=True):
            expected = 1 - np.linalg.matrix_power(once, t) @ np.ones(2)
            np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-12)


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
    from descent.figures.sensitivity import decades, good_step_sizes

    step_sizes = [0.1, 1, 10, 100]
    runs = pd.DataFrame({"step_size": step_sizes, "final_test_accuracy_median": medians})
    assert good_step_sizes(runs) == (good, beyond)
    assert decades(*good, *beyond) == says


def test_rules_that_coincide_are_told_apart():
    traces = study({"plain": [0.1, 1], "adam": [0.1, 1]}, seeds=1)
    traces.loc[traces["optimizer"] == "adam", "test_accuracy"] = traces.loc[
        traces["optimizer"] == "plain", "test_accuracy"
    ].to_numpy()
    drawn = drawn_of("sensitivity", traces)
    assert [axes.get_title() for axes in drawn.axes[:2]] == ["plain", "adam"]
    assert len({axes.get_lines()[-1].get_color() for axes in drawn.axes[:2]}) == 2


def of_logistic_map(optimizers: dict[str, list[float]], seeds: int = 2) -> pd.DataFrame:
    """Traces whose objective is 1 + x of x ← α x (1 - x), which has a period for each α."""
    runs = []
    for optimizer, step_sizes in optimizers.items():
        for step_size in step_sizes:
            for seed in range(seeds):
                x = [0.4 + seed / 100]
                for _ in range(4000):
                    x.append(step_size * x[-1] * (1 - x[-1]))
                run = pd.DataFrame({"step": range(1001), "objective": 1 + np.array(x[-1001:])})
                runs.append(run.assign(optimizer=optimizer, step_size=step_size, seed=seed))
    return pd.concat(runs, ignore_index=True)


def limit_map(traces: pd.DataFrame, known: Known = NOTHING):
    summary = traces[["optimizer", "step_size"]].drop_duplicates()
    return plugin("figures", "limit_map").draw(traces, summary.assign(seeds=2, **NAMED), known)


PERIODS = {2.8: "1", 3.2: "2", 3.5: "4", 3.55: "8", 3.83: "another", 3.9: "none"}


def periods_of(axes) -> list[list[str]]:
    """What the rows of cells say, by their colours."""
    from descent.figures.limit_map import COLOURS

    (cells,) = [many for many in axes.collections if many.get_array() is not None]
    return [[list(COLOURS)[int(code)] for code in row] for row in cells.get_array()]


def test_the_limit_map_shows_every_value_of_the_last_quarter_by_its_period():
    from descent.figures.limit_map import COLOURS

    traces = of_logistic_map({"gd": list(PERIODS)})
    above, below = (drawn := limit_map(traces)).axes
    last = traces[traces["step"] > 750]
    for name, line in ((line.get_gid(), line) for line in above.get_lines()):
        expected = last[last["step_size"].map(PERIODS) == name]
        np.testing.assert_array_equal(line.get_xydata(), expected[["step_size", "objective"]])
        assert line.get_color() == COLOURS[name]
    assert len(last) == sum(len(line.get_xdata()) for line in above.get_lines())
    assert periods_of(below) == [list(PERIODS.values())] * 2
    assert "another: 3" in texts(drawn)
    assert not {"diverged", "beyond the axis"} & set(texts(drawn))
    assert (above.get_xscale(), above.get_yscale()) == ("linear", "linear")


def test_the_limit_map_shows_the_limits_that_are_known():
    limits = {"gd_local": 3.0, "gd_global": 2.9, "sgd": {}}
    known = Known(NOTHING.numbers | {"limits": limits}, NOTHING.expected)
    above, _ = limit_map(of_logistic_map({"gd": list(PERIODS)}), known).axes
    drawn = {line.get_xdata()[0]: line.get_linestyle() for line in above.get_lines()[-2:]}
    assert drawn == {3.0: "--", 2.9: "-."}


def test_step_sizes_are_shown_in_units_of_the_bound_where_it_is_known():
    limits = {"gd_local": 3.0, "gd_global": 0.5, "sgd": {}}
    known = Known(NOTHING.numbers | {"limits": limits}, NOTHING.expected)
    traces = of_logistic_map({"gd": list(PERIODS)})
    drawn = limit_map(traces, known)
    drawn.draw_without_rendering()
    above = drawn.axes[0]
    (units,) = above.child_axes
    assert units.get_xlabel() == "in units of 1/L"
    assert np.allclose(units.get_xlim(), 4 * np.array(above.get_xlim()))
    assert not limit_map(traces).axes[0].child_axes


def test_the_limit_map_has_a_row_for_each_start():
    traces = of_logistic_map({"gd": [3.2, 3.5]})
    traces.loc[(traces["seed"] == 1) & (traces["step_size"] == 3.5), "objective"] = 1.4
    drawn = limit_map(traces)
    assert periods_of(drawn.axes[1]) == [["2", "4"], ["2", "1"]]
    assert [label.get_text() for label in drawn.axes[1].get_yticklabels()] == ["0", "1"]


@pytest.mark.parametrize("step_sizes", [[1, 2, 3.5], [0.001, 0.1, 3.5]])
def test_cells_of_the_limit_map_meet_halfway_on_their_axis(step_sizes):
    _, below = limit_map(of_logistic_map({"gd": step_sizes})).axes
    edges = below.collections[0].get_coordinates()[0, :, 0]
    logarithm = step_sizes[0] < 0.1
    assert below.get_xscale() == ("log" if logarithm else "linear")
    place = np.log10 if logarithm else np.asarray
    halfway = (place(step_sizes)[1:] + place(step_sizes)[:-1]) / 2
    np.testing.assert_allclose(place(edges)[1:-1], halfway)
    assert edges[0] < step_sizes[0]
    assert edges[-1] > step_sizes[-1]


def test_the_limit_map_marks_what_is_off_its_axis():
    traces = of_logistic_map({"gd": [2.8, 3.2, 3.5]})
    late = traces["step"] > 500
    traces.loc[late & (traces["step_size"] == 3.5) & (traces["seed"] == 0), "objective"] = np.nan
    far = late & (traces["step_size"] == 3.2)
    traces.loc[far, "objective"] = 10.0 ** (traces["step"] / 10)
    drawn = limit_map(traces)
    above, below = drawn.axes
    (off,) = (line for line in above.get_lines() if line.get_gid() == "off")
    assert list(off.get_xdata()) == [3.2, 3.5]
    assert periods_of(below) == [["1", "none", "diverged"], ["1", "none", "4"]]
    assert {"diverged", "beyond the axis"} <= set(texts(drawn))
    assert above.get_ylim()[1] < 2.1


def test_optimizers_of_the_limit_map_share_their_axes():
    drawn = limit_map(of_logistic_map({"gd": [2.8, 3.2, 3.5], "other": [2.8], "third": [3.2]}))
    values, rows = drawn.axes[:2] + drawn.axes[4:5], drawn.axes[2:4] + drawn.axes[5:]
    assert [axes.get_title() for axes in values] == ["gd", "other", "third"]
    assert [periods_of(axes)[0] for axes in rows] == [["1", "2", "4"], ["1"], ["2"]]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in values}) == 1
    assert {axes.get_xlim() for axes in rows} == {values[0].get_xlim()}


def test_many_dots_of_the_limit_map_are_an_image_in_the_pdf(tmp_path):
    drawn = limit_map(of_logistic_map({"gd": list(np.linspace(2.8, 4, 60))}))
    save(drawn, tmp_path / "map.pdf")
    assert b"/Subtype /Image" in (tmp_path / "map.pdf").read_bytes()


def test_values_far_apart_have_a_logarithmic_axis():
    traces = of_logistic_map({"gd": [2.8, 3.2]})
    traces.loc[traces["step_size"] == 3.2, "objective"] *= 100
    assert limit_map(traces).axes[0].get_yscale() == "log"
