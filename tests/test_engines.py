"""Every engine against the torch engine, which is held to a literal torch.optim loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent import schedule
from descent.data import Data
from descent.run import FULL, Run, engine
from pipeline.gpu import has_cuda
from pipeline.plugins import available

MODELS = available("models")
OTHERS = [name for name in available("engines") if name != "torch"]
AFTER_THE_SCORES = {
    "sigmoid_softmax": [torch.nn.Sigmoid(), torch.nn.Softmax(dim=1)],
    "softmax_regression": [],
}
RUN = Run(
    model="sigmoid_softmax",
    update_rule="plain",
    step_size=0.05,
    batch_size=1,
    epochs=2,
    evaluate_every=40,
    seeds=(0, 3),
    dtype="float64",
)


# Triton's interpreter takes some 5 ms for a step
FEW = {} if has_cuda() else {"triton": 30}


def some(digits, samples=90):
    return replace(digits, x_train=digits.x_train[:samples], y_train=digits.y_train[:samples])


def train(name, run, data):
    with np.errstate(over="ignore", invalid="ignore"):  # Triton's interpreter computes in NumPy
        return engine(name).train(run, data, lambda steps: None)


def literal_torch_loop(run: Run, data: Data, seed: int) -> dict[int, dict[str, np.ndarray]]:
    """Parameters by step, with torch.nn, torch.optim.SGD and nothing of ours but the samples."""
    x = torch.from_numpy(data.x_train / data.scale).to(getattr(torch, run.dtype))
    y = torch.from_numpy(data.y_train)
    layer = torch.nn.Linear(x.shape[1], 10, dtype=x.dtype)
    layers = engine("numpy").model(run.model).layers(x.shape[1], 10)
    start = schedule.initial(seed, layers, run.initial, run.dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(start["A"]))
        layer.bias.copy_(torch.from_numpy(start["b"]))
    net = torch.nn.Sequential(layer, *AFTER_THE_SCORES[run.model])
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=run.step_size, weight_decay=run.l2)

    def snapshot():
        return {
            "A": layer.weight.detach().numpy().copy(),
            "b": layer.bias.detach().numpy().copy(),
        }

    size = run.samples_a_step(len(x))
    snapshots, step = {0: snapshot()}, 0
    for epoch in range(run.epochs):
        order = torch.from_numpy(schedule.order(seed, epoch, len(x)))
        for batch in order.split(size):
            optimizer.zero_grad()
            loss(net(x[batch]), y[batch]).backward()
            optimizer.step()
            step += 1
            snapshots[step] = snapshot()
    return snapshots


@pytest.mark.parametrize("model", AFTER_THE_SCORES)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("l2", [0, 0.01])
def test_torch_equals_a_literal_torch_loop(digits, model, batch_size, l2):
    run = replace(RUN, model=model, batch_size=batch_size, l2=l2)
    data = some(digits)
    made = train("torch", run, data)
    for seed, parameters in zip(
        run.seeds, zip(*made.parameters.values(), strict=True), strict=True
    ):
        literal = literal_torch_loop(run, data, seed)
        for name, p in zip(made.parameters, parameters, strict=True):
            expected = np.stack([literal[step][name] for step in made.step.tolist()])
            assert_allclose(p, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("batch_size", [1, 7, 64, FULL])
@pytest.mark.parametrize("l2", [0, 0.01])
@pytest.mark.parametrize("initial", ["uniform", "zeros"])
def test_equals_torch(digits, name, model, batch_size, l2, initial):
    run = replace(RUN, model=model, batch_size=batch_size, l2=l2, initial=initial)
    data = some(digits, FEW.get(name, 90))
    made, reference = (train(each, run, data) for each in (name, "torch"))
    assert made.step.tolist() == reference.step.tolist()
    for parameter, p in made.parameters.items():
        assert_allclose(p, reference.parameters[parameter], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("step_size", [1e-30, 1e-3, 1e10])
def test_equals_torch_at_absurd_step_sizes(digits, name, model, step_size):
    run = replace(RUN, model=model, batch_size=FULL, epochs=3, step_size=step_size)
    made, reference = (train(each, run, some(digits)) for each in (name, "torch"))
    for parameter, p in made.parameters.items():
        assert_allclose(p, reference.parameters[parameter], rtol=1e-6)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("classes", [2, 3, 16, 17])
@pytest.mark.parametrize("samples", ["dense", "sparse", "zeros among them"])
def test_equals_torch_on_other_samples(random, name, model, batch_size, classes, samples):
    x = random.integers(1, 256, size=(30, 13))
    if samples != "dense":
        x[random.uniform(size=x.shape) < 0.8] = 0
    if samples == "zeros among them":
        x[::3] = 0
    y = np.arange(30) % classes
    data = Data(x.astype("uint8"), y, x[:2].astype("uint8"), y[:2], scale=255)
    epochs = 1 if name in FEW else 3
    run = replace(RUN, model=model, batch_size=batch_size, epochs=epochs, evaluate_every=1)
    made, reference = (train(each, run, data) for each in (name, "torch"))
    for parameter, p in made.parameters.items():
        assert_allclose(p, reference.parameters[parameter], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OTHERS)
def test_where_torch_turns_non_finite_the_others_do(digits, name):
    run = replace(RUN, model="softmax_regression", step_size=1e305, l2=1e3, epochs=1)
    data = some(digits, FEW.get(name, 90))
    made, reference = (train(each, run, data) for each in (name, "torch"))
    finite = [np.isfinite(m.parameters["A"]).all(axis=(2, 3)) for m in (made, reference)]
    assert (finite[0] == finite[1]).all()
    assert finite[0].any()
    assert not finite[0].all()


def test_the_reference_is_deterministic_and_runs_on_one_thread(digits):
    train("torch", RUN, some(digits, 5))
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("batch_size", [1, 64, FULL])
def test_float32_equals_float64_up_to_rounding(digits, name, model, batch_size):
    run = replace(RUN, model=model, batch_size=batch_size, step_size=0.01)
    single, double = (
        train(name, replace(run, dtype=dtype), some(digits, FEW.get(name, 90)))
        for dtype in ("float32", "float64")
    )
    for parameter, p in single.parameters.items():
        assert_allclose(p, double.parameters[parameter], rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_a_full_batch_of_many_blocks_is_the_mean_over_all_samples(digits, monkeypatch, name):
    run = replace(RUN, batch_size=FULL, epochs=5)
    whole = train(name, run, some(digits))
    monkeypatch.setattr(engine(name), "BLOCK", 32)  # 90 samples: blocks of 32, 32 and 26
    blocks = train(name, run, some(digits))
    assert_allclose(blocks.parameters["A"], whole.parameters["A"], rtol=1e-12, atol=1e-15)
    assert_allclose(blocks.parameters["b"], whole.parameters["b"], rtol=1e-12, atol=1e-15)


def test_plain_gradient_descent_on_a_convex_objective_never_rises(digits):
    from descent.metrics import trace
    from descent.run import evaluator, model

    run = replace(RUN, model="softmax_regression", batch_size=FULL, epochs=30, evaluate_every=1)
    data = some(digits)
    # L ≤ λ_max(X̃ᵀX̃/n) / 2 for softmax regression (Böhning 1992), X̃ with a column of ones
    x = np.c_[data.inputs(data.x_train, "float64"), np.ones(len(data.x_train))]
    largest = np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    made = train("numpy", replace(run, step_size=2 / (largest / 2)), data)
    columns = trace(
        replace(made, provenance={"l2": 0.0}), data, model(run.model), evaluator("numpy")
    )
    objective = columns["objective"].reshape(len(run.seeds), -1)
    assert (np.diff(objective) <= 0).all()


def test_seeds_do_not_depend_on_each_other(digits):
    together = train("numpy", RUN, some(digits))
    alone = train("numpy", replace(RUN, seeds=(3,)), some(digits))
    assert_allclose(together.parameters["A"][1], alone.parameters["A"][0], rtol=1e-12)


@pytest.mark.parametrize("name", available("engines"))
def test_iterates(digits, name):
    steps = []
    run = replace(RUN, dtype="float32", batch_size=7)
    made = engine(name).train(run, some(digits), steps.append)
    assert made.step.tolist() == [0, 1, 2, 4, 8, 16, 26]
    assert_allclose(made.epoch, made.step / 13)
    assert made.parameters["A"].shape == (2, 7, 10, 64)
    assert made.parameters["A"].dtype == np.float32
    assert sum(steps) == 2 * run.steps(90) == 2 * 26
