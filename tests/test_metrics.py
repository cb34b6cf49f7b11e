from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import descent.run
from descent.metrics import trace
from descent.run import Run, engine, model
from pipeline.plugins import available

L2 = 0.3


@pytest.fixture(params=available("models"))
def run(request):
    return Run(request.param, "plain", 0.5, 64, 2, 7, seeds=(0, 3), l2=L2, dtype="float64")


@pytest.fixture(params=available("evaluators"))
def evaluator(request):
    return descent.run.evaluator(request.param)


@pytest.fixture
def iterates(run, digits):
    made = engine("numpy").train(run, digits, lambda steps: None)
    return replace(made, provenance={"l2": run.l2})


def test_every_row_equals_torch_on_one_snapshot(run, iterates, digits, evaluator):
    columns = trace(iterates, digits, model(run.model), evaluator)
    net = model(run.model)
    steps = len(iterates.step)
    for row in range(len(columns["seed"])):
        seed, position = divmod(row, steps)
        snapshot = {
            n: torch.from_numpy(p[seed, position][None]) for n, p in iterates.parameters.items()
        }
        for part in ("train", "test"):
            x = torch.from_numpy(getattr(digits, f"x_{part}") / digits.scale)
            y = torch.from_numpy(getattr(digits, f"y_{part}"))
            predicted = (x @ snapshot["A"][0].T + snapshot["b"][0]).argmax(1)
            loss = net.torch_losses(net.torch_outputs(snapshot, x), y).mean()
            assert_allclose(columns[f"{part}_loss"][row], loss)
            assert_allclose(columns[f"{part}_accuracy"][row], (predicted == y).double().mean())
        penalty = L2 / 2 * sum(p.square().sum() for p in snapshot.values())
        assert_allclose(columns["objective"][row], columns["train_loss"][row] + penalty)
        for name, p in iterates.parameters.items():
            distance = np.linalg.norm(p[seed, position] - p[seed, -1])
            assert_allclose(columns[f"distance_{name}"][row], distance, atol=1e-15)
        assert columns["seed"][row] == iterates.seed[seed]
        assert columns["step"][row] == iterates.step[position]
        assert columns["epoch"][row] == iterates.epoch[position]


def test_a_run_that_diverged_keeps_its_rows(run, iterates, digits, evaluator):
    for p in iterates.parameters.values():
        p[1, -2:] = np.nan
    columns = trace(iterates, digits, model(run.model), evaluator)
    assert len(columns["objective"]) == 2 * len(iterates.step)
    for column in ("objective", "train_loss", "test_accuracy"):
        assert not np.isfinite(columns[column][-2:]).any()
    assert np.isfinite(columns["objective"][: len(iterates.step)]).all()


def test_means_and_norms_accumulate_in_float64(digits, evaluator):
    run = Run("softmax_regression", "plain", 1e-3, 64, 1, 100, seeds=(0,))
    columns = {}
    for dtype in ("float32", "float64"):
        made = engine("numpy").train(replace(run, dtype=dtype), digits, lambda steps: None)
        made = replace(made, provenance={"l2": 1e3})
        columns[dtype] = trace(made, digits, model(run.model), evaluator)
    for name in ("train_loss", "objective"):
        # rounding of single values averages out; a sum in float32 does not come this near
        assert columns["float32"][name][0] == pytest.approx(columns["float64"][name][0], rel=3e-8)
