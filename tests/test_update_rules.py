"""Every update rule against torch.optim, step by step."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent.formulas import bind, counts, options, state
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
LIBRARIES = {"numpy": (np, np.asarray), "torch": (torch, torch.from_numpy)}


@pytest.mark.parametrize(("name", "chosen", "oracle"), CASES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_follows_torch_over_arbitrary_gradients(random, name, chosen, oracle, library):
    functions, array = LIBRARIES[library]
    rule = update_rule(name).update
    update = bind(rule, lambda value: functions if value is np else value)
    for step_size in (0, 1e-30, 1e-3, 1, 1e10):
        start = random.normal(size=(3, 4))
        leaf = torch.from_numpy(start.copy()).requires_grad_()
        optimizer = oracle([leaf], lr=step_size)
        p, kept = array(start), {s: array(np.zeros_like(start)) for s in state(rule)}
        for t, scale in enumerate([1, 1, 1e-12, 0, 1e12, *[1] * 15], 1):
            gradient = scale * random.normal(size=leaf.shape)
            leaf.grad = torch.from_numpy(gradient)
            step = {"t": t} if counts(rule) else {}
            p = update(p, array(gradient.copy()), step_size, **step, **kept, **chosen)
            if kept:
                p, *arrays = p
                kept = dict(zip(kept, arrays, strict=True))
            optimizer.step()
            assert_allclose(np.asarray(p), leaf.detach().numpy(), rtol=1e-11)


def test_every_option_of_every_rule_has_its_oracle():
    held = {(name, option) for name, chosen, _ in CASES for option in chosen}
    rules = {name: options(update_rule(name).update) for name in available("update_rules")}
    assert held == {(name, option) for name in rules for option in rules[name]}
    assert {name for name, *_ in CASES} == rules.keys()
