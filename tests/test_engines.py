"""Every engine against the torch engine, which is held to a literal torch.optim loop."""

from dataclasses import replace

import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from descent import schedule
from descent.ability import why_not
from descent.cuda import has_cuda
from descent.data import Data
from descent.engines._descent import l2_scales, scalings
from descent.iterates import ROUNDING
from descent.plugins import available, plugin
from descent.run import FULL, Run

MODELS, RULES = available("models"), available("update_rules")
OTHERS = [name for name in available("engines") if name != "torch"]
OPTIMIZERS = {rule: oracle for rule, options, oracle in oracles.UPDATE_RULES if not options}
RUN = Run(
    model="sigmoid_softmax",
    step_size=0.05,
    batch_size=1,
    epochs=2,
    evaluate_every=40,
    seeds=(0, 3),
    dtype="float64",
)


def some(digits, samples=90, model="sigmoid_softmax"):
    """The first samples; for a regression with numbers instead of labels."""
    x, y = digits.x_train[:samples], digits.y_train[:samples]
    if plugin("models", model).TASK == "regression":
        y = y / 4 - 1
    return replace(digits, x_train=x, y_train=y)


def few(name):
    """So many samples: Triton's interpreter takes some 5 ms for a step."""
    return 15 if name == "triton" and not has_cuda() else 90


def train(name, run, data):
    with np.errstate(over="ignore", invalid="ignore"):  # Triton's interpreter computes in NumPy
        return plugin("engines", name).train(run, data, lambda steps: None)


def can(name, digits, **changes):
    """Whether the judge lets an engine do the run with these changes."""
    run = replace(RUN, **changes)
    data = some(digits, model=run.model)
    return not why_not("engines", name, [run], data.size)


def assert_equals_torch(name, run, data, rtol=1e-9, atol=1e-12):
    trained, reference = (train(each, run, data) for each in (name, "torch"))
    assert trained.step.tolist() == reference.step.tolist()
    assert trained.parameters.keys() == reference.parameters.keys()
    for parameter, p in trained.parameters.items():
        assert_allclose(p, reference.parameters[parameter], rtol, atol, err_msg=parameter)


def literal_torch_loop(run: Run, data: Data, seed: int) -> dict[int, list[np.ndarray]]:
    """Parameters by step, with torch.nn, torch.optim and nothing of ours but the samples."""
    x = torch.from_numpy(data.x_train / data.scale).to(getattr(torch, run.dtype))
    y = torch.from_numpy(data.y_train)
    layers, loss = oracles.MODELS[run.model]
    net = nn.Sequential(*layers(x.shape[1])).to(x.dtype)
    shapes = plugin("models", run.model).layers(x.shape[1], data.outputs)
    start = schedule.initial(seed, shapes, run.initial, run.dtype)
    with torch.no_grad():
        for p, value in zip(net.parameters(), start.values(), strict=True):
            p.copy_(torch.from_numpy(value))
    rule = OPTIMIZERS[run.update_rule]
    optimizer = rule(net.parameters(), lr=run.step_size, weight_decay=run.l2)

    def snapshot():
        return [p.detach().numpy().copy() for p in net.parameters()]

    snapshots, step = {0: snapshot()}, 0
    for epoch in range(run.epochs):
        order = torch.from_numpy(schedule.order(seed, epoch, len(x), run.sampling))
        for batch in order.split(run.samples_a_step(len(x))):
            optimizer.zero_grad()
            loss(net(x[batch]), y[batch]).backward()
            optimizer.step()
            step += 1
            snapshots[step] = snapshot()
    return snapshots


def assert_equals_a_literal_torch_loop(name, run, data, rtol=1e-8, atol=1e-13):
    trained = train(name, run, data)
    for position, seed in enumerate(run.seeds):
        literal = literal_torch_loop(run, data, seed)
        for i, p in enumerate(trained.parameters.values()):
            expected = np.stack([literal[step][i] for step in trained.step.tolist()])
            assert_allclose(p[position], expected, rtol, atol)


@pytest.mark.parametrize(
    ("model", "rule", "batch_size"),
    [(model, "plain", size) for model in oracles.MODELS for size in (1, 7, FULL)]
    + [("sigmoid_softmax", rule, 7) for rule in OPTIMIZERS],
)
def test_torch_equals_a_literal_torch_loop(digits, model, rule, batch_size):
    run = replace(RUN, model=model, update_rule=rule, batch_size=batch_size, l2=0.01)
    run = replace(run, step_size=0.003 if rule != "plain" else 0.05)
    data = some(digits, model=model)
    assert_equals_a_literal_torch_loop("torch", run, data, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", available("engines"))
@pytest.mark.parametrize("batch_size", [1, 7])
@pytest.mark.parametrize("l2", [0, 0.01])
@pytest.mark.parametrize("rule", ["plain", "momentum"])
def test_draws_with_replacement_equal_a_literal_torch_loop(digits, name, batch_size, l2, rule):
    run = replace(RUN, sampling="with_replacement", batch_size=batch_size, l2=l2, update_rule=rule)
    run = replace(run, evaluate_every=3)
    if not can(name, digits, update_rule=rule):
        pytest.skip("the judge refuses it")
    orders = [schedule.order(seed, 0, 9, run.sampling) for seed in run.seeds]
    assert all((np.diff(order) == 0).any() for order in orders)  # twice in a batch, or in a row
    for model in oracles.MODELS:
        if can(name, digits, model=model, update_rule=rule):
            data = some(digits, 9, model)
            assert_equals_a_literal_torch_loop(name, replace(run, model=model), data)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
def test_every_model_equals_torch(digits, name, batch_size):
    for model in MODELS:
        if can(name, digits, model=model):
            run = replace(RUN, model=model, batch_size=batch_size)
            data = some(digits, few(name), model)
            assert_equals_torch(name, replace(run, initial="zeros"), data)
            assert_equals_torch(name, replace(run, l2=0.01), data)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("rule", RULES)
def test_every_update_rule_equals_torch(digits, name, rule):
    if not can(name, digits, update_rule=rule):
        pytest.skip("the judge refuses it")
    run = replace(RUN, update_rule=rule, step_size=0.003, l2=0.01)
    for batch_size in (1, 7, FULL):
        for model in ("softmax_regression", "neural_network"):
            if can(name, digits, model=model):
                data = some(digits, few(name), model)
                changed = replace(run, model=model, batch_size=batch_size)
                assert_equals_torch(name, changed, data, rtol=1e-8, atol=1e-11)


def test_what_the_judge_lets_engines_do(digits):
    able = {name: [model for model in MODELS if can(name, digits, model=model)] for name in OTHERS}
    linear = [m for m in MODELS if hasattr(plugin("models", m), "score_gradient")]
    assert able == {"numpy": MODELS, "numba": linear, "triton": linear}
    rules = {name: [r for r in RULES if can(name, digits, update_rule=r)] for name in OTHERS}
    assert rules == {"numpy": RULES, "numba": RULES, "triton": ["plain"]}
    averages = [name for name in OTHERS if can(name, digits, average_from=1)]
    assert averages == ["numba", "numpy"]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("step_size", [1e-30, 1e10])
def test_equals_torch_at_absurd_step_sizes(digits, name, step_size):
    for model in MODELS:
        if can(name, digits, model=model):
            run = replace(RUN, model=model, batch_size=FULL, epochs=3, step_size=step_size)
            assert_equals_torch(name, run, some(digits, model=model), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("classes", [2, 3, 16, 17])
def test_equals_torch_on_other_samples(random, name, batch_size, classes):
    """Dense ones, sparse ones and zeros, of few features."""
    x = random.integers(1, 256, size=(30, 13))
    x[10:][random.uniform(size=(20, 13)) < 0.8] = 0
    x[::5] = 0
    x = x.astype("uint8")
    run = replace(RUN, model="softmax_regression", batch_size=batch_size, evaluate_every=1)
    data = Data(x, np.arange(30) % classes, x[:2], np.arange(2), scale=255)
    assert_equals_torch(name, replace(run, epochs=1 if name == "triton" else 3), data)


@pytest.mark.parametrize("name", OTHERS)
def test_where_torch_turns_non_finite_the_others_do(digits, name):
    run = replace(RUN, model="softmax_regression", step_size=9e99, l2=1e3, epochs=1)
    data = some(digits, few(name))
    trained, reference = (train(each, run, data) for each in (name, "torch"))
    finite = [np.isfinite(t.parameters["A"]).all(axis=(2, 3)) for t in (trained, reference)]
    assert (finite[0] == finite[1]).all()
    assert finite[0].any()
    assert not finite[0].all()


def test_the_reference_is_deterministic_and_runs_on_one_thread(digits):
    train("torch", RUN, some(digits, 5))
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("batch_size", [1, 64, FULL])
def test_float32_equals_float64_up_to_rounding(digits, name, batch_size):
    run = replace(RUN, batch_size=batch_size, step_size=0.01)
    single, double = (
        train(name, replace(run, dtype=dtype), some(digits, few(name)))
        for dtype in ("float32", "float64")
    )
    for parameter, p in single.parameters.items():
        assert_allclose(p, double.parameters[parameter], rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("name", ["numpy", "numba"])
@pytest.mark.parametrize("seeds", [1, 3])
def test_a_full_batch_of_many_blocks_equals_torch(random, monkeypatch, name, seeds):
    x = random.integers(0, 17, size=(300, 3000), dtype=np.uint8)  # several groups of features, too
    data = Data(x, np.arange(300) % 4, x[:5], np.arange(5) % 4, scale=16)
    monkeypatch.setattr("descent.engines.numpy.BLOCK", 128)  # as in descent.compiled.passes
    run = replace(RUN, batch_size=FULL, epochs=5, seeds=tuple(range(seeds)))
    assert_equals_torch(name, run, data)


def test_plain_gradient_descent_on_a_convex_objective_never_rises(digits):
    from descent.metrics import trace

    run = replace(RUN, model="softmax_regression", batch_size=FULL, epochs=30, evaluate_every=1)
    data = some(digits)
    # L ≤ λ_max(X̃ᵀX̃/n) / 2 for softmax regression (Böhning 1992), X̃ with a column of ones
    x = np.c_[data.inputs(data.x_train, "float64"), np.ones(len(data.x_train))]
    largest = np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    trained = train("numpy", replace(run, step_size=2 / (largest / 2)), data)
    columns = trace(
        replace(trained, provenance={"l2": 0.0, "validation": 0}),
        data,
        plugin("models", run.model),
        plugin("evaluators", "numpy"),
    )
    objective = columns["objective"].reshape(len(run.seeds), -1)
    assert (np.diff(objective) <= 0).all()


def test_seeds_do_not_depend_on_each_other(digits):
    together = train("numpy", RUN, some(digits))
    alone = train("numpy", replace(RUN, seeds=(3,)), some(digits))
    assert_allclose(together.parameters["A"][1], alone.parameters["A"][0], rtol=1e-12)


@pytest.mark.parametrize(
    ("seeds", "changes"),
    [
        ((0, 1, 2), {"model": "softmax_regression", "update_rule": "momentum", "average_from": 1}),
        ((0, 3, 5, 6, 2), {"l2": 0.01, "dtype": "float32"}),
        (range(8), {"dtype": "float32"}),
        (range(9), {"model": "linear_regression", "update_rule": "adam", "l2": 0.01}),
    ],
)
def test_a_seed_has_the_same_bytes_whichever_are_beside_it(random, monkeypatch, changes, seeds):
    monkeypatch.setattr("descent.compiled.passes.GROUP", 2**14)  # several groups of features
    run = replace(RUN, batch_size=FULL, epochs=3, step_size=0.001, **changes)
    x = random.integers(0, 17, size=(200, 300), dtype=np.uint8)
    data = some(Data(x, np.arange(200) % 10, x[:9], np.arange(9), 16), 200, run.model)
    alone, together = (train("numba", replace(run, seeds=tuple(s)), data) for s in ([2], seeds))
    of_2 = together.seed == 2
    assert (together.rises[of_2] == alone.rises).all()
    for parameter, p in alone.parameters.items():
        assert p.tobytes() == together.parameters[parameter][of_2].tobytes()


@pytest.mark.parametrize("name", available("engines"))
def test_iterates(digits, name):
    steps = []
    run = replace(RUN, dtype="float32", batch_size=7)
    trained = plugin("engines", name).train(run, some(digits, 60), steps.append)
    assert trained.step.tolist() == [0, 1, 2, 4, 8, 16, 18]
    assert_allclose(trained.epoch, trained.step / 9)
    assert trained.parameters["A"].shape == (2, 7, 10, 64)
    assert trained.parameters["A"].dtype == np.float32
    assert sum(steps) == 2 * run.steps(60) == 2 * 18


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("kind", available("schedules"))
def test_equals_torch_with_a_schedule(digits, name, kind):
    for batch_size in (FULL, 7, 1):
        run = replace(RUN, schedule=kind, batch_size=batch_size, l2=0.01, evaluate_every=3)
        assert_equals_torch(name, run, some(digits, 10))
    if kind != "constant":
        constant, own = (
            train("torch", replace(run, schedule=each), some(digits, 10)).parameters["A"][:, -1]
            for each in ("constant", kind)
        )
        assert np.abs(constant - own).max() > 1e-5


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("rule", ["plain", "momentum"])
def test_equals_torch_without_bias(digits, name, rule):
    if not can(name, digits, update_rule=rule):
        pytest.skip("the judge refuses it")
    run = replace(RUN, model="linear_regression", update_rule=rule, step_size=0.005)
    run = replace(run, model_options={"bias": False})
    for batch_size, l2 in ((1, 0), (1, 0.01), (7, 0.01), (FULL, 0.01)):
        changed = replace(run, batch_size=batch_size, l2=l2)
        data = some(digits, min(few(name), 30), run.model)
        assert list(train(name, changed, data).parameters) == ["A"]
        assert_equals_torch(name, changed, data)


@pytest.mark.parametrize("name", ["numpy", "numba", "torch"])
@pytest.mark.parametrize("rule", ["plain", "adam"])
@pytest.mark.parametrize(("batch_size", "steps"), [(1, 20), (7, 3), (FULL, 1)])
def test_averages_are_means_of_the_iterates_since(digits, name, rule, batch_size, steps):
    for average_from in (0, 1):
        run = replace(RUN, batch_size=batch_size, evaluate_every=1, update_rule=rule)
        trained = train(name, replace(run, average_from=average_from), some(digits, 20))
        for parameter in ("A", "b"):
            p, average = (trained.parameters[f"{kind}{parameter}"] for kind in ("", "average_"))
            begin = average_from * steps  # an epoch
            for t in range(2 * steps + 1):
                expected = p[:, t] if t <= begin else p[:, begin + 1 : t + 1].mean(1)
                assert_allclose(average[:, t], expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "l2"), [("numpy", 0), ("numpy", 0.1), ("numba", 0), ("numba", 0.1), ("torch", 0.1)]
)
def test_linear_regression_reaches_its_optimum_below_two_over_the_largest_curvature(name, l2):
    from descent.datasets.diabetes import obtain

    data = obtain(None, None)
    x = np.c_[data.x_train, np.ones(len(data.x_train))]
    largest = np.linalg.eigvalsh(x.T @ x / len(x))[-1] + l2
    optimum = plugin("models", "linear_regression").optimum(data.x_train, data.y_train, l2)
    run = replace(RUN, model="linear_regression", batch_size=FULL, l2=l2, seeds=(0,))
    run = replace(run, epochs=6000, evaluate_every=6000, step_size=1.9 / largest)
    trained = train(name, run, data)
    for parameter, p in optimum.items():
        assert_allclose(trained.parameters[parameter][0, -1], p, rtol=0, atol=1e-6)
    trained = train(name, replace(run, step_size=2.02 / largest, epochs=2000), data)
    distance = np.abs(trained.parameters["A"][0] - optimum["A"]).max((1, 2))
    assert distance[-1] > 1000 * distance[0]


@pytest.mark.parametrize("name", ["numpy", "numba", "torch"])
def test_averages_of_float32_accumulate_in_float64(digits, name):
    # the iterates hardly move: a running mean in float32 would not take them in
    run = replace(RUN, model="softmax_regression", dtype="float32", step_size=1e-5, epochs=20)
    run = replace(run, evaluate_every=1, average_from=0, seeds=(0,))
    trained = train(name, run, some(digits, 50))
    mean = trained.parameters["A"][0, 1:].mean(0, dtype="float64")
    assert_allclose(trained.parameters["average_A"][0, -1], mean, rtol=2e-7, atol=1e-10)


def objectives(run, data, trained):
    """F at the evaluated steps [R, S], in float64."""
    net, count = plugin("models", run.model), len(run.seeds) * len(trained.step)
    flat = {n: p.reshape(count, *p.shape[2:]) for n, p in trained.parameters.items()}
    loss, *_ = plugin("evaluators", "numpy").means(
        net, flat, data.x_train, data.scale, data.y_train
    )
    squares = sum(np.square(p).reshape(count, -1).sum(1) for p in flat.values())
    return (loss + run.l2 / 2 * squares).reshape(len(run.seeds), -1)


@pytest.mark.parametrize("name", available("engines"))
@pytest.mark.parametrize(
    ("model", "changes", "least", "most"),  # of the rises among 30 steps
    [
        ("softmax_regression", {"step_size": 0.3, "l2": 0.01}, 0, 0),
        ("softmax_regression", {"step_size": 5.0}, 1, 29),
        ("softmax_regression", {"step_size": 1.0, "l2": 1.99}, 0, 29),
        ("softmax_regression", {"step_size": 1.0, "l2": 2.1}, 25, 29),  # the penalty rises
        ("softmax_regression", {"step_size": 0.5, "update_rule": "momentum", "l2": 0.1}, 1, 29),
        ("linear_regression", {"step_size": 0.3}, 29, 29),
        ("linear_regression", {"step_size": 1e30}, 1, 10),  # then it is not finite
        ("sigmoid_softmax", {"step_size": 500.0}, 1, 29),
        ("neural_network", {"step_size": 2.0}, 1, 29),
    ],
)
def test_rises_are_those_of_the_objective(digits, name, model, changes, least, most):
    run = replace(RUN, model=model, batch_size=FULL, epochs=30, evaluate_every=1, **changes)
    if not can(name, digits, model=model, update_rule=run.update_rule):
        pytest.skip("the judge refuses it")
    data = some(digits, model=model)
    trained = train(name, run, data)
    with np.errstate(over="ignore", invalid="ignore"):
        F = objectives(run, data, trained)
        rose = (F[:, 1:] > F[:, :-1] * (1 + ROUNDING)) & np.isfinite(F[:, 1:])
    expected = np.c_[np.zeros((2, 2), np.int64), rose[:, :-1].cumsum(1)]  # before the step
    assert trained.rises.dtype == np.int64
    assert trained.rises.tolist() == expected.tolist()
    assert ((least <= expected[:, -1]) & (expected[:, -1] <= most)).all()
    seldom = train(name, replace(run, evaluate_every=11), data)
    assert seldom.rises.tolist() == trained.rises[:, seldom.step].tolist()


@pytest.mark.parametrize("name", available("engines"))
def test_rounding_is_no_rise(digits, name):
    run = replace(RUN, model="softmax_regression", dtype="float32", batch_size=FULL)
    run = replace(run, step_size=0.3, l2=1.0, epochs=60)  # at its minimum after 30 steps
    trained = train(name, run, some(digits, few(name)))
    assert not trained.rises.any()


@pytest.mark.parametrize("name", available("engines"))
def test_batches_count_no_rises(digits, name):
    assert train(name, replace(RUN, batch_size=7), some(digits, few(name))).rises is None


@pytest.mark.parametrize("name", available("engines"))
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("shrink", [1e-8, 4e-8])
def test_l2_alone_shrinks_by_its_factor_in_float32(name, batch_size, shrink):
    """1 - αλ is no number of float32: its neighbours are 1 and 1 - 6e-8."""
    steps = {"numba": 300_000, "numpy": 10_000, "torch": 2000, "triton": 100}[name]
    samples = 1000 if name == "numba" else 50
    x = np.zeros((samples, 3), np.uint8)
    data = Data(x, np.ones(samples), x[:2], np.ones(2), scale=255)
    run = replace(RUN, model="linear_regression", model_options={"bias": False}, dtype="float32")
    run = replace(run, batch_size=batch_size, step_size=0.01, l2=100 * shrink)
    a_pass = run.steps(samples) // run.epochs
    run = replace(run, epochs=steps // a_pass, evaluate_every=steps // 3)
    trained = train(name, run, data)
    A, t = trained.parameters["A"], trained.step[:, None, None]
    assert_allclose(A, A[:, :1].astype("float64") * np.exp(t * np.log1p(-shrink)), rtol=1e-7)


@pytest.mark.parametrize("name", available("engines"))
@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("shrink", [1e-8, 0.5, 1, 1.5, 3])
def test_l2_of_any_size_equals_a_literal_torch_loop(digits, name, batch_size, shrink):
    run = replace(RUN, model="softmax_regression", batch_size=batch_size, l2=shrink / 0.05)
    assert_equals_a_literal_torch_loop(name, run, some(digits, few(name)))


@pytest.mark.parametrize("batch_size", [1, 7, FULL])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_scale_of_the_weights_does_not_underflow(digits, batch_size, dtype):
    # at the end 0.97^t is 1e-39 or less, and 0 in float64 for batches of 1
    run = replace(RUN, batch_size=batch_size, step_size=0.1, l2=0.3, model="softmax_regression")
    run = replace(run, epochs=3000 if batch_size == FULL else 300, evaluate_every=2500)
    data = some(digits)
    made = train("numba", replace(run, dtype=dtype), data)
    expected = train("numpy", run, data)
    tolerance = {"float32": 1e-5, "float64": 1e-11}[dtype]
    for name, p in expected.parameters.items():
        assert_allclose(made.parameters[name], p, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["numba", "numpy"])
def test_averages_are_of_parameters_not_of_scaled_weights(digits, name):
    run = replace(RUN, batch_size=7, l2=1.0, average_from=0, evaluate_every=1, epochs=1)
    trained = train(name, run, some(digits))
    mean = trained.parameters["A"][:, 1:].mean(1)
    assert_allclose(trained.parameters["average_A"][:, -1], mean, rtol=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_l2_scales_where_a_rule_is_a_straight_step(rule):
    assert l2_scales(replace(RUN, update_rule=rule, l2=0.1)) == (rule == "plain")
    assert not l2_scales(replace(RUN, update_rule=rule))


def test_how_l2_scales_is_what_the_rule_says(monkeypatch):
    rules = {
        "slower": lambda p, g, step_size, t, by=2: p - step_size / (by * t) * g,
        "shrinking": lambda p, g, step_size: 0.99 * p - step_size * g,
    }
    for name, update in rules.items():
        monkeypatch.setattr(plugin("update_rules", "plain"), "update", update)
        assert l2_scales(replace(RUN, l2=0.1)) == (name == "slower")
        found = scalings(replace(RUN, l2=0.1), np.array([0.5, 0.3]), 3)
        expected = [1 - 0.05 / 8, 1 - 0.03 / 10] if name == "slower" else [1, 1]
        assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("name", ["numba", "numpy"])
def test_a_full_batch_in_float32_adds_up_in_float64(random, name):
    x = random.integers(1, 256, size=(60_000, 5)).astype("uint8")
    data = Data(x, x.mean(1) / 99 - 1, x[:2], np.arange(2.0), scale=255)
    run = replace(RUN, model="linear_regression", batch_size=FULL, step_size=1.0, epochs=1)
    run = replace(run, initial="zeros")  # one step from zero is the gradient
    single, double = (train(name, replace(run, dtype=d), data) for d in ("float32", "float64"))
    for parameter, p in double.parameters.items():
        assert_allclose(single.parameters[parameter], p, rtol=2e-7)
