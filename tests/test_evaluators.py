"""The evaluators against each other; tests/test_metrics.py holds each to torch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.run import evaluator, model
from pipeline.plugins import available, constant, defines

MODELS = available("models")
OTHERS = [name for name in available("evaluators") if name != "numpy"]
NUMPY = evaluator("numpy")

every_pair = pytest.mark.parametrize(
    ("name", "net"),
    [
        (name, net)
        for name in OTHERS
        for net in MODELS
        if defines("models", net, constant("evaluators", name, "NEEDS"))
    ],
)


def snapshots(random, count, net="softmax_regression", classes=10, features=64, dtype="float64"):
    outputs = classes if model(net).TASK == "classification" else 1
    return {
        name: random.normal(size=(count, *layer.shape)).astype(dtype)
        for name, layer in model(net).layers(features, outputs).items()
    }


def targets(net, labels):
    return labels if model(net).TASK == "classification" else labels / 3


def test_blocks_change_nothing_but_rounding(random, digits, monkeypatch):
    given = snapshots(random, 20), digits.x_test, digits.scale, digits.y_test
    whole = NUMPY.mean_loss_and_accuracy(model("softmax_regression"), *given)
    monkeypatch.setattr(NUMPY, "BLOCK_SAMPLES", 100)
    monkeypatch.setattr(NUMPY, "BLOCK_OUTPUTS", 3 * 100 * 10)
    for blocks, expected in zip(
        NUMPY.mean_loss_and_accuracy(model("softmax_regression"), *given), whole, strict=True
    ):
        assert_allclose(blocks, expected, rtol=1e-12)


@every_pair
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("count", [1, 16, 37])
@pytest.mark.parametrize("classes", [2, 10, 17])
def test_equals_numpy(random, name, net, dtype, rtol, count, classes):
    x = random.integers(256, size=(50, 13)) * (random.uniform(size=(50, 13)) < 0.3)
    y = targets(net, np.arange(50) % classes)
    given = snapshots(random, count, net, classes, 13, dtype), x, 255, y
    made, expected = (
        evaluator(each).mean_loss_and_accuracy(model(net), *given) for each in (name, "numpy")
    )
    assert_allclose(made[0], expected[0], rtol=rtol)
    if model(net).TASK == "classification":
        assert (made[1] == expected[1]).all()


@every_pair
def test_what_is_not_finite_or_equal_counts_as_in_numpy(random, digits, name, net):
    parameters = snapshots(random, 5, net)
    *_, A, b = parameters.values()  # of the last layer
    A[0] = np.nan
    b[1, 0] = np.nan
    A[3], b[3] = 0, 0  # all classes equal
    given = parameters, digits.x_test, digits.scale, targets(net, digits.y_test)
    with np.errstate(invalid="ignore"):
        made, expected = (
            evaluator(each).mean_loss_and_accuracy(model(net), *given) for each in (name, "numpy")
        )
    assert (np.isfinite(made[0]) == np.isfinite(expected[0])).all()
    if model(net).TASK == "classification":
        assert (made[1] == expected[1]).all()


def test_a_snapshot_does_not_depend_on_those_beside_it(random, digits):
    parameters = snapshots(random, 20)
    alone = {name: p[3:4] for name, p in parameters.items()}
    (loss, _), (loss_alone, _) = (
        evaluator("numba").mean_loss_and_accuracy(
            model("sigmoid_softmax"), given, digits.x_test, digits.scale, digits.y_test
        )
        for given in (parameters, alone)
    )
    assert loss[3] == loss_alone[0]
