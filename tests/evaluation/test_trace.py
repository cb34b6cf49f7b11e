"""Every row of a trace compared with torch on one snapshot."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent.engines import numpy
from descent.evaluation import EVALUATORS, unmet_requirement
from descent.evaluation import numpy as evaluator
from descent.evaluation.trace import trace
from descent.plugins import available, plugin
from descent.run import Run
from descent.store.minimiser import Minimiser

L2 = 0.3
RUN = {"step_size": 0.05, "batch_size": 64, "epochs": 2, "evaluate_every": 7, "seeds": (0, 3)}
RUN = Run(model="softmax_regression", **RUN, l2=L2, dtype="float64")
# a classification and a regression
of_both_tasks = pytest.mark.parametrize("name", ["softmax_regression", "linear_regression"])


def trained(name, digits, **changes):
    """The model, data, and the iterates of a short run."""
    net = plugin("models", name)
    options = {"hidden": 9} if name == "neural_network" else {}
    run = replace(RUN, model=name, model_options=options, **changes)
    data = digits
    if net.TASK == "regression":
        data = replace(digits, y_train=digits.y_train / 3, y_test=digits.y_test / 3)
    iterates = numpy.train(run, data, lambda steps: None)
    return net, data, replace(iterates, provenance=asdict(run))


@pytest.mark.parametrize("name", available("models"))
@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_every_row_equals_torch_on_one_snapshot(digits, name, evaluator):
    if unmet_requirement(evaluator, replace(RUN, model=name)):
        pytest.skip("the evaluator cannot evaluate it")
    net, data, iterates = trained(name, digits)
    columns = trace(iterates, data, net, plugin("evaluation", evaluator))
    steps = len(iterates.step)
    assert len(columns["seed"]) == 2 * steps
    for row in range(2 * steps):
        seed, position = divmod(row, steps)
        found = {name: column[row] for name, column in columns.items()}
        snapshot = {
            n: torch.from_numpy(p[seed, position][None]).requires_grad_()
            for n, p in iterates.parameters.items()
        }
        for part in ("test", "train"):
            x = torch.from_numpy(getattr(data, f"x_{part}") / data.scale)
            y = torch.from_numpy(getattr(data, f"y_{part}"))
            z = net.torch_scores(snapshot, x)
            loss = net.torch_losses(z, y).mean()
            assert_allclose(found[f"{part}_loss"], loss.item())
            assert (f"{part}_accuracy" in found) == (net.TASK == "classification")
            if net.TASK == "classification":
                right = (z[0].argmax(0) == y).double().mean()
                assert_allclose(found[f"{part}_accuracy"], right)
        objective = loss + L2 / 2 * sum(p.square().sum() for p in snapshot.values())
        assert_allclose(found["objective"], objective.item())
        squares = [g.square().sum() for g in torch.autograd.grad(objective, snapshot.values())]
        assert_allclose(found["gradient_norm"], sum(squares).sqrt(), rtol=1e-6)
        for name, p in iterates.parameters.items():
            distance = np.linalg.norm(p[seed, position] - p[seed, -1])
            assert_allclose(found[f"distance_{name}"], distance, atol=1e-15)
        assert found["seed"] == iterates.seed[seed]
        for name in ("step", "epoch"):
            assert found[name] == getattr(iterates, name)[position]


@of_both_tasks
def test_a_run_that_diverged_keeps_its_rows(digits, name):
    net, data, iterates = trained(name, digits)
    for p in iterates.parameters.values():
        p[1, -2:] = np.nan
    columns = trace(iterates, data, net, evaluator)
    assert len(columns["objective"]) == 2 * len(iterates.step)
    for column in {"objective", "train_loss", "test_accuracy"} & columns.keys():
        assert not np.isfinite(columns[column][-2:]).any()
    assert np.isfinite(columns["objective"][: len(iterates.step)]).all()


@of_both_tasks
@pytest.mark.parametrize("validation", [0, 10])
def test_distances_and_excess_are_to_the_given_minimiser(digits, name, validation):
    net, data, iterates = trained(name, digits, validation=validation)
    minimiser = {name: p[1, 3] for name, p in iterates.parameters.items()}
    without = trace(iterates, data, net, evaluator)
    columns = trace(iterates, data, net, evaluator, Minimiser(minimiser, unique=True))
    steps = len(iterates.step)
    assert list(columns) == [*without, *(f"optimum_distance_{n}" for n in minimiser), "excess"]
    for name, column in without.items():
        np.testing.assert_array_equal(columns[name], column)
    excess = columns["objective"] - columns["objective"][steps + 3]
    assert_allclose(columns["excess"], excess, atol=1e-14)
    for name, p in minimiser.items():
        apart = (iterates.parameters[name] - p).reshape(2 * steps, -1)
        distances = np.linalg.norm(apart, axis=1)
        assert_allclose(columns[f"optimum_distance_{name}"], distances, atol=1e-15)
        assert columns[f"optimum_distance_{name}"][steps + 3] == 0
    tied = trace(iterates, data, net, evaluator, Minimiser(minimiser, unique=False))
    assert list(tied) == [*without, "excess"]
    np.testing.assert_array_equal(tied["excess"], columns["excess"])


@of_both_tasks
def test_validation_samples_validate_and_do_not_train(digits, name):
    net, data, iterates = trained(name, digits)
    n = len(data.y_train) - 10
    validated = replace(iterates, provenance=iterates.provenance | {"validation": 10})
    columns = trace(validated, data, net, evaluator)
    without = trace(iterates, data.without_validation(10), net, evaluator)
    as_test = replace(data, x_test=data.x_train[n:], y_test=data.y_train[n:])
    on_them = trace(iterates, as_test, net, evaluator)
    assert not [name for name in without if "validation" in name]
    for name, column in columns.items():
        expected = on_them[name.replace("validation", "test")] if "valid" in name else without[name]
        np.testing.assert_array_equal(column, expected)


def test_rises_are_those_of_a_full_batch(digits):
    net, data, iterates = trained("softmax_regression", digits)
    assert np.isnan(trace(iterates, data, net, evaluator)["rises"]).all()
    rises = np.arange(2 * len(iterates.step)).reshape(2, -1)
    counted = trace(replace(iterates, rises=rises), data, net, evaluator)["rises"]
    assert (counted == rises.ravel()).all()


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_means_and_norms_accumulate_in_float64(digits, evaluator):
    columns = {}
    for dtype in ("float32", "float64"):
        short = {"dtype": dtype, "l2": 1e3, "step_size": 1e-3, "epochs": 1}
        net, data, iterates = trained("sigmoid_softmax", digits, **short)
        columns[dtype] = trace(iterates, data, net, plugin("evaluation", evaluator))
    for name in ("train_loss", "objective"):
        # rounding of single values averages out; a sum in float32 does not come this near
        assert columns["float32"][name][0] == pytest.approx(columns["float64"][name][0], rel=3e-8)
