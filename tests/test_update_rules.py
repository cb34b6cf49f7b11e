"""Every update rule against torch.optim, step by step."""

from inspect import signature

import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose

from descent.plugins import available, options, plugin, state_of

LIBRARIES = {"numpy": np.asarray, "torch": torch.from_numpy}


@pytest.mark.parametrize(("name", "chosen", "oracle"), oracles.UPDATE_RULES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_follows_torch_over_arbitrary_gradients(random, name, chosen, oracle, library):
    array, update = LIBRARIES[library], plugin("update_rules", name).update
    counts = "t" in signature(update).parameters
    for step_size in (0, 1e-30, 1e-3, 1, 1e10):
        start = random.normal(size=(3, 4))
        leaf = torch.from_numpy(start.copy()).requires_grad_()
        optimizer = oracle([leaf], lr=step_size)
        p, kept = array(start), {s: array(np.zeros_like(start)) for s in state_of(update)}
        for t, scale in enumerate([1, 1, 1e-12, 0, 1e12, *[1] * 15], 1):
            gradient = scale * random.normal(size=leaf.shape)
            leaf.grad = torch.from_numpy(gradient)
            step = {"t": t} if counts else {}
            p = update(p, array(gradient.copy()), step_size, **step, **kept, **chosen)
            if kept:
                p, *arrays = p
                kept = dict(zip(kept, arrays, strict=True))
            optimizer.step()
            assert_allclose(np.asarray(p), leaf.detach().numpy(), rtol=1e-11)


@pytest.mark.parametrize("name", available("update_rules"))
@pytest.mark.parametrize("library", LIBRARIES)
def test_stays_where_gradients_of_float32_are_zero(name, library):
    update = plugin("update_rules", name).update
    start = LIBRARIES[library](np.ones(3, np.float32))
    step = {"t": 1} if "t" in signature(update).parameters else {}
    state = dict.fromkeys(state_of(update), 0 * start)
    p = update(start, 0 * start, 0.1, **step, **state)
    p = p[0] if state else p
    assert p.dtype == start.dtype
    assert (p == start).all()


@pytest.mark.parametrize("name", available("update_rules"))
def test_a_rule_is_linear_where_l2_only_shrinks_the_parameters(random, name):
    file, l2, step_size = plugin("update_rules", name), 0.3, 0.1
    start, *gradients = random.normal(size=(3, 99))
    counts = "t" in signature(file.update).parameters

    def after_two_steps(shrink, penalise):
        p, state = start, dict.fromkeys(state_of(file.update), np.zeros_like(start))
        for t, g in enumerate(gradients, 1):
            step = {"t": t} if counts else {}
            p = file.update(shrink * p, g + penalise * p, step_size, **step, **state)
            if state:
                p, *arrays = p
                state = dict(zip(state, arrays, strict=True))
        return p

    shrunk, penalised = after_two_steps(1 - step_size * l2, 0), after_two_steps(1, l2)
    assert np.allclose(shrunk, penalised, rtol=1e-12) == getattr(file, "LINEAR", False)


def test_every_option_of_every_rule_has_its_oracle():
    held = {(name, option) for name, chosen, _ in oracles.UPDATE_RULES for option in chosen}
    rules = available("update_rules")
    assert held == {(name, option) for name in rules for option in options("update_rules", name)}
    assert {name for name, *_ in oracles.UPDATE_RULES} == set(rules)
