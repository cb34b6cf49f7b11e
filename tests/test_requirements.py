"""The engines and evaluators of `auto`, and the figures and panels that fit a study."""

from dataclasses import replace

import pytest

from descent import engines, evaluation
from descent.figures import FIGURES, unmet_requirement
from descent.plugins import available, plugin
from descent.run import Run
from descent.store.data import Size
from descent.theory.scope import no_minimiser, no_theory

MNIST = Size(train=60_000, test=10_000, features=784, outputs=10, image=(28, 28))
DIGITS = Size(train=1500, test=297, features=64, outputs=10, image=(8, 8))
TABLE = replace(DIGITS, image=None)
DIABETES = Size(train=354, test=88, features=10, outputs=1, task="regression")
BOWL = Size(train=4, test=4, features=2, outputs=1, task="regression")

SIGMOID, SOFTMAX = {"model": "sigmoid_softmax"}, {"model": "softmax_regression"}
STRONGLY_CONVEX = SOFTMAX | {"l2": 0.001}
LEAST_SQUARES = {"model": "linear_regression", "dtype": "float64"}
PLANE = LEAST_SQUARES | {"model_options": {"bias": False}, "batch_size": "full"}
NETWORK = {"model": "neural_network"}
RUN = {"step_size": 0.1, "batch_size": 1, "epochs": 2, "evaluate_every": 9, "seeds": (0, 1, 2)}
RUN = Run(model="sigmoid_softmax", **RUN)


@pytest.mark.parametrize(
    ("keys", "size", "cpu", "gpu"),
    [
        (SIGMOID, MNIST, "numba", "numba"),
        (SIGMOID | {"batch_size": "full"}, MNIST, "numba", "torch"),
        (SOFTMAX | {"batch_size": "full", "schedule": "cosine"}, DIGITS, "numba", "numba"),
        (SOFTMAX | {"update_rule": "momentum"}, DIGITS, "numpy", "numpy"),
        (SOFTMAX | {"batch_size": 16}, DIGITS, "numpy", "numpy"),
        (SOFTMAX, replace(DIGITS, outputs=500), "numpy", "numpy"),
        (LEAST_SQUARES | {"average_from": 1}, DIABETES, "numba", "numba"),
        (NETWORK | {"batch_size": 512}, MNIST, "numpy", "torch"),
    ],
)
def test_the_engine_of_auto(keys, size, cpu, gpu):
    run = replace(RUN, **keys)
    assert engines.choose(run, size, gpu=False) == cpu
    assert engines.choose(run, size, gpu=True) == gpu


LONG = {"epochs": 300, "evaluate_every": 5, "batch_size": "full"}


@pytest.mark.parametrize(
    ("keys", "size", "cpu", "gpu"),
    [
        (SIGMOID | LONG, MNIST, "numba", "torch"),
        (SIGMOID, DIGITS, "numpy", "numpy"),  # faster than starting numba
        (LEAST_SQUARES | LONG, replace(DIABETES, train=10**8), "numpy", "torch"),
        (NETWORK | LONG, MNIST, "numpy", "torch"),
    ],
)
def test_the_evaluator_of_auto(keys, size, cpu, gpu):
    run = replace(RUN, **keys)
    assert evaluation.choose(run, size, gpu=False) == cpu
    assert evaluation.choose(run, size, gpu=True) == gpu


@pytest.mark.parametrize("model", available("models"))
@pytest.mark.parametrize("gpu", [False, True])
def test_auto_meets_the_requirements(model, gpu):
    size = MNIST if MNIST.task == plugin("models", model).TASK else DIABETES
    for rule in available("update_rules"):
        run = replace(RUN, model=model, update_rule=rule, **LONG)
        for kind in (engines, evaluation):
            assert kind.unmet_requirement(kind.choose(run, size, gpu), run) is None


def grid(number: int, **keys) -> list[Run]:
    return [replace(RUN, step_size=float(1 + i), **keys) for i in range(number)]


EVERY_STEP = SOFTMAX | {"batch_size": "full", "evaluate_every": 1}
BATCHES = [replace(RUN, batch_size=size) for size in (1, 8, 32)]
MOMENTUM_BATCHES = [
    replace(RUN, **LEAST_SQUARES, batch_size=size, update_rule=rule)
    for size, rule in ((1, "plain"), (8, "momentum"), ("full", "momentum"))
]


ALL_SAMPLES = [replace(RUN, batch_size=size) for size in (1500, "full")]
WATCHED_PLANE = PLANE | {"evaluate_every": 1}


def with_last(runs: list[Run], **keys) -> list[Run]:
    return [*runs[:-1], replace(runs[-1], **keys)]


@pytest.mark.parametrize(
    ("figure", "runs", "size", "fits"),
    [
        ("accuracy", grid(1, **LEAST_SQUARES), DIABETES, False),
        ("same_path", grid(1, schedule="cosine"), DIGITS, False),
        ("sensitivity", grid(2), DIGITS, False),
        ("sensitivity", with_last(grid(2), update_rule="adam"), DIGITS, True),
        ("weights", grid(1), TABLE, False),
        ("recall", grid(1), TABLE, True),
        ("recall", grid(1, **NETWORK), DIGITS, False),
        ("best_runs", grid(2), DIGITS, False),
        ("floor", grid(1, **STRONGLY_CONVEX), DIGITS, True),
        ("floor", grid(1, **STRONGLY_CONVEX, batch_size="full"), DIGITS, False),
        ("floor", grid(1, **STRONGLY_CONVEX, schedule="cosine"), DIGITS, False),
        ("trajectories", grid(1, **WATCHED_PLANE), BOWL, True),
        ("trajectories", with_last(grid(2, **WATCHED_PLANE), evaluate_every=2), BOWL, False),
        ("trajectories", grid(1, **LEAST_SQUARES, evaluate_every=1), BOWL, False),
        ("limit_map", grid(20, **EVERY_STEP), DIGITS, True),
        ("limit_map", with_last(grid(20, **EVERY_STEP), evaluate_every=2), DIGITS, False),
        ("limit_map", with_last(grid(20, **EVERY_STEP), schedule="warmup"), DIGITS, True),
        ("limit_map", with_last(grid(20, **EVERY_STEP), schedule="cosine"), DIGITS, False),
        ("schedules", with_last(grid(2), schedule="linear"), DIGITS, True),
        ("schedules", with_last(grid(2), schedule="range_test"), DIGITS, False),
        ("schedules", grid(2, schedule="linear"), DIGITS, False),
        ("schedules", [RUN, replace(RUN, schedule="linear", epochs=7)], DIGITS, False),
        ("range_test", with_last(grid(2), schedule="range_test"), DIGITS, True),
        ("range_test", grid(2), DIGITS, False),
        ("range_test", [RUN, *grid(2, schedule="range_test")], DIGITS, False),
        ("limit_by_batch_size", MOMENTUM_BATCHES, DIABETES, True),
        ("limit_by_batch_size", MOMENTUM_BATCHES[:2], DIABETES, False),
        ("batch_size", BATCHES, DIGITS, True),
        ("batch_size", with_last(BATCHES, batch_size=8), DIGITS, False),
        # 1500 samples are a full batch: these are runs of one optimizer, or of two that differ
        ("batch_size", [*BATCHES, *ALL_SAMPLES], DIGITS, True),
        ("batch_size", [*BATCHES, *with_last(ALL_SAMPLES, epochs=3)], DIGITS, False),
        ("curvature", grid(1, batch_size="full"), DIGITS, True),
        ("curvature", grid(1), DIGITS, False),
    ],
)
def test_which_figures_fit_which_study(figure, runs, size, fits):
    reason = unmet_requirement(figure, runs, size, {"curvature_samples": 100, "target": 0.1})
    assert (reason is None) == fits, reason


@pytest.mark.parametrize("figure", ["curvature", "steps_to_target"])
def test_a_figure_may_require_a_key_of_the_study(figure):
    runs, key = grid(1, batch_size="full"), FIGURES[figure].key
    assert unmet_requirement(figure, runs, DIGITS, {key: None}) == f"the study has no {key}"


@pytest.mark.parametrize(
    ("keys", "size", "theory", "minimiser"),
    [
        (STRONGLY_CONVEX, DIGITS, True, True),
        (SOFTMAX, DIGITS, True, False),
        (LEAST_SQUARES, DIABETES, True, True),
        (SIGMOID | {"l2": 0.1}, DIGITS, False, False),
        (STRONGLY_CONVEX, replace(DIGITS, outputs=300), False, False),
        (STRONGLY_CONVEX, replace(DIGITS, features=5001), False, False),
    ],
)
def test_which_studies_have_a_theory_and_a_minimiser(keys, size, theory, minimiser):
    run = replace(RUN, **keys)
    assert (no_theory(run, size) is None) == theory
    assert (no_minimiser(run, size) is None) == minimiser
