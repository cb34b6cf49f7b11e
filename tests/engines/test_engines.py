"""Every engine compared with a literal torch.optim loop.

numba takes two seconds to compile for each model, dtype, number of classes and of seeds, so the
cases share as many of them as they can.
"""

from dataclasses import replace

import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from descent import sampling
from descent.compiled.linear import FORMULAS
from descent.engines import COMPILED, REQUIREMENTS, unmet_requirement
from descent.errors import InputError
from descent.plugins import available, plugin
from descent.run import FULL, WITH_REPLACEMENT, Run
from descent.store.data import Data
from descent.store.iterates import ROUNDING

MODELS, ENGINES = available("models"), list(REQUIREMENTS)
OTHERS = [name for name in ENGINES if name != "torch"]
OPTIMIZERS = {rule: oracle for rule, options, oracle in oracles.UPDATE_RULES if not options}
SCHEDULERS = {name: oracle for name, options, oracle in oracles.SCHEDULES if not options}
RUN = {"step_size": 0.05, "batch_size": 1, "epochs": 2, "evaluate_every": 40, "seeds": (0, 3)}
RUN = Run(model="sigmoid_softmax", **RUN, dtype="float64")

every_engine = pytest.mark.parametrize("name", ENGINES)
every_other_engine = pytest.mark.parametrize("name", OTHERS)
every_batch_size = pytest.mark.parametrize("batch_size", [1, 7, FULL])


def some(digits, samples=90, model="sigmoid_softmax"):
    """The first samples, with numbers instead of labels for a regression."""
    x, y = digits.x_train[:samples], digits.y_train[:samples]
    y = y / 4 - 1 if plugin("models", model).TASK == "regression" else y
    return replace(digits, x_train=x, y_train=y)


def can_train(name, run):
    return not unmet_requirement(name, run)


def train(name, run, data):
    if not can_train(name, run):
        pytest.skip("the engine cannot train it")
    return plugin("engines", name).train(run, data, lambda steps: None)


def literal_torch_loop(run: Run, data: Data, seed: int) -> dict[int, list[np.ndarray]]:
    """Parameters by step, from torch.nn and torch.optim, and from our order of the samples."""
    x = torch.from_numpy(data.x_train / data.scale).to(getattr(torch, run.dtype))
    y = torch.from_numpy(data.y_train)
    layers, loss = oracles.MODELS[run.model]
    net = nn.Sequential(*layers(x.shape[1])).to(x.dtype)
    if run.model_options.get("bias") is False:
        net[0].bias = None
    shapes = run.layers(x.shape[1], data.outputs)
    start = sampling.initial(seed, shapes, run.initial, run.dtype)
    with torch.no_grad():
        for p, value in zip(net.parameters(), start.values(), strict=True):
            p.copy_(torch.from_numpy(value))
    rule = OPTIMIZERS[run.update_rule]
    optimizer = rule(net.parameters(), lr=run.step_size, weight_decay=run.l2)
    scheduler = SCHEDULERS[run.schedule](optimizer, run.steps(len(x)))

    def snapshot():
        return [p.detach().numpy().copy() for p in net.parameters()]

    snapshots, step = {0: snapshot()}, 0
    for epoch in range(run.epochs):
        order = torch.from_numpy(sampling.order(seed, epoch, len(x), run.sampling))
        for batch in order.split(run.samples_per_step(len(x))):
            optimizer.zero_grad()
            loss(net(x[batch]), y[batch]).backward()
            optimizer.step()
            scheduler.step()
            step += 1
            snapshots[step] = snapshot()
    return snapshots


def assert_equal_a_literal_torch_loop(run, data):
    literal = [literal_torch_loop(run, data, seed) for seed in run.seeds]
    for name in (name for name in ENGINES if can_train(name, run)):
        trained = train(name, run, data)
        samples = len(data.y_train)
        assert trained.step.tolist() == run.evaluated_steps(samples).tolist()
        assert_allclose(trained.epoch, trained.step / run.steps_per_epoch(samples))
        for i, p in enumerate(trained.parameters.values()):
            expected = [np.stack([of_seed[t][i] for t in trained.step]) for of_seed in literal]
            assert_allclose(p, np.stack(expected), rtol=1e-8, atol=1e-12, err_msg=name)


def assert_equals_torch(name, run, data):
    if can_train(name, run):
        trained, reference = (train(each, run, data).parameters for each in (name, "torch"))
        for parameter, p in reference.items():
            assert_allclose(trained[parameter], p, rtol=1e-9, atol=1e-12, err_msg=parameter)


RUNS = [  # changes of RUN
    *({"model": model, "l2": 0.01} for model in MODELS),
    *({"model": model, "initial": "zeros"} for model in MODELS),
    *({"model": model, "sampling": WITH_REPLACEMENT, "l2": 0.01} for model in MODELS),
    *({"model_options": {"bias": False}, "l2": l2} for l2 in (0.0, 0.01)),
    *({"l2": shrink / RUN.step_size} for shrink in (1e-8, 1, 3)),
    *({"schedule": schedule, "l2": 0.01} for schedule in SCHEDULERS),
    *({"update_rule": rule, "l2": 0.01} for rule in OPTIMIZERS),
    *({"update_rule": rule, "model": "neural_network", "l2": 0.01} for rule in OPTIMIZERS),
]


@every_batch_size
@pytest.mark.parametrize("changes", RUNS, ids=str)
def test_every_engine_equals_a_literal_torch_loop(digits, changes, batch_size):
    """In 40 steps, as oracles.SCHEDULES requires."""
    if batch_size == FULL and "sampling" in changes:
        pytest.skip("a full batch has no order")
    model = "linear_regression" if "model_options" in changes else "softmax_regression"
    run = replace(RUN, batch_size=batch_size, **{"model": model, **changes})
    run = replace(run, epochs=40 // run.steps_per_epoch(10), evaluate_every=3)
    assert_equal_a_literal_torch_loop(run, some(digits, 10, run.model))


@pytest.mark.parametrize("step_size", [1e-30, 1e10])
@pytest.mark.parametrize("model", MODELS)
def test_absurd_step_sizes_equal_a_literal_torch_loop(digits, model, step_size):
    run = replace(RUN, model=model, batch_size=FULL, epochs=3, step_size=step_size)
    assert_equal_a_literal_torch_loop(run, some(digits, model=model))


@every_other_engine
@pytest.mark.parametrize(("batch_size", "classes"), [(1, 2), (1, 17), (7, 17), (FULL, 17)])
def test_equals_torch_on_other_samples(random, name, batch_size, classes):
    """Dense samples, sparse samples and zeros, with few features."""
    x = random.integers(1, 256, size=(30, 13))
    x[10:][random.uniform(size=(20, 13)) < 0.8] = 0
    x[::5] = 0
    x = x.astype("uint8")
    run = replace(RUN, model="softmax_regression", batch_size=batch_size, evaluate_every=1)
    data = Data(x, np.arange(30) % classes, x[:2], np.arange(2), scale=255)
    assert_equals_torch(name, replace(run, epochs=3), data)


@every_other_engine
def test_a_full_batch_of_many_blocks_equals_torch(random, monkeypatch, name):
    x = random.integers(0, 17, size=(300, 300), dtype=np.uint8)
    data = Data(x, np.arange(300) % 10, x[:5], np.arange(5) % 10, scale=16)
    monkeypatch.setattr("descent.engines.numpy.BLOCK", 128)  # as in descent.compiled.samples
    monkeypatch.setattr("descent.compiled.samples.GROUP_BYTES", 2**14)  # several groups of features
    assert_equals_torch(name, replace(RUN, batch_size=FULL, epochs=5), data)


@every_other_engine
def test_parameters_become_non_finite_at_the_step_where_those_of_torch_do(digits, name):
    run = replace(RUN, model="softmax_regression", step_size=9e99, l2=1e3, epochs=1)
    trained, reference = (train(each, run, some(digits)) for each in (name, "torch"))
    finite = [np.isfinite(t.parameters["A"]).all(axis=(2, 3)) for t in (trained, reference)]
    assert (finite[0] == finite[1]).all()
    assert finite[0].any()
    assert not finite[0].all()


def test_engines_train_what_they_support_and_refuse_the_rest(digits):
    linear = [m for m in MODELS if hasattr(plugin("models", m), "score_gradient")]
    assert set(linear) == set(COMPILED) == set(FORMULAS)
    trains = {
        name: [m for m in MODELS if can_train(name, replace(RUN, model=m))] for name in ENGINES
    }
    assert trains == {"numba": linear, "numpy": MODELS, "torch": MODELS}
    adam = replace(RUN, update_rule="adam")
    assert can_train("numba", replace(adam, batch_size=FULL))
    for run in (adam, replace(RUN, batch_size=7), replace(RUN, model="neural_network")):
        assert not can_train("numba", run)
        with pytest.raises(InputError, match="engine numba: has no kernel for"):
            plugin("engines", "numba").train(run, some(digits, 9), lambda steps: None)


def test_the_bytes_of_a_seed_do_not_depend_on_the_others(random, monkeypatch):
    monkeypatch.setattr("descent.engines.numba.LANES", 2)  # several groups of seeds
    monkeypatch.setattr("descent.compiled.samples.GROUP_BYTES", 2**14)  # several groups of features
    run = replace(RUN, batch_size=FULL, epochs=3, step_size=0.001)
    x = random.integers(0, 17, size=(200, 300), dtype=np.uint8)
    data = Data(x, np.arange(200) % 10, x[:9], np.arange(9), 16)
    groups = (2, 7), (0, 2, 5, 6)
    one, other = (train("numba", replace(run, seeds=seeds), data) for seeds in groups)
    for name, p in one.parameters.items():
        assert p[0].tobytes() == other.parameters[name][1].tobytes()
    assert (one.rises[0] == other.rises[1]).all()


@every_engine
@pytest.mark.parametrize("rule", ["plain", "adam"])
@pytest.mark.parametrize(("batch_size", "steps"), [(1, 20), (7, 3), (FULL, 1)])
def test_averages_are_means_of_the_iterates(digits, name, rule, batch_size, steps):
    for average_from, l2 in ((0, 1.0), (1, 0.0)):  # l2 scales the weights
        run = replace(RUN, batch_size=batch_size, evaluate_every=1, update_rule=rule, l2=l2)
        run = replace(run, model="softmax_regression", average_from=average_from)
        trained = train(name, run, some(digits, 20))
        for parameter in ("A", "b"):
            p, average = (trained.parameters[f"{kind}{parameter}"] for kind in ("", "average_"))
            begin = average_from * steps  # steps per epoch
            for t in range(2 * steps + 1):
                expected = p[:, t] if t <= begin else p[:, begin + 1 : t + 1].mean(1)
                assert_allclose(average[:, t], expected, rtol=1e-10, atol=1e-15)


@every_engine
@pytest.mark.parametrize(
    ("model", "changes", "least", "most"),  # rises in 30 steps
    [
        ("softmax_regression", {"step_size": 0.3, "l2": 0.01}, 0, 0),
        ("softmax_regression", {"step_size": 5.0}, 1, 29),
        ("softmax_regression", {"step_size": 1.0, "l2": 2.1}, 25, 29),  # of the penalty
        ("softmax_regression", {"step_size": 0.3, "l2": 1.0, "dtype": "float32"}, 0, 0),  # rounding
        ("softmax_regression", {"step_size": 0.5, "update_rule": "adam", "l2": 0.1}, 1, 29),
        ("linear_regression", {"step_size": 0.3}, 29, 29),
        ("linear_regression", {"step_size": 1e30}, 1, 10),  # until it is not finite
        ("sigmoid_softmax", {"step_size": 500.0}, 1, 29),
        ("neural_network", {"step_size": 2.0}, 1, 29),
    ],
)
def test_rises_are_those_of_the_objective(digits, monkeypatch, name, model, changes, least, most):
    monkeypatch.setattr("descent.engines.numpy.BLOCK", 32)  # several blocks
    run = replace(RUN, model=model, batch_size=FULL, epochs=30, evaluate_every=1, **changes)
    data = some(digits, model=model)
    trained, net = train(name, run, data), plugin("models", model)
    with np.errstate(over="ignore", invalid="ignore"):
        z = net.scores(trained.parameters, data.x_train / data.scale)
        arrays = trained.parameters.values()
        squares = sum(np.square(p).sum(tuple(range(2, p.ndim))) for p in arrays)
        F = net.losses(z, data.y_train).mean(-1) + run.l2 / 2 * squares
        rose = (F[:, 1:] > F[:, :-1] * (1 + ROUNDING)) & np.isfinite(F[:, 1:])
    expected = np.c_[np.zeros((2, 2), np.int64), rose[:, :-1].cumsum(1)]  # before the step
    assert trained.rises.dtype == np.int64
    assert trained.rises.tolist() == expected.tolist()
    assert ((least <= expected[:, -1]) & (expected[:, -1] <= most)).all()
    seldom = train(name, replace(run, evaluate_every=11), data)
    assert seldom.rises.tolist() == trained.rises[:, seldom.step].tolist()


@every_other_engine
@every_batch_size
def test_float32_equals_float64_up_to_rounding(digits, name, batch_size):
    run = replace(RUN, batch_size=batch_size, step_size=0.01)
    single, double = (
        train(name, replace(run, dtype=dtype), some(digits)) for dtype in ("float32", "float64")
    )
    for parameter, p in single.parameters.items():
        assert p.dtype == np.float32
        assert_allclose(p, double.parameters[parameter], rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("name", ["numpy", "numba", pytest.param("torch", marks=pytest.mark.slow)])
def test_averages_of_float32_accumulate_in_float64(digits, name):
    # the iterates hardly change: a running mean in float32 would stay the same
    run = replace(RUN, dtype="float32", step_size=1e-5, epochs=20, evaluate_every=1, average_from=0)
    trained = train(name, run, some(digits, 50))
    mean = trained.parameters["A"][:, 1:].mean(1, dtype="float64")
    assert_allclose(trained.parameters["average_A"][:, -1], mean, rtol=2e-7, atol=1e-10)


@every_other_engine
@every_batch_size
def test_l2_alone_shrinks_by_its_factor_in_float32(name, batch_size):
    """1 - αλ lies between two neighbours in float32, 1 and 1 - 6e-8."""
    shrink, steps, x = 4e-8, 1000, np.zeros((50, 3), np.uint8)
    data = Data(x, np.arange(50) % 10, x[:2], np.arange(2), scale=255)
    run = replace(RUN, dtype="float32", batch_size=batch_size, step_size=0.01, l2=100 * shrink)
    run = replace(run, epochs=steps // run.steps_per_epoch(50), evaluate_every=steps // 3)
    trained = train(name, run, data)
    A, t = trained.parameters["A"], trained.step[:, None, None]
    assert_allclose(A, A[:, :1].astype("float64") * np.exp(t * np.log1p(-shrink)), rtol=1e-7)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-11)])
def test_the_scale_of_the_weights_does_not_underflow(digits, dtype, tolerance):
    run = replace(RUN, step_size=0.1, l2=4.7, epochs=14, evaluate_every=100)  # 0.53^1260 is 0
    expected = train("numpy", run, some(digits))
    trained = train("numba", replace(run, dtype=dtype), some(digits))
    for name, p in expected.parameters.items():
        assert_allclose(trained.parameters[name], p, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["numpy", pytest.param("numba", marks=pytest.mark.slow)])
def test_a_full_batch_in_float32_accumulates_in_float64(random, monkeypatch, name):
    monkeypatch.setattr("descent.engines.numpy.BLOCK", 16)
    x = random.integers(1, 256, size=(60_000, 5)).astype("uint8")
    data = Data(x, x.mean(1) / 99 - 1, x[:2], np.arange(2.0), scale=255)
    run = replace(RUN, model="linear_regression", batch_size=FULL, step_size=1.0, epochs=1)
    run = replace(run, initial="zeros")  # one step from zero is the gradient
    single, double = (train(name, replace(run, dtype=d), data) for d in ("float32", "float64"))
    for parameter, p in double.parameters.items():
        assert_allclose(single.parameters[parameter], p, rtol=2e-7)


def test_torch_is_deterministic_and_runs_on_one_thread(digits):
    plugin("engines", "torch").train(RUN, some(digits, 5), lambda steps: None)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize("batch_size", [1, 32, FULL])
@pytest.mark.parametrize("model", MODELS)
def test_cuda_trains_and_evaluates_as_the_cpu(digits, model, batch_size, dtype, tolerance):
    data, close = some(digits, model=model), {"rtol": tolerance, "atol": tolerance}
    run = replace(RUN, model=model, batch_size=batch_size, dtype=dtype, l2=0.01)
    trained = {name: train(name, run, data) for name in ("numpy", "torch")}
    for name, expected in trained["numpy"].parameters.items():
        assert_allclose(trained["torch"].parameters[name], expected, **close)
    snapshots = {name: p[0] for name, p in trained["numpy"].parameters.items()}
    net = plugin("models", model)
    given = net, snapshots, data.x_train, data.scale, data.y_train, run.l2
    on_cpu, on_cuda = (plugin("evaluation", name).means(*given) for name in ("numpy", "torch"))
    for column, (expected, found) in enumerate(zip(on_cpu, on_cuda, strict=True)):
        if column != 1 or net.TASK == "classification":  # 1 is the accuracy
            assert_allclose(found, expected, **close)
