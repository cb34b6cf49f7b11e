"""Figures of iterates: paths over the plane, and weights as images."""

import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from drawing import texts
from made_up import NAMED

from descent.analysis.summary import summary
from descent.datasets import bowl as bowl_dataset
from descent.evaluation.trace import trace
from descent.figures import trajectories, weights
from descent.plugins import plugin
from descent.run import Run

EVALUATOR = plugin("evaluation", "numpy")

BOWL = {0.1: "descending", 1: "descending", 1.9: "converged", 2.05: "diverged"}


@pytest.fixture(scope="module")
def bowl():
    """What a figure of the bowl reads: by both engines, all step sizes."""
    data = bowl_dataset.obtain(None, None)
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
            net = plugin("models", run.model)
            minimiser = net.optimum(data.x_train, data.y_train, 0.0, bias=False)
            columns = trace(runs[name, step_size], data, net, EVALUATOR, minimiser)
            labels = {"optimizer": name, "step_size": step_size, "engine": name}
            labels["batch_size"] = "full"
            traces.append(pd.DataFrame(columns).assign(**labels))
    named = {"study": "bowl", "dataset": "bowl", "model": "linear_regression"}
    return pd.concat(traces).assign(**named), runs, data, plugin("models", "linear_regression")


def test_engines_that_agree_share_a_row_with_the_words_of_the_summary(bowl):
    traces, *others = bowl
    drawn = trajectories.draw(traces, summary(traces), *others)
    titles = [axes.get_title() for axes in drawn.axes]
    assert titles == [f"α = {step_size:g}: {word}" for step_size, word in BOWL.items()]
    (words,) = (text for text in texts(drawn) if "the same to" in text)
    assert words.startswith("numpy (numpy) and torch (torch): the same to")
    assert float(re.search(r"to (\S+) of", words)[1]) < 1e-13


def test_runs_that_differ_have_rows_of_their_own(bowl):
    traces, runs, *others = bowl
    other = runs["torch", 1]
    moved = replace(other, parameters={"A": other.parameters["A"] * (1 + 1e-5)})
    drawn = trajectories.draw(traces, summary(traces), {**runs, ("torch", 1): moved}, *others)
    assert len(drawn.axes) == 2 * len(BOWL)
    assert not any("the same" in text for text in texts(drawn))


def test_the_optimum_is_that_of_the_training_samples(bowl):
    traces, runs, data, model = bowl
    validated = {
        key: replace(run, provenance=run.provenance | {"validation": 1})
        for key, run in runs.items()
    }
    drawn = trajectories.draw(traces, summary(traces), validated, data, model)
    x, y = data.x_train[:-1], data.y_train[:-1]
    optimum = model.optimum(x, y, 0.0, bias=False)["A"][0]
    assert not np.allclose(optimum, 1)
    (cross,) = (line for line in drawn.axes[0].get_lines() if line.get_marker() == "x")
    np.testing.assert_allclose([*cross.get_xdata(), *cross.get_ydata()], optimum)


def test_both_engines_walk_the_path_of_the_closed_form(bowl):
    # w_t - w* = (I - α XᵀX/n)ᵗ (w_0 - w*)
    _, runs, data, _ = bowl
    curvature = data.x_train.T @ data.x_train / len(data.x_train)
    assert np.allclose(np.linalg.eigvalsh(curvature), [1 / 20, 1])
    for (_, step_size), run in runs.items():
        once = np.eye(2) - step_size * curvature
        for t, w in zip(run.step, run.parameters["A"][0, :, 0], strict=True):
            expected = 1 - np.linalg.matrix_power(once, t) @ np.ones(2)
            np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-12)


@pytest.fixture(scope="module")
def images(digits):
    """What a figure of the weights reads: three step sizes, of which the last is too large."""
    data, net = digits, plugin("models", "softmax_regression")
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
        columns = trace(runs["sgd", step_size], data, net, EVALUATOR)
        labels = {"optimizer": "sgd", "step_size": step_size, "batch_size": "100"}
        traces.append(pd.DataFrame(columns).assign(**labels))
    joined = pd.concat(traces).assign(**NAMED)
    joined.loc[joined["step_size"] == 30, "test_accuracy"] /= 2  # so that 0.1 is the best
    return joined, runs, data, net


def test_the_weights_of_each_class_are_the_rows_of_a(images):
    traces, runs, *others = images
    drawn = weights.draw(traces, summary(traces), runs, *others)
    shown = np.asarray(drawn.axes[1].images[0].get_array())
    run = runs["sgd", 0.1]
    rows = weights.moments(run.step)[1:]  # the start stands above
    for i, moment in enumerate(rows):
        for c in range(10):
            panel = shown[9 * i : 9 * i + 8, 9 * c : 9 * c + 8]
            assert (panel == run.parameters["A"][0, moment, c].reshape(8, 8)).all()
    assert rows[-1] == len(run.step) - 1
    assert drawn.axes[1].images[0].norm.vmax == np.abs(run.parameters["A"][0, -1]).max()
    titles = [axes.get_title(loc="left") for axes in drawn.axes[:3]]
    words = {"small": 0.001, "best": 0.1, "too large": 30}
    assert titles == [f"{word} step size, α = {size:g}" for word, size in words.items()]


def test_samples_shown_as_wrong_are_wrong(images):
    traces, runs, data, net = images
    drawn = weights.draw(traces, summary(traces), runs, data, net)
    predicted = weights.predictions(runs["sgd", 0.1], data, net)
    last = traces[(traces["step_size"] == 0.1) & (traces["seed"] == 3)].iloc[-1]
    assert (predicted == data.y_test).mean() == last["test_accuracy"]
    (axes,) = (axes for axes in drawn.axes if "wrong" in axes.get_title())
    wrong = np.flatnonzero(predicted != data.y_test)[: len(axes.texts)]
    assert [text.get_text() for text in axes.texts] == [
        f"{data.y_test[i]} → {predicted[i]}" for i in wrong
    ]
    shown = np.asarray(axes.images[0].get_array())
    assert (shown[:8, 9:17] == data.x_test[wrong[1]].reshape(8, 8)).all()


def test_weights_are_drawn_whatever_diverged(images):
    traces, runs, *others = images
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
        drawn = weights.draw(lost, summary(lost), nowhere, *others)
        drawn.draw_without_rendering()
        assert drawn.axes
