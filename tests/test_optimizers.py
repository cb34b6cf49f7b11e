"""Every update rule against torch.optim, step by step."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent.run import update_rule
from pipeline.plugins import available

SGD = torch.optim.SGD

# (update rule, its options, what it equals)
CASES = [
    ("plain", {}, SGD),
    ("momentum", {}, partial(SGD, momentum=0.9)),
    ("momentum", {"momentum": 0.5}, partial(SGD, momentum=0.5)),
    ("nesterov", {}, partial(SGD, momentum=0.9, nesterov=True)),
    ("nesterov", {"momentum": 0.5}, partial(SGD, momentum=0.5, nesterov=True)),
    ("adagrad", {}, torch.optim.Adagrad),
    ("adagrad", {"epsilon": 0.1}, partial(torch.optim.Adagrad, eps=0.1)),
    ("rmsprop", {}, torch.optim.RMSprop),
    ("rmsprop", {"decay": 0.9, "epsilon": 0.1}, partial(torch.optim.RMSprop, alpha=0.9, eps=0.1)),
    ("adam", {}, torch.optim.Adam),
    ("adam", {"beta1": 0.5, "beta2": 0.9}, partial(torch.optim.Adam, betas=(0.5, 0.9))),
    ("adam", {"epsilon": 0.1}, partial(torch.optim.Adam, eps=0.1)),
]


@pytest.mark.parametrize(("name", "options", "oracle"), CASES)
@pytest.mark.parametrize("step_size", [0, 1e-30, 1e-3, 1, 1e10])
@pytest.mark.parametrize("backend", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_follows_torch_over_arbitrary_gradients(random, name, options, oracle, step_size, backend):
    rule = update_rule(name)
    start = {"A": random.normal(size=(3, 4)), "b": random.normal(size=3)}
    leaves = {n: torch.from_numpy(p.copy()).requires_grad_() for n, p in start.items()}
    optimizer = oracle(leaves.values(), lr=step_size)
    parameters = {n: backend(p) for n, p in start.items()}
    state = rule.init(parameters)
    reused = {n: backend(np.zeros_like(p)) for n, p in start.items()}
    for scale in [1, 1, 1e-12, 0, 1e12, *[1] * 15]:
        for n, leaf in leaves.items():
            gradient = scale * random.normal(size=leaf.shape)
            reused[n][...] = backend(gradient)
            leaf.grad = torch.from_numpy(gradient)
        parameters, state = rule.update(parameters, reused, state, step_size, **options)
        optimizer.step()
        for n, leaf in leaves.items():
            assert_allclose(np.asarray(parameters[n]), leaf.detach().numpy(), rtol=1e-11)


@pytest.mark.parametrize("name", available("optimizers"))
def test_a_float32_parameter_stays_one(name):
    rule = update_rule(name)
    p = {"A": np.ones(3, "float32")}
    state = rule.init(p)
    for _ in range(2):
        p, state = rule.update(p, {"A": np.ones(3, "float32")}, state, 0.1)
    assert p["A"].dtype == np.float32


def test_every_rule_has_its_oracle():
    assert {name for name, *_ in CASES} == set(available("optimizers"))


def test_every_option_is_in_a_case():
    named = {(name, option) for name, options, _ in CASES for option in options}
    for name in available("optimizers"):
        for option in getattr(update_rule(name), "OPTIONS", {}):
            assert (name, option) in named
