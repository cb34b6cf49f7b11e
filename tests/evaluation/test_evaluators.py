"""The evaluators against each other; test_trace.py holds each of them to torch."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.evaluation import EVALUATORS, numpy, unmet_requirement
from descent.plugins import available, plugin
from descent.run import Run

RUN = Run(model="", step_size=1.0, batch_size=1, epochs=1, evaluate_every=1, seeds=(0,))
PAIRS = [  # of an evaluator and a model that it can evaluate
    (name, model)
    for name in EVALUATORS
    for model in available("models")
    if name != "numpy" and not unmet_requirement(name, replace(RUN, model=model))
]


def evaluate(name, model, given):
    return plugin("evaluation", name).means(plugin("models", model), *given)


def classifies(model):
    return plugin("models", model).TASK == "classification"


def snapshots(random, count, model="softmax_regression", classes=10, features=64, dtype="float64"):
    outputs = classes if classifies(model) else 1
    return {
        name: random.normal(size=(count, *layer.shape)).astype(dtype)
        for name, layer in plugin("models", model).layers(features, outputs).items()
    }


def targets(model, labels):
    return labels if classifies(model) else labels / 3


def test_blocks_change_nothing_but_rounding(random, digits, monkeypatch):
    given = snapshots(random, 20), digits.x_test, digits.scale, digits.y_test, 0.1
    whole = evaluate("numpy", "softmax_regression", given)
    monkeypatch.setattr(numpy, "BLOCK_SAMPLES", 100)
    monkeypatch.setattr(numpy, "BLOCK_OUTPUTS", 3 * 100 * 10)
    for blocks, expected in zip(evaluate("numpy", "softmax_regression", given), whole, strict=True):
        assert_allclose(blocks, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "model"), PAIRS)
def test_snapshots_that_are_not_finite_and_equal_scores_count_as_in_numpy(
    random, digits, name, model
):
    parameters = snapshots(random, 5, model)
    *_, A, b = parameters.values()  # of the last layer
    A[0] = np.nan
    b[1, 0] = np.nan
    A[3], b[3] = 0, 0  # all classes equal
    given = parameters, digits.x_test, digits.scale, targets(model, digits.y_test), 0.1
    with np.errstate(invalid="ignore"):
        (loss, accuracy, norm), expected = (evaluate(e, model, given) for e in (name, "numpy"))
    assert (np.isfinite(loss) == np.isfinite(expected[0])).all()
    assert (np.isfinite(norm) == np.isfinite(expected[2])).all()
    if classifies(model):
        assert (accuracy == expected[1]).all()


@pytest.mark.parametrize(
    ("name", "dtype"), [("numba", "float64"), ("torch", "float32"), ("torch", "float64")]
)
def test_a_snapshot_does_not_depend_on_those_beside_it(random, digits, name, dtype):
    parameters = snapshots(random, 130, dtype=dtype)  # of more than one stack
    given = digits.x_test, digits.scale, digits.y_test, 0.1
    whole = evaluate(name, "sigmoid_softmax", (parameters, *given))
    for count in (1, 3, 60):
        few = {n: p[:count] for n, p in parameters.items()}
        found = evaluate(name, "sigmoid_softmax", (few, *given))
        for metric, of_whole in zip(found, whole, strict=True):
            assert metric.tobytes() == of_whole[:count].tobytes()
