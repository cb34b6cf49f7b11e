"""Every engine against the torch engine, which is held to a literal torch.optim loop."""

import sys
from dataclasses import replace
from functools import partial
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from descent import schedule
from descent.data import Data
from descent.errors import InputError
from descent.run import FULL, Run, engine
from pipeline.config import read_studies
from pipeline.gpu import has_cuda
from pipeline.plugins import available, defines

MODELS = available("models")
OTHERS = [name for name in available("engines") if name != "torch"]
LINEAR = [name for name in MODELS if defines("models", name, "score_gradient")]
# the same models in torch.nn
NETS = {
    "sigmoid_softmax": lambda f: [nn.Linear(f, 10), nn.Sigmoid(), nn.Softmax(dim=1)],
    "softmax_regression": lambda f: [nn.Linear(f, 10)],
    "linear_regression": lambda f: [nn.Linear(f, 1), nn.Flatten(start_dim=0)],
    "neural_network": lambda f: [nn.Linear(f, 128), nn.ReLU(), nn.Linear(128, 10)],
}
# and the same update rules in torch.optim, with λ as weight_decay
RULES = {
    "plain": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "nesterov": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
}
# what the compiled engines cannot do is refused before anything runs
ABLE = {
    "numpy": (MODELS, list(RULES)),
    "numba": (LINEAR, list(RULES)),
    "triton": (LINEAR, ["plain"]),
}
every_pair = pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name in OTHERS for model in ABLE[name][0]]
)
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


def some(digits, samples=90, model="sigmoid_softmax"):
    """The first samples; for a regression with numbers instead of labels."""
    x, y = digits.x_train[:samples], digits.y_train[:samples]
    if engine("numpy").model(model).TASK == "regression":
        y = y / 4 - 1
    return replace(digits, x_train=x, y_train=y)


def train(name, run, data):
    with np.errstate(over="ignore", invalid="ignore"):  # Triton's interpreter computes in NumPy
        return engine(name).train(run, data, lambda steps: None)


def literal_torch_loop(run: Run, data: Data, seed: int) -> dict[int, list[np.ndarray]]:
    """Parameters by step, with torch.nn, torch.optim and nothing of ours but the samples."""
    x = torch.from_numpy(data.x_train / data.scale).to(getattr(torch, run.dtype))
    y = torch.from_numpy(data.y_train)
    net = nn.Sequential(*NETS[run.model](x.shape[1])).to(x.dtype)
    layers = engine("numpy").model(run.model).layers(x.shape[1], 10 if data.outputs > 1 else 1)
    start = schedule.initial(seed, layers, run.initial, run.dtype)
    with torch.no_grad():
        for p, value in zip(net.parameters(), start.values(), strict=True):
            p.copy_(torch.from_numpy(value))
    loss = nn.CrossEntropyLoss() if data.outputs > 1 else lambda z, y: nn.MSELoss()(z, y) / 2
    rule = RULES[run.update_rule]
    optimizer = rule(net.parameters(), lr=run.step_size, weight_decay=run.l2)

    def snapshot():
        return [p.detach().numpy().copy() for p in net.parameters()]

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


def assert_equals_a_literal_torch_loop(run, data):
    made = train("torch", run, data)
    for position, seed in enumerate(run.seeds):
        literal = literal_torch_loop(run, data, seed)
        for i, p in enumerate(made.parameters.values()):
            expected = np.stack([literal[step][i] for step in made.step.tolist()])
            assert_allclose(p[position], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("model", NETS)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("l2", [0, 0.01])
def test_torch_equals_a_literal_torch_loop(digits, model, batch_size, l2):
    run = replace(RUN, model=model, batch_size=batch_size, l2=l2)
    assert_equals_a_literal_torch_loop(run, some(digits, model=model))


@pytest.mark.parametrize("rule", RULES)
def test_torch_equals_a_literal_torch_loop_of_every_rule(digits, rule):
    run = replace(RUN, update_rule=rule, batch_size=7, l2=0.01, step_size=0.003)
    assert_equals_a_literal_torch_loop(run, some(digits))


def test_every_model_and_rule_has_its_oracle():
    assert set(NETS) == set(MODELS)
    assert set(RULES) == set(available("update_rules"))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch_size", [7, FULL])
def test_every_engine_model_and_rule_agrees_or_is_refused(digits, name, model, rule, batch_size):
    models, rules = ABLE[name]
    if model in models and rule in rules:
        run = replace(RUN, model=model, update_rule=rule, batch_size=batch_size, step_size=0.003)
        data = some(digits, FEW.get(name, 90), model)
        made, reference = (train(each, replace(run, l2=0.01), data) for each in (name, "torch"))
        for parameter, p in made.parameters.items():
            assert_allclose(p, reference.parameters[parameter], rtol=1e-8, atol=1e-11)
    optimizer = {"batch_size": batch_size, "epochs": 1, "evaluate_every": 1, "step_sizes": [1]}
    study = {
        "dataset": "diabetes" if model == "linear_regression" else "digits",
        "model": model,
        "engine": name,
        "seeds": [0],
        "optimizers": {"o": {**optimizer, "update_rule": rule}},
    }
    try:
        read_studies({"studies": {"s": study}}, [], [])
        refused = ""
    except InputError as error:
        refused = str(error)
    assert bool(refused) == (model not in models or rule not in rules)
    if refused:
        says = (
            f"studies.s.engine: found {name}; allowed: auto"
            if model not in models
            else f"studies.s.optimizers.o.update_rule: found {rule}; allowed: plain"
        )
        assert says in refused


@every_pair
@pytest.mark.parametrize("batch_size", [1, 7, 64, FULL])
@pytest.mark.parametrize("l2", [0, 0.01])
@pytest.mark.parametrize("initial", ["uniform", "zeros"])
def test_equals_torch(digits, name, model, batch_size, l2, initial):
    run = replace(RUN, model=model, batch_size=batch_size, l2=l2, initial=initial)
    data = some(digits, FEW.get(name, 90), model)
    made, reference = (train(each, run, data) for each in (name, "torch"))
    assert made.step.tolist() == reference.step.tolist()
    for parameter, p in made.parameters.items():
        assert_allclose(p, reference.parameters[parameter], rtol=1e-9, atol=1e-12)


@every_pair
@pytest.mark.parametrize("step_size", [1e-30, 1e-3, 1e10])
def test_equals_torch_at_absurd_step_sizes(digits, name, model, step_size):
    run = replace(RUN, model=model, batch_size=FULL, epochs=3, step_size=step_size)
    data = some(digits, model=model)
    made, reference = (train(each, run, data) for each in (name, "torch"))
    for parameter, p in made.parameters.items():
        assert_allclose(p, reference.parameters[parameter], rtol=1e-6)


@every_pair
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
    if engine("numpy").model(model).TASK == "regression":
        y = y / classes
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


@every_pair
@pytest.mark.parametrize("batch_size", [1, 64, FULL])
def test_float32_equals_float64_up_to_rounding(digits, name, model, batch_size):
    run = replace(RUN, model=model, batch_size=batch_size, step_size=0.01)
    single, double = (
        train(name, replace(run, dtype=dtype), some(digits, FEW.get(name, 90), model))
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


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("kind", schedule.SCHEDULES)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
def test_equals_torch_with_a_schedule(digits, name, kind, batch_size):
    run = replace(RUN, schedule=kind, batch_size=batch_size, l2=0.01, evaluate_every=3)
    made, reference = (train(each, run, some(digits, 30)) for each in (name, "torch"))
    assert_allclose(made.parameters["A"], reference.parameters["A"], rtol=1e-9, atol=1e-12)
    if kind != "constant":
        constant = train("torch", replace(run, schedule="constant"), some(digits, 30))
        assert np.abs(constant.parameters["A"][:, -1] - made.parameters["A"][:, -1]).max() > 1e-5


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("rule", ["plain", "momentum"])
def test_equals_torch_without_bias(digits, name, batch_size, rule):
    if rule not in ABLE[name][1]:
        pytest.skip("refused")
    run = replace(RUN, model="linear_regression", batch_size=batch_size, update_rule=rule, l2=0.01)
    run = replace(run, model_options={"bias": False}, step_size=0.005)
    data = some(digits, 30, run.model)
    made, reference = (train(each, run, data) for each in (name, "torch"))
    assert list(made.parameters) == ["A"]
    assert_allclose(made.parameters["A"], reference.parameters["A"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["numpy", "numba", "torch"])
@pytest.mark.parametrize("rule", ["plain", "adam"])
@pytest.mark.parametrize("average_from", [0, 1])
def test_averages_are_means_of_the_iterates_since(digits, name, rule, average_from):
    run = replace(RUN, batch_size=7, evaluate_every=1, update_rule=rule, average_from=average_from)
    made = train(name, run, some(digits))
    for parameter in ("A", "b"):
        p, average = made.parameters[parameter], made.parameters[f"average_{parameter}"]
        begin = average_from * 13  # steps an epoch
        for t in range(27):
            expected = p[:, t] if t <= begin else p[:, begin + 1 : t + 1].mean(1)
            assert_allclose(average[:, t], expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("name", ["numpy", "numba", "torch"])
@pytest.mark.parametrize("l2", [0, 0.1])
def test_linear_regression_reaches_its_optimum_below_two_over_the_largest_curvature(name, l2):
    from descent.datasets.diabetes import obtain

    data = obtain(None, None)
    net = engine("numpy").model("linear_regression")
    x = np.c_[data.x_train, np.ones(len(data.x_train))]
    largest = np.linalg.eigvalsh(x.T @ x / len(x))[-1] + l2
    optimum = net.optimum(data.x_train, data.y_train, l2)
    run = replace(RUN, model="linear_regression", batch_size=FULL, l2=l2, seeds=(0,))
    run = replace(run, epochs=6000, evaluate_every=6000, step_size=1.9 / largest)
    made = train(name, run, data)
    for parameter, p in optimum.items():
        assert_allclose(made.parameters[parameter][0, -1], p, rtol=0, atol=1e-6)
    made = train(name, replace(run, step_size=2.02 / largest, epochs=2000), data)
    distance = np.abs(made.parameters["A"][0] - optimum["A"]).max((1, 2))
    assert distance[-1] > 1000 * distance[0]


@pytest.mark.parametrize("name", ["numpy", "numba", "torch"])
def test_averages_of_float32_accumulate_in_float64(digits, name):
    # the iterates hardly move: a running mean in float32 would not take them in
    run = replace(RUN, model="softmax_regression", dtype="float32", step_size=1e-5, epochs=60)
    run = replace(run, evaluate_every=1, average_from=0, seeds=(0,))
    made = train(name, run, some(digits, 50))
    mean = made.parameters["A"][0, 1:].mean(0, dtype="float64")
    assert_allclose(made.parameters["average_A"][0, -1], mean, rtol=2e-7, atol=1e-10)


def test_a_formula_that_does_not_compile_is_said_so(digits, monkeypatch):
    from descent.models import softmax_regression

    odd = ModuleType("descent.models.odd")
    vars(odd).update({k: v for k, v in vars(softmax_regression).items() if k[:2] != "__"})
    odd.score_gradient = lambda z, y: z - z.mean()
    monkeypatch.setitem(sys.modules, odd.__name__, odd)
    with pytest.raises(InputError, match=r"^numba cannot compile odd\.score_gradient: .*mean"):
        train("numba", replace(RUN, model="odd"), some(digits))
