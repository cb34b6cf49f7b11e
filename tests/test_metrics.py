from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from test_evaluators import can

from descent.engines import numpy
from descent.metrics import trace
from descent.plugins import available, plugin
from descent.run import Run

L2 = 0.3


PAIRS = [(name, e) for name in available("models") for e in available("evaluators") if can(e, name)]


@pytest.fixture(params=PAIRS, ids=map(" ".join, PAIRS))
def pair(request):
    return request.param


@pytest.fixture
def run(pair):
    options = {"hidden": 9} if pair[0] == "neural_network" else {}
    return Run(
        model=pair[0],
        step_size=0.05,
        batch_size=64,
        epochs=2,
        evaluate_every=7,
        seeds=(0, 3),
        l2=L2,
        dtype="float64",
        model_options=options,
    )


@pytest.fixture
def evaluator(pair):
    return plugin("evaluators", pair[1])


@pytest.fixture
def data(run, digits):
    if plugin("models", run.model).TASK == "classification":
        return digits
    return replace(digits, y_train=digits.y_train / 3, y_test=digits.y_test / 3)


@pytest.fixture
def iterates(run, data):
    trained = numpy.train(run, data, lambda steps: None)
    return replace(trained, provenance=asdict(run))


def test_every_row_equals_torch_on_one_snapshot(run, iterates, data, evaluator):
    net = plugin("models", run.model)
    columns = trace(iterates, data, net, evaluator)
    steps = len(iterates.step)
    for row in range(len(columns["seed"])):
        seed, position = divmod(row, steps)
        snapshot = {
            n: torch.from_numpy(p[seed, position][None]) for n, p in iterates.parameters.items()
        }
        for part in ("train", "test"):
            x = torch.from_numpy(getattr(data, f"x_{part}") / data.scale)
            y = torch.from_numpy(getattr(data, f"y_{part}"))
            outputs = net.torch_scores(snapshot, x)
            assert_allclose(columns[f"{part}_loss"][row], net.torch_losses(outputs, y).mean())
            if net.TASK == "classification":
                right = (outputs[0].argmax(0) == y).double().mean()
                assert_allclose(columns[f"{part}_accuracy"][row], right)
        penalty = L2 / 2 * sum(p.square().sum() for p in snapshot.values())
        assert_allclose(columns["objective"][row], columns["train_loss"][row] + penalty)
        leaves = {name: p.clone().requires_grad_() for name, p in snapshot.items()}
        x, y = torch.from_numpy(data.x_train / data.scale), torch.from_numpy(data.y_train)
        of_loss = net.torch_losses(net.torch_scores(leaves, x), y).mean()
        whole = of_loss + L2 / 2 * sum(p.square().sum() for p in leaves.values())
        squares = [g.square().sum() for g in torch.autograd.grad(whole, leaves.values())]
        assert_allclose(columns["gradient_norm"][row], sum(squares).sqrt(), rtol=1e-6)
        for name, p in iterates.parameters.items():
            distance = np.linalg.norm(p[seed, position] - p[seed, -1])
            assert_allclose(columns[f"distance_{name}"][row], distance, atol=1e-15)
        assert columns["seed"][row] == iterates.seed[seed]
        assert columns["step"][row] == iterates.step[position]
        assert columns["epoch"][row] == iterates.epoch[position]


def test_a_run_that_diverged_keeps_its_rows(run, iterates, data, evaluator):
    for p in iterates.parameters.values():
        p[1, -2:] = np.nan
    columns = trace(iterates, data, plugin("models", run.model), evaluator)
    assert len(columns["objective"]) == 2 * len(iterates.step)
    for column in {"objective", "train_loss", "test_accuracy"} & columns.keys():
        assert not np.isfinite(columns[column][-2:]).any()
    assert np.isfinite(columns["objective"][: len(iterates.step)]).all()


def test_a_regression_has_no_accuracy(run, iterates, data, evaluator):
    net = plugin("models", run.model)
    accuracies = [name for name in trace(iterates, data, net, evaluator) if "accuracy" in name]
    of_classes = ["train_accuracy", "test_accuracy"]
    assert accuracies == (of_classes if net.TASK == "classification" else [])


@pytest.mark.parametrize("held_out", [0, 10])
def test_distances_and_excess_are_to_the_minimiser_that_is_given(
    run, iterates, data, evaluator, held_out
):
    """Whatever it is: that it minimises is for theory to see to."""
    net = plugin("models", run.model)
    iterates = replace(iterates, provenance=iterates.provenance | {"validation": held_out})
    minimiser = {name: p[1, 3] for name, p in iterates.parameters.items()}
    without = trace(iterates, data, net, evaluator)
    columns = trace(iterates, data, net, evaluator, minimiser)
    steps = len(iterates.step)
    further = [f"optimum_distance_{name}" for name in minimiser]
    assert list(columns) == [*without, *further, "excess"]
    for name, column in without.items():
        np.testing.assert_array_equal(columns[name], column)
    assert_allclose(
        columns["excess"], columns["objective"] - columns["objective"][steps + 3], atol=1e-14
    )
    for name, p in minimiser.items():
        apart = (iterates.parameters[name] - p).reshape(2 * steps, -1)
        distances = np.linalg.norm(apart, axis=1)
        assert_allclose(columns[f"optimum_distance_{name}"], distances, atol=1e-15)
        assert columns[f"optimum_distance_{name}"][steps + 3] == 0


def test_what_is_held_out_validates_and_does_not_train(run, iterates, data, evaluator):
    net, n = plugin("models", run.model), len(data.y_train) - 10
    held_out = replace(iterates, provenance=iterates.provenance | {"validation": 10})
    columns = trace(held_out, data, net, evaluator)
    without = trace(iterates, data.holding_out(10), net, evaluator)
    as_test = replace(data, x_test=data.x_train[n:], y_test=data.y_train[n:])
    on_them = trace(iterates, as_test, net, evaluator)
    assert not [name for name in without if "validation" in name]
    for name, column in columns.items():
        expected = on_them[name.replace("validation", "test")] if "valid" in name else without[name]
        np.testing.assert_array_equal(column, expected)


def test_rises_are_those_of_a_full_batch(run, iterates, data, evaluator):
    net = plugin("models", run.model)
    assert np.isnan(trace(iterates, data, net, evaluator)["rises"]).all()
    rises = np.arange(2 * len(iterates.step)).reshape(2, -1)
    counted = trace(replace(iterates, rises=rises), data, net, evaluator)["rises"]
    assert (counted == rises.ravel()).all()


def test_the_excess_is_over_the_objective_of_the_optimum(data):
    run = Run(
        model="linear_regression",
        step_size=0.1,
        batch_size="full",
        epochs=2000,
        evaluate_every=1000,
        seeds=(0,),
        l2=L2,
        dtype="float64",
    )
    y = {name: getattr(data, name) / 3 for name in ("y_train", "y_test")}
    numbers, net = replace(data, **y), plugin("models", run.model)
    trained = numpy.train(run, numbers, lambda steps: None)
    trained = replace(trained, provenance=asdict(run))
    optimum = net.optimum(numbers.inputs(numbers.x_train, "float64"), numbers.y_train, L2)
    excess = trace(trained, numbers, net, plugin("evaluators", "numpy"), optimum)["excess"]
    assert excess[-1] == pytest.approx(0, abs=1e-12)
    assert excess[0] > 0.1


@pytest.mark.parametrize("name", available("evaluators"))
def test_means_and_norms_accumulate_in_float64(digits, name):
    run = Run(
        model="softmax_regression",
        step_size=1e-3,
        batch_size=64,
        epochs=1,
        evaluate_every=100,
        seeds=(0,),
    )
    columns = {}
    for dtype in ("float32", "float64"):
        trained = numpy.train(replace(run, dtype=dtype), digits, lambda steps: None)
        trained = replace(trained, provenance={"l2": 1e3, "validation": 0})
        net, evaluator = plugin("models", run.model), plugin("evaluators", name)
        columns[dtype] = trace(trained, digits, net, evaluator)
    for name in ("train_loss", "objective"):
        # rounding of single values averages out; a sum in float32 does not come this near
        assert columns["float32"][name][0] == pytest.approx(columns["float64"][name][0], rel=3e-8)
