"""The evaluators compared with each other; test_trace.py compares them with torch."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.evaluation import EVALUATORS, numpy, unmet_requirement
from descent.plugins import available, plugin
from descent.run import Run

RUN = Run(model="", step_size=1.0, batch_size=1, epochs=1, evaluate_every=1, seeds=(0,))
PAIRS = [  # an evaluator and a model that it supports
    (name, model)
    for name in EVALUATORS
    for model in available("models")
    if name != "numpy" and not unmet_requirement(name, replace(RUN, model=model))
]


def evaluate(name, model, given):
    return plugin("evaluation", name).means(plugin("models", model), *given)


def snapshots(random, digits, count, model="softmax_regression", dtype="float64"):
    """Random parameters, and the digits with labels, or numbers for a regression."""
    net, y = plugin("models", model), digits.y_test
    outputs, y = (10, y) if net.TASK == "classification" else (1, y / 3)
    layers = net.layers(64, outputs).items()
    parameters = {n: random.normal(size=(count, *of.shape)).astype(dtype) for n, of in layers}
    return parameters, digits.x_test, digits.scale, y, 0.1


def test_blocks_change_nothing_but_rounding(random, digits, monkeypatch):
    given = snapshots(random, digits, 20)
    whole = evaluate("numpy", "softmax_regression", given)
    monkeypatch.setattr(numpy, "BLOCK_SAMPLES", 100)
    monkeypatch.setattr(numpy, "BLOCK_OUTPUTS", 3 * 100 * 10)
    for blocks, expected in zip(evaluate("numpy", "softmax_regression", given), whole, strict=True):
        assert_allclose(blocks, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "model"), PAIRS)
def test_snapshots_that_are_not_finite_and_ties_of_scores_count_as_in_numpy(
    random, digits, name, model
):
    parameters, *others = snapshots(random, digits, 5, model)
    *_, A, b = parameters.values()  # the last layer
    A[0] = np.nan
    b[1, 0] = np.nan
    A[3], b[3] = 0, 0  # all classes equal
    given = parameters, *others
    with np.errstate(invalid="ignore"):
        (loss, accuracy, norm), expected = (evaluate(e, model, given) for e in (name, "numpy"))
    assert (np.isfinite(loss) == np.isfinite(expected[0])).all()
    assert (np.isfinite(norm) == np.isfinite(expected[2])).all()
    if plugin("models", model).TASK == "classification":
        assert (accuracy == expected[1]).all()


@pytest.mark.parametrize(
    ("name", "dtype"), [("numba", "float64"), ("torch", "float32"), ("torch", "float64")]
)
def test_a_snapshot_does_not_depend_on_the_others(random, digits, name, dtype):
    parameters, *given = snapshots(random, digits, 130, dtype=dtype)  # several blocks
    whole = evaluate(name, "sigmoid_softmax", (parameters, *given))
    for count in (1, 3, 60):
        few = {n: p[:count] for n, p in parameters.items()}
        found = evaluate(name, "sigmoid_softmax", (few, *given))
        for metric, of_whole in zip(found, whole, strict=True):
            assert metric.tobytes() == of_whole[:count].tobytes()
