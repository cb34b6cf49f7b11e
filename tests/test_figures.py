import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETUP

from descent.ability import given
from descent.figures._style import save, step_size_colours
from descent.plugins import available, plugin
from descent.summary import summarise

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
                run["batch_size"] = "full" if optimizer == "gd" else "1"
                run["rises"] = step // 3 if optimizer == "gd" else np.nan
                run["distance_A"], run["distance_b"] = 8.0 - step, (8.0 - step) / 10
                run["optimum_distance_A"] = 9.0 - step
                if step_size >= diverges:
                    run.loc[4:, ["objective", "test_loss", *distances_of(run)]] = np.nan
                runs.append(run)
    return pd.concat(runs, ignore_index=True).assign(**NAMED)


def distances_of(table: pd.DataFrame) -> list[str]:
    return [column for column in table if "distance" in column]


STUDIES = {
    "two optimizers": study({"sgd": [0.001, 0.1, 1], "gd": [1, 10, 100]}),
    "one run": study({"sgd": [0.1]}, seeds=1),
    "all diverged": study({"sgd": [100, 1000]}).assign(test_accuracy=np.nan),
    "absurd step sizes": study({"sgd": [5e-324, 1e-300, 1, 9.9e99]}),
    "the largest step size": study({"sgd": [9.9e99]}),
    "the smallest step size": study({"sgd": [5e-324]}),
    "many": study({f"optimizer_{i}": list(2.0 ** np.arange(-5, 5)) for i in range(3)}),
}


@pytest.mark.parametrize("figure", OF_TABLES)
@pytest.mark.parametrize("traces", STUDIES.values(), ids=STUDIES)
def test_draws_every_study(figure, traces, tmp_path):
    drawn = plugin("figures", figure).draw(traces, summarise(traces))
    save(drawn, tmp_path / "drawn.pdf")
    assert drawn.axes


@pytest.mark.parametrize("figure", OF_TABLES)
def test_draws_the_same_bytes_every_time(tmp_path, figure):
    traces = STUDIES["two optimizers"]
    for name in ("1.pdf", "2.pdf", "1.png"):
        save(plugin("figures", figure).draw(traces, summarise(traces)), tmp_path / name)
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
        drawn = plugin("figures", name).draw(traces, summarise(traces))
        assert any("diverged" in text for text in texts(drawn))


def drawn_of(figure: str, traces: pd.DataFrame):
    return plugin("figures", figure).draw(traces, summarise(traces))


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
    drawn = plugin("figures", "heatmap").draw(STUDIES["two optimizers"], summary)
    shown = texts(drawn)
    for accuracy in summary["final_test_accuracy_median"]:
        assert any(text.startswith(f"{accuracy:.3f}") for text in shown)


def test_every_seed_is_a_dot():
    traces = STUDIES["two optimizers"]
    drawn = plugin("figures", "final_by_step_size").draw(traces, summarise(traces))
    accuracy = drawn.axes[0]
    dots = [
        d
        for line in accuracy.get_lines()
        if line.get_linestyle() == "None"
        for d in line.get_ydata()
    ]
    final = traces[traces["step"] == traces["step"].max()]
    assert sorted(dots) == sorted(final["test_accuracy"])


def test_close_step_sizes_have_colours_that_can_be_told_apart():
    colours = step_size_colours(pd.Series([0.01, 1.9, 2, 2.05, 100]))
    light = [sum(colour[:3]) for colour in colours.values()]
    assert list(colours) == [0.01, 1.9, 2, 2.05, 100]
    assert light == sorted(light)
    assert min(np.diff(light)) > 0.05


def test_every_optimizer_is_drawn():
    traces = study({f"optimizer_{i}": [0.1, 1] for i in range(9)})
    drawn = plugin("figures", "final_by_step_size").draw(traces, summarise(traces))
    labels = [text.get_text() for text in drawn.axes[1].get_legend().get_texts()]
    assert labels == [f"optimizer_{i}" for i in range(9)]


@pytest.mark.parametrize("figure", OF_TABLES)
def test_a_regression_is_drawn_without_accuracy(figure):
    if "classification" in given("figures", figure).NEEDS:
        pytest.skip("needs a classification")
    traces = STUDIES["two optimizers"].drop(columns="test_accuracy")
    drawn = plugin("figures", figure).draw(traces, summarise(traces))
    assert drawn.axes
    assert not any("accuracy" in text for text in texts(drawn))


def test_a_run_that_diverged_does_not_stretch_the_axes():
    traces = STUDIES["two optimizers"].copy()
    far = (traces["optimizer"] == "gd") & (traces["step_size"] == 100)
    for column in ("objective", "test_loss", *distances_of(traces)):
        traces.loc[far, column] = 10.0 ** (30 * traces["step"])
    for figure in ("distance", "optimum_distance", "final_by_step_size"):
        drawn = plugin("figures", figure).draw(traces, summarise(traces))
        assert max(axes.get_ylim()[1] for axes in drawn.axes) < 1000


BOWL = {0.1: "creeping", 1: "converging", 1.9: "oscillating", 2.05: "diverging"}


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
            columns = trace(runs[name, step_size], data, net, evaluator)
            labels = {"optimizer": name, "step_size": step_size, "engine": name}
            labels["batch_size"] = "full"
            traces.append(pd.DataFrame(columns).assign(**labels))
    named = {"study": "bowl", "dataset": "bowl", "model": "linear_regression"}
    return pd.concat(traces).assign(**named), runs, data, plugin("models", "linear_regression")


def test_the_bowl_shows_the_four_things_that_a_step_size_can_do(bowl, tmp_path):
    from descent.figures.trajectories import draw

    traces, *others = bowl
    summary = summarise(traces)
    drawn = draw(traces, summary, *others)
    titles = [axes.get_title() for axes in drawn.axes]
    assert titles == 2 * [f"α = {step_size:g}: {word}" for step_size, word in BOWL.items()]
    note = next(text for text in texts(drawn) if "differ" in text)
    assert note.startswith("engines numpy and torch differ by at most")
    assert float(re.search(r"at most (\S+)", note)[1]) < 1e-13
    for name in ("1.png", "2.png"):
        save(draw(traces, summary, *others), tmp_path / name)
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


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
    ("medians", "good"),
    [
        ([0.5, 0.885, 0.9, np.nan], [1, 10]),
        ([0.9, 0.5, 0.895, 0.89], [0.1]),  # a gap ends the range
        ([0.89, 0.5, 0.895, 0.9], [10, 100]),
        ([np.nan] * 4, []),
    ],
)
def test_good_step_sizes_are_those_around_the_best_that_come_near_it(medians, good):
    from descent.figures.sensitivity import good_step_sizes

    runs = pd.DataFrame({"step_size": [0.1, 1, 10, 100], "final_test_accuracy_median": medians})
    assert good_step_sizes(runs).tolist() == good


@pytest.mark.parametrize("steps", [1, 2])
def test_a_short_path_has_a_behaviour(steps):
    from descent.figures.trajectories import behaviour

    path = np.array([[0.0, 0], [0.9, 0.9], [0.95, 0.95]])[: steps + 1]
    assert behaviour(path, np.ones(2)) == "converging"
