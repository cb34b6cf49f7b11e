"""The evaluators against each other; tests/test_metrics.py holds each to torch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.ability import why_not
from descent.data import Size
from descent.evaluators import numpy
from descent.plugins import available, plugin
from descent.run import Run


def can(name, net):
    run = Run(model=net, seeds=(0,), batch_size=1, epochs=1, evaluate_every=1, step_size=1)
    return not why_not("evaluators", name, [run], Size(1, 1, 64, 10))


PAIRS = [
    (name, net)
    for name in available("evaluators")
    for net in available("models")
    if name != "numpy" and can(name, net)
]


def evaluate(name, net, given):
    return plugin("evaluators", name).means(plugin("models", net), *given)


def snapshots(random, count, net="softmax_regression", classes=10, features=64, dtype="float64"):
    outputs = classes if plugin("models", net).TASK == "classification" else 1
    return {
        name: random.normal(size=(count, *layer.shape)).astype(dtype)
        for name, layer in plugin("models", net).layers(features, outputs).items()
    }


def targets(net, labels):
    return labels if plugin("models", net).TASK == "classification" else labels / 3


def test_blocks_change_nothing_but_rounding(random, digits, monkeypatch):
    given = snapshots(random, 20), digits.x_test, digits.scale, digits.y_test, 0.1
    whole = evaluate("numpy", "softmax_regression", given)
    monkeypatch.setattr(numpy, "BLOCK_SAMPLES", 100)
    monkeypatch.setattr(numpy, "BLOCK_OUTPUTS", 3 * 100 * 10)
    for blocks, expected in zip(evaluate("numpy", "softmax_regression", given), whole, strict=True):
        assert_allclose(blocks, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "net"), PAIRS)
@pytest.mark.parametrize(
    ("dtype", "rtol", "classes"),
    [("float64", 1e-12, 2), ("float64", 1e-12, 17), ("float32", 1e-5, 10)],
)
def test_equals_numpy(random, name, net, dtype, rtol, classes):
    x = random.integers(256, size=(50, 13)) * (random.uniform(size=(50, 13)) < 0.3)
    y = targets(net, np.arange(50) % classes)
    for count in (1, 16, 37):
        given = snapshots(random, count, net, classes, 13, dtype), x, 255, y
        loss, accuracy = evaluate(name, net, given)
        expected = evaluate("numpy", net, given)
        assert_allclose(loss, expected[0], rtol=rtol)
        for l2 in (0.0, 0.3):
            norm, of_numpy = (evaluate(each, net, (*given, l2))[2] for each in (name, "numpy"))
            assert_allclose(norm, of_numpy, rtol=rtol)
        if plugin("models", net).TASK == "classification":
            assert (accuracy == expected[1]).all()


def test_numba_evaluates_scores_without_a_bias(random):
    x, y = random.integers(256, size=(50, 13)), np.arange(50) % 10
    given = snapshots(random, 3, features=13)
    loss, accuracy, norm = evaluate(
        "numba", "softmax_regression", ({"A": given["A"]}, x, 255, y, 0.3)
    )
    A, x = given["A"], x / 255
    z = x @ A.transpose(0, 2, 1)
    p = np.exp(z) / np.exp(z).sum(2, keepdims=True)
    assert_allclose(loss, -np.log(p[:, np.arange(50), y]).mean(1))
    assert (accuracy == (z.argmax(2) == y).mean(1)).all()
    gradient = (p - np.eye(10)[y]).transpose(0, 2, 1) @ x / 50 + 0.3 * A
    assert_allclose(norm, np.sqrt(np.square(gradient).sum((1, 2))))


@pytest.mark.parametrize(("name", "net"), PAIRS)
def test_what_is_not_finite_or_equal_counts_as_in_numpy(random, digits, name, net):
    parameters = snapshots(random, 5, net)
    *_, A, b = parameters.values()  # of the last layer
    A[0] = np.nan
    b[1, 0] = np.nan
    A[3], b[3] = 0, 0  # all classes equal
    given = parameters, digits.x_test, digits.scale, targets(net, digits.y_test), 0.1
    with np.errstate(invalid="ignore"):
        (loss, accuracy, norm), expected = (evaluate(e, net, given) for e in (name, "numpy"))
    assert (np.isfinite(loss) == np.isfinite(expected[0])).all()
    assert (np.isfinite(norm) == np.isfinite(expected[2])).all()
    if plugin("models", net).TASK == "classification":
        assert (accuracy == expected[1]).all()


@pytest.mark.parametrize("name", ["numba", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_snapshot_does_not_depend_on_those_beside_it(random, digits, name, dtype):
    parameters = snapshots(random, 130, dtype=dtype)  # of more than one stack
    x, y = digits.x_test, digits.y_test
    whole = evaluate(name, "sigmoid_softmax", (parameters, x, digits.scale, y, 0.1))
    for count in (1, 3, 60):
        few = {n: p[:count] for n, p in parameters.items()}
        found = evaluate(name, "sigmoid_softmax", (few, x, digits.scale, y, 0.1))
        for metric, of_whole in zip(found, whole, strict=True):
            assert metric.tobytes() == of_whole[:count].tobytes()
