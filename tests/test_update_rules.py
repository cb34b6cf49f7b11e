"""Every update rule against torch.optim, step by step."""

import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose

from descent.formulas import bind, counts, state
from descent.plugins import available, options, plugin

LIBRARIES = {"numpy": (np, np.asarray), "torch": (torch, torch.from_numpy)}


@pytest.mark.parametrize(("name", "chosen", "oracle"), oracles.UPDATE_RULES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_follows_torch_over_arbitrary_gradients(random, name, chosen, oracle, library):
    functions, array = LIBRARIES[library]
    rule = plugin("update_rules", name).update
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
    held = {(name, option) for name, chosen, _ in oracles.UPDATE_RULES for option in chosen}
    rules = available("update_rules")
    assert held == {(name, option) for name in rules for option in options("update_rules", name)}
    assert {name for name, *_ in oracles.UPDATE_RULES} == set(rules)
