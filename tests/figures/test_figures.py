"""What the figures draw, compared with the tables that they read."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from made_up import NAMED, NOTHING, STUDIES, batch_sizes, study, summary_of, theory_of
from matplotlib.markers import CARETUP
from matplotlib.text import Text

from descent.analysis.predictions import measured_limits
from descent.analysis.summary import summary
from descent.evaluation import numpy as evaluator
from descent.evaluation.trace import trace
from descent.figures import FIGURES, caption, drawing
from descent.figures._style import SIGNS, optimizer_looks, step_size_colours
from descent.figures.curves import MOST
from descent.figures.limit_map import COLOURS, LONGEST, period
from descent.figures.recall import predictions
from descent.figures.sensitivity import decades, good_step_sizes
from descent.figures.weights import moments
from descent.plugins import plugin
from descent.run import Run
from descent.theory.results import OptimizerTheory, TheoryResults

OF_TABLES = [name for name, figure in FIGURES.items() if figure.reads != "iterates"]


def drawn_of(figure: str, traces: pd.DataFrame, table=None, theory: TheoryResults | None = None):
    """Draw a figure of a made-up study, with the columns and the theory that it requires."""
    if figure in ("floor", "limit_by_batch_size") and "excess" not in traces:
        traces = traces.assign(excess=traces["objective"])
    if figure == "curvature" and "curvature" not in traces:
        curvature = (2 + traces["seed"] + traces["step"]).where(traces["batch_size"] == "full")
        traces = traces.assign(curvature=curvature, curvature_error=curvature / 10)
    if figure == "steps_to_target":
        table = summary(traces, 0.5)
    theory = theory or (theory_of(traces) if "excess" in traces else NOTHING)
    if figure == "schedules":
        theory = theory_of(traces)
        first, *others = theory.optimizers  # whose best step size is half of that of the others
        for name in others:
            optimizer = replace(theory.optimizers[name], constant=first, step_ratio=2.0)
            theory.optimizers[name] = optimizer
    reads = [traces, summary(traces) if table is None else table]
    return drawing(figure)(*reads, *([theory] if FIGURES[figure].reads == "theory" else []))


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def marks(axes, marker: str) -> list[tuple]:
    lines = [line for line in axes.get_lines() if line.get_marker() == marker]
    return [tuple(point) for line in lines for point in line.get_xydata()]


def coloured(axes, colour) -> list:
    """The lines of this colour with at least three points."""
    lines = [line for line in axes.get_lines() if line.get_color() == colour]
    return [line for line in lines if len(line.get_xdata()) >= 3]


def upright(axes) -> list:
    """The vertical lines from edge to edge."""
    return [line for line in axes.get_lines() if list(line.get_ydata()) == [0, 1]]


@pytest.mark.parametrize("figure", OF_TABLES)
@pytest.mark.parametrize("name", STUDIES)
def test_draws_every_study(figure, name):
    traces = STUDIES[name]
    if "batch_size" in figure and traces["batch_size"].nunique() < 3:
        return
    if figure == "schedules" and traces["optimizer"].nunique() < 2:
        return
    if figure == "curvature" and "full" not in set(traces["batch_size"]):
        return
    drawn = drawn_of(figure, traces, summary_of(name))
    drawn.draw_without_rendering()
    assert drawn.get_figwidth() <= 8


def test_every_figure_has_its_own_caption():
    assert len({caption(figure) for figure in FIGURES}) == len(FIGURES)


def test_every_status_has_its_sign():
    traces = study({"gd": [0.1, 1, 100]})
    traces["rises"] = traces["step"].where(traces["step_size"] == 1, 0)
    table = summary(traces)
    assert [*table["status"]] == ["descending", "oscillating", "diverged"]
    _, _, strip = drawn_of("final_by_step_size", traces, table).axes
    shown = [marks(strip, SIGNS[word]) for word in table["status"]]
    assert shown == [[(a, 0)] for a in table["step_size"]]
    drawn = drawn_of("loss", traces, table)
    assert {*table["status"]} <= {text.get_text() for text in drawn.legends[0].get_texts()}


def test_a_line_is_the_median_and_thin_lines_are_the_seeds():
    traces = study({"gd": [0.1, 0.2]})
    (axes,) = drawn_of("loss", traces).axes
    for step_size, colour in step_size_colours(traces["step_size"]).items():
        seeds = traces[traces["step_size"] == step_size].pivot(
            index="step", columns="seed", values="objective"
        )
        (line,) = coloured(axes, colour)
        np.testing.assert_array_equal(line.get_xdata(), seeds.index)  # with step 0
        np.testing.assert_allclose(line.get_ydata(), seeds.median(axis=1))
    thin = [line for many in axes.collections for line in many.get_segments()]
    assert len(thin) == 6
    np.testing.assert_array_equal(thin[3][:, 1], seeds[0])


def test_many_step_sizes_are_thinned_out_between_the_smallest_and_the_largest():
    traces = study({"gd": list(np.geomspace(0.01, 1, 300))}, seeds=1)
    (axes,) = drawn_of("loss", traces).axes
    starts = {tuple(line.get_ydata()) for line in axes.get_lines() if len(line.get_xdata()) == 9}
    by_run = traces.groupby("step_size")["objective"].agg(tuple)
    assert len(starts) == MOST
    assert {by_run.iloc[0], by_run.iloc[-1]} <= starts <= {*by_run}


def test_an_expected_curve_has_the_colour_of_its_run():
    traces = study({"gd": [0.1, 1, 5], "sgd": [0.1, 0.2]})  # 5 is beyond its limit
    traces["excess"] = traces["objective"]
    theory = theory_of(traces)
    drawn = drawn_of("loss", traces, theory=theory)
    panels = dict(zip(("gd", "sgd"), drawn.axes, strict=True))
    colours = step_size_colours(traces["step_size"])
    for (optimizer, step_size), run in traces.groupby(["optimizer", "step_size"]):
        measured, *expected = coloured(panels[optimizer], colours[step_size])
        means = run.groupby("step")["excess"].mean()
        np.testing.assert_allclose(measured.get_ydata(), means)
        rows = theory.expected.query("optimizer == @optimizer and step_size == @step_size")
        assert len(expected) == (len(rows) > 0)
        for line in expected:
            sums = rows["from_start"] + rows["from_noise"].fillna(0)
            np.testing.assert_array_equal(line.get_ydata(), sums)
    assert "mean and range of 3 seeds" in drawn.get_suptitle()


def test_a_line_continues_after_values_beyond_the_axis():
    traces = study({"gd": [0.1, 0.2]}, seeds=1)
    away = (traces["step_size"] == 0.2) & traces["step"].isin([3, 4])
    traces.loc[away, "objective"] = 1e6
    (axes,) = drawn_of("loss", traces).axes
    top = axes.get_ylim()[1]
    assert top < 100
    assert marks(axes, CARETUP) == [(3, top)]
    (line,) = coloured(axes, step_size_colours(traces["step_size"])[0.2])
    assert len(line.get_ydata()) == 9
    assert (line.get_ydata()[5:] < top).all()


@pytest.mark.parametrize("others", [[0.1], []])
def test_a_diverged_run_is_visible(others):
    traces = study({"gd": [*others, 100]}, seeds=1)
    run = traces["step_size"] == 100
    traces.loc[run, "objective"] = 2.0 ** traces["step"]
    traces.loc[run & (traces["step"] > 4), "objective"] = np.inf
    (axes,) = drawn_of("loss", traces).axes
    low, high = axes.get_ylim()
    (line,) = coloured(axes, step_size_colours(traces["step_size"])[100])
    inside = line.get_ydata()[(line.get_ydata() >= low) & (line.get_ydata() <= high)]
    assert len(inside) >= 4
    assert marks(axes, SIGNS["diverged"])[0] == (5, high)


def test_an_accuracy_of_100_percent_is_drawn_at_its_label():
    traces = study({"sgd": [0.1]})
    traces.loc[traces["step"] >= 6, "test_accuracy"] = 1.0
    (axes,) = drawn_of("accuracy", traces).axes
    (line,) = coloured(axes, step_size_colours(traces["step_size"])[0.1])
    labels = dict(zip(axes.get_yticks(), map(Text.get_text, axes.get_yticklabels()), strict=True))
    assert labels[line.get_ydata()[-1]] == "100 %"


def test_the_same_path_is_drawn_against_step_size_times_steps():
    traces = study({"sgd": [0.125, 0.5], "gd": [2]}, seeds=1)
    averages = traces[traces["optimizer"] == "sgd"].assign(optimizer="sgd_average")
    for axes in drawn_of("same_path", pd.concat([traces, averages])).axes:
        paths = [line.get_xdata() for line in axes.get_lines() if len(line.get_xdata()) > 1]
        np.testing.assert_array_equal(paths, np.outer([0.125, 0.5, 2], np.arange(1, 9)))


def test_distances_are_to_the_minimiser_or_to_the_last_iterate_relative_to_the_start():
    traces = study({"sgd": [0.1]}, seeds=1).assign(optimum_distance_b=lambda t: 2 * t["step"])
    (axes,) = drawn_of("distance", traces).axes
    total = np.hypot(traces["optimum_distance_A"], traces["optimum_distance_b"])
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), total)
    unknown = traces.drop(columns=["optimum_distance_A", "optimum_distance_b"])
    for axes in drawn_of("distance", unknown).axes:  # A, b
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), 1 - np.arange(9) / 8)


def test_curvature_is_drawn_for_full_batches_also_relative_to_two_over_the_step_size():
    traces = study({"gd": [0.1, 0.5], "sgd": [0.1]})
    _, curvature, sharpness = drawn_of("curvature", traces).axes
    for step_size, colour in step_size_colours(pd.Series([0.1, 0.5])).items():
        (line,) = coloured(curvature, colour)
        np.testing.assert_array_equal(line.get_ydata(), 3 + np.arange(9))  # of three seeds
        (line,) = coloured(sharpness, colour)
        np.testing.assert_allclose(line.get_ydata(), (3 + np.arange(9)) * step_size / 2)


def test_the_end_of_a_run_that_oscillates_is_the_median_of_its_last_quarter():
    traces = study({"gd": [0.1, 1]})
    run = traces["step_size"] == 1
    traces["rises"] = traces["step"].where(run, 0)
    traces.loc[run & (traces["step"] == 8), "test_loss"] = 0.9  # at the last step alone
    late = traces[run & (traces["step"] > 6)].groupby("seed")["test_loss"].median()
    table = summary(traces)
    last = traces[~run & (traces["step"] == 8)]["test_loss"]
    np.testing.assert_allclose(table["final_test_loss_median"], [last.median(), late.median()])


def test_limit_lines_are_at_the_limits_of_the_theory():
    traces = batch_sizes([0.01, 0.1, 1, 3])
    traces["excess"] = traces["objective"]
    theory = theory_of(traces)
    colours = {name: look["color"] for name, look in optimizer_looks(summary(traces)).items()}
    expected = {("gd", "--"): 2.0, ("gd", "-."): 0.5, ("sgd", "--"): 0.3, ("mini", "--"): 1.2}
    expected = {(colours[name], line): limit for (name, line), limit in expected.items()}
    drawn = drawn_of("final_by_step_size", traces, theory=theory)
    for axes in drawn.axes[:2]:
        found = {(of.get_color(), of.get_linestyle()): of.get_xdata()[0] for of in upright(axes)}
        assert found == expected
    assert "limit near the minimiser" in texts(drawn)
    for name, known in theory.optimizers.items():
        theory.optimizers[name] = replace(known, limit_is_upper_bound=True)
    for figure in ("final_by_step_size", "floor"):
        shown = texts(drawn_of(figure, traces, theory=theory))
        assert "limit near the minimiser, at most" in shown


def test_the_floor_is_that_of_the_tables_and_of_the_theory():
    step_sizes = np.array([0.05, 0.1, 0.2, 1])
    traces = batch_sizes([*step_sizes])
    traces["excess"] = traces["objective"]
    axes = drawn_of("floor", traces).axes[0]
    late = traces[traces["step"] > 6].groupby(["optimizer", "step_size", "seed"])["excess"].mean()
    bars = {bars[0].get_color(): bars for bars in axes.containers}
    for optimizer, (samples, limit) in {"sgd": (1, 0.3), "mini": (32, 1.2)}.items():
        colour, seeds = optimizer_looks(summary(traces))[optimizer]["color"], late[optimizer]
        marked, _, (ends,) = bars.pop(colour)
        np.testing.assert_allclose(marked.get_ydata(), seeds.unstack().mean(axis=1))
        lengths = [np.ptp(end[:, 1]) for end in ends.get_segments()]
        np.testing.assert_allclose(lengths, 4 * seeds.unstack().std(axis=1) / np.sqrt(3))
        below = step_sizes[step_sizes < limit]
        added = 1.075 * below  # mean of theory_of at steps 7 and 8
        left = (np.exp(-7 * below) + np.exp(-8 * below)) / 2
        lines = [line.get_ydata() for line in coloured(axes, colour) if line.get_marker() == "None"]
        np.testing.assert_allclose(lines, [added, added + left, below * 3 / (4 * samples)])
    assert not bars


@pytest.mark.parametrize(
    ("medians", "good", "beyond", "says"),
    [
        ([0.87, 0.885, 0.9, np.nan], (1, 10), (0.1, 100), "1 to 3 decades"),
        ([0.9, 0.5, 0.895, 0.89], (0.1, 0.1), (None, 1), "not resolved"),  # a gap ends the range
        ([0.89, 0.5, 0.895, 0.9], (10, 100), (1, None), "1 decades or more"),
        ([0.5, 0.9, 0.6, 0.9], (1, 1), (0.1, 10), "under 2 decades"),
    ],
)
def test_good_step_sizes_are_neighbours_of_the_best_with_nearly_its_accuracy(
    medians, good, beyond, says
):
    runs = pd.DataFrame({"step_size": [0.1, 1, 10, 100], "final_test_accuracy_median": medians})
    assert good_step_sizes(runs) == (good, beyond)
    assert decades(*good, *beyond) == says


def test_steps_to_the_target_are_those_of_the_summary():
    traces = study({"gd": [0.1, 0.2, 1], "sgd": [1e-9]}, seeds=1)
    table, axes = summary(traces, 0.5), drawn_of("steps_to_target", traces).axes[0]
    look = optimizer_looks(table)
    (line,) = coloured(axes, look["gd"]["color"])
    steps = table.set_index("optimizer").loc["gd", "steps_to_target_median"]
    np.testing.assert_array_equal(line.get_ydata(), np.where(np.isfinite(steps), steps, np.nan))
    (missed,) = marks(axes, SIGNS["diverged"])
    assert missed == (1e-9, axes.get_ylim()[1])


def test_the_expected_best_step_size_of_a_schedule_is_a_multiple_of_the_constant_one():
    step_sizes = [0.01, 0.1, 1, 10, 100]
    traces = study({"gd": step_sizes, "sgd": step_sizes}, seeds=1)
    traces["objective"] = np.log10(traces["step_size"]) ** 2 + 1  # lowest at 1
    colours = {name: look["color"] for name, look in optimizer_looks(summary(traces)).items()}
    (axes,) = drawn_of("schedules", traces).axes
    dashed = [line for line in axes.get_lines() if line.get_linestyle() == "--"]
    expected = {line.get_color(): line.get_xdata()[0] for line in dashed}
    assert expected[colours["sgd"]] == pytest.approx(2)
    measured = [x for x, _ in marks(axes, CARETUP)]
    assert measured == pytest.approx([1, 1])


def test_limits_by_batch_size_are_those_of_theory_and_of_the_predictions():
    traces = batch_sizes([0.1, 1, 10]).assign(excess=lambda table: table["objective"])
    theory, table = theory_of(traces), summary(traces)
    (axes,) = drawn_of("limit_by_batch_size", traces, theory=theory).axes
    (line,) = (line for line in axes.get_lines() if len(line.get_xdata()) == 3)
    np.testing.assert_array_equal(line.get_ydata(), [0.3, 1.2, 2.0])
    np.testing.assert_array_equal(line.get_xdata(), [1, 32, 70])
    limits = [limit[2:] for limit in measured_limits(traces, table, theory)]
    finite = [[a, b if np.isfinite(b) else a] for a, b in limits if np.isfinite(a)]
    bars = [bar for many in axes.collections for bar in many.get_segments() if len(bar)]
    assert sorted(bar[:, 1].tolist() for bar in bars) == sorted(finite)


def of_logistic_map(step_sizes: list[float]) -> pd.DataFrame:
    """Traces with the objective 1 + x, where x ← α x (1 - x), whose period depends on α."""
    runs = []
    for step_size in step_sizes:
        for seed in range(2):
            x = [0.4 + seed / 100]
            for _ in range(4000):
                x.append(step_size * x[-1] * (1 - x[-1]))
            run = pd.DataFrame({"step": range(1001), "objective": 1 + np.array(x[-1001:])})
            runs.append(run.assign(optimizer="gd", step_size=step_size, seed=seed))
    return pd.concat(runs, ignore_index=True)


def test_the_limit_map_shows_every_value_of_the_last_quarter_by_its_period():
    names = dict(zip((2.8, 3.2, 3.5, 3.55, 3.83, 3.9), COLOURS, strict=False))  # of the map
    traces = of_logistic_map([*names])
    theory = TheoryResults(
        {}, {"gd": OptimizerTheory("plain", True, 0.0, "full", 3.0, limit_from_anywhere=2.9)}
    )
    table = traces[["optimizer", "step_size"]].drop_duplicates().assign(seeds=2, **NAMED)
    drawn = drawing("limit_map")(traces, table, theory)
    above, below = drawn.axes[:2]
    last = traces[traces["step"] > 750]
    for name, colour in list(COLOURS.items())[: len(names)]:
        (line,) = (line for line in above.get_lines() if line.get_color() == colour)
        expected = last[last["step_size"].map(names) == name]
        np.testing.assert_array_equal(line.get_xydata(), expected[["step_size", "objective"]])
    cells = below.collections[0]
    assert cells.get_array().tolist() == [[*range(6)]] * 2
    middle = [(a + b) / 2 for a, b in zip([*names][:-1], [*names][1:], strict=True)]
    np.testing.assert_allclose(cells.get_coordinates()[0, 1:-1, 0], middle)
    assert "another: 3" in texts(drawn)
    limits = {line.get_xdata()[0]: line.get_linestyle() for line in upright(above)}
    assert limits == {3.0: "--", 2.9: "-."}


T = np.arange(400)
NOISE = np.random.default_rng(0).normal(size=len(T))
PERIODS = {
    "at rest": (np.full(250, 0.7), 1),
    "slowly converging": (0.7 + np.exp(-T / 1000), 1),
    "a two-cycle across a quadratic, equally high": (0.5 * (-1.0) ** (2 * T), 1),
    "across a quadratic, diverging": (0.5 * 1.001 ** (2 * T), 0),
    "the longest": (T % LONGEST / 7, LONGEST),
    "a decaying cycle": (1 + (-1.0) ** T * np.exp(-T / 400), 0),
    "a noisy cycle": (1 + (T % 2) + 1e-3 * NOISE.clip(-2, 2), 2),
    "noise": (1 + 0.1 * NOISE, 0),
    "fewer than four repetitions": (np.arange(7) % 2, 0),
    "four repetitions": (np.arange(8) % 2, 2),
}


@pytest.mark.parametrize("case", PERIODS)
def test_the_period_of_an_objective(case):
    objective, expected = PERIODS[case]
    assert period(np.asarray(objective, float)) == expected


def trained(name: str, optimizers: dict[str, str], step_sizes: list[float], **keys) -> tuple:
    """The traces, the iterates, the data and the model; optimizers: the engine of each."""
    data = plugin("datasets", name).obtain(None, None)
    runs, traces, model = {}, [], plugin("models", keys["model"])
    for optimizer, engine in optimizers.items():
        for step_size in step_sizes:
            run = Run(step_size=step_size, **keys)
            iterates = plugin("engines", engine).train(run, data, lambda steps: None)
            provenance = asdict(run) | {"engine": engine, "dataset": name}
            runs[optimizer, step_size] = replace(iterates, provenance=provenance)
            columns = trace(runs[optimizer, step_size], data, model, evaluator)
            labels = {"optimizer": optimizer, "step_size": step_size}
            labels["batch_size"] = str(run.batch_size)
            traces.append(pd.DataFrame(columns).assign(**labels))
    return pd.concat(traces, ignore_index=True).assign(**NAMED), runs, data, model


@pytest.fixture(scope="module")
def bowl() -> tuple:
    keys = {"model": "linear_regression", "model_options": {"bias": False}, "seeds": (0,)}
    keys |= {"batch_size": "full", "epochs": 40, "evaluate_every": 1, "initial": "zeros"}
    optimizers = {"by_hand": "numpy", "autograd": "torch"}
    return trained("bowl", optimizers, [0.1, 1, 1.9, 2.05], dtype="float64", **keys)


def test_engines_that_agree_share_a_row_and_others_do_not(bowl):
    traces, runs, *others = bowl
    table = summary(traces)
    drawn = drawing("trajectories")(traces, table, runs, *others)
    titles = [axes.get_title() for axes in drawn.axes[:-1]]
    words = dict(zip(table["step_size"], table["status"], strict=True))
    assert titles == [f"α = {a:g}: {word} {SIGNS[word]}" for a, word in words.items()]
    assert any(text.startswith("by_hand and autograd, the same to") for text in texts(drawn))
    moved = replace(
        runs["autograd", 1], parameters={"A": runs["autograd", 1].parameters["A"] * 1.01}
    )
    drawn = drawing("trajectories")(traces, table, {**runs, ("autograd", 1): moved}, *others)
    assert len(drawn.axes) == 2 * len(words) + 1


def test_the_factor_per_step_is_1_minus_step_size_times_curvature(bowl):
    traces, runs, *others = bowl
    axes = drawing("trajectories")(traces, summary(traces), runs, *others).axes[-1]
    largest, smallest = axes.get_lines()[:2]  # L = 1, μ = 1/20
    a = largest.get_xdata()
    np.testing.assert_allclose(largest.get_ydata(), np.abs(1 - a), atol=1e-9)
    np.testing.assert_allclose(smallest.get_ydata(), np.abs(1 - a / 20), atol=1e-9)
    (measured,) = (line for line in axes.get_lines() if line.get_label() == "by_hand, measured")
    slowest = [max(abs(1 - a), abs(1 - a / 20)) for a in measured.get_xdata()]
    np.testing.assert_allclose(measured.get_ydata(), slowest, rtol=0.01)


@pytest.fixture(scope="module")
def digits() -> tuple:
    keys = {"model": "softmax_regression", "batch_size": 100, "epochs": 4, "evaluate_every": 15}
    return trained("digits", {"sgd": "numpy"}, [0.001, 0.1, 30.0], seeds=(3, 1), **keys)


def test_recall_is_the_share_of_correct_predictions_in_a_class(digits):
    traces, runs, data, model = digits
    run = runs["sgd", 0.1]
    no_threes = run.parameters["b"].copy()
    no_threes[0, -1, 3] = -1e9
    runs = {**runs, ("sgd", 0.1): replace(run, parameters=run.parameters | {"b": no_threes})}
    drawn = drawing("recall")(traces, summary(traces), runs, data, model)
    assert [axes.get_title() for axes in drawn.axes] == [str(label) for label in range(10)]
    for label, axes in enumerate(drawn.axes):
        dots = [y for x, y in marks(axes, "o") if x == 0.1]
        predicted = [predictions(runs["sgd", 0.1], place, data, model) for place in (0, 1)]
        expected = [(p[data.y_test == label] == label).mean() for p in predicted]
        np.testing.assert_allclose(dots, expected)
        assert (min(dots) == 0) == (label == 3)


def test_weights_are_the_rows_of_a_and_samples_shown_as_wrong_are_wrong(digits):
    traces, runs, data, model = digits
    best = summary(traces).set_index("step_size")["final_test_accuracy_median"].idxmax()
    drawn = drawing("weights")(traces, summary(traces), runs, data, model)
    run = runs["sgd", best]
    (axes,) = (axes for axes in drawn.axes if axes.get_title(loc="left").startswith("best"))
    shown = np.asarray(axes.images[0].get_array())
    for i, moment in enumerate(moments(run.step)):
        for label in range(10):
            panel = shown[9 * i : 9 * i + 8, 9 * label : 9 * label + 8]
            assert (panel == run.parameters["A"][0, moment, label].reshape(8, 8)).all()
    predicted = predictions(run, 0, data, model)
    last = traces[(traces["step_size"] == best) & (traces["seed"] == 3)].iloc[-1]
    assert (predicted == data.y_test).mean() == last["test_accuracy"]
    wrong = np.flatnonzero(predicted != data.y_test)
    (axes,) = (axes for axes in drawn.axes if "wrong" in axes.get_title())
    assert [text.get_text() for text in axes.texts] == [
        f"{data.y_test[i]} → {predicted[i]}" for i in wrong[: len(axes.texts)]
    ]
    shown = np.asarray(axes.images[0].get_array())
    assert (shown[:8, 9:17] == data.x_test[wrong[1]].reshape(8, 8)).all()


@pytest.mark.parametrize("figure", ["weights", "recall"])
def test_iterates_are_drawn_when_some_or_all_diverged(digits, figure):
    traces, runs, *others = digits
    for ended in (30, 0.001):  # one run, all runs
        lost = traces["step_size"] >= ended
        names = [name for name in traces if "accuracy" in name or "loss" in name]
        table = traces.assign(**{name: traces[name].where(~lost) for name in [*names, "objective"]})
        nowhere = {
            key: replace(run, parameters={n: p * np.nan for n, p in run.parameters.items()})
            for key, run in runs.items()
            if key[1] >= ended
        }
        drawing(figure)(table, summary(table), runs | nowhere, *others).draw_without_rendering()
