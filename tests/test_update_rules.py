"""Every update rule compared with torch.optim, step by step."""

from inspect import signature

import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose

from descent.plugins import available, options, plugin, state_of

LIBRARIES = {"numpy": np.asarray, "torch": torch.from_numpy}


def walk(name, p, gradients, step_size, shrink=1, l2=0, **options):
    """The parameters p after each update of shrink · p by the gradient + l2 · p."""
    update = plugin("update_rules", name).update
    state = dict.fromkeys(state_of(update), 0 * p)
    for t, g in enumerate(gradients, 1):
        step = {"t": t} if "t" in signature(update).parameters else {}
        p = update(shrink * p, g + l2 * p, step_size, **step, **state, **options)
        if state:
            p, *arrays = p
            state = dict(zip(state, arrays, strict=True))
        yield p


@pytest.mark.parametrize(("name", "chosen", "oracle"), oracles.UPDATE_RULES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_follows_torch_over_arbitrary_gradients(random, name, chosen, oracle, library):
    array, start = LIBRARIES[library], random.normal(size=(3, 4))
    scales = [1, 1, 1e-12, 0, 1e12, *[1] * 15]
    gradients = [scale * random.normal(size=start.shape) for scale in scales]
    for step_size in (0, 1e-30, 1e-3, 1, 1e10):
        leaf = torch.from_numpy(start.copy()).requires_grad_()
        optimizer = oracle([leaf], lr=step_size)
        ours = walk(name, array(start), map(array, gradients), step_size, **chosen)
        for gradient, p in zip(gradients, ours, strict=True):
            leaf.grad = torch.from_numpy(gradient.copy())
            optimizer.step()
            assert_allclose(np.asarray(p), leaf.detach().numpy(), rtol=1e-11)


@pytest.mark.parametrize("name", available("update_rules"))
@pytest.mark.parametrize("library", LIBRARIES)
def test_parameters_in_float32_stay_where_gradients_are_zero(name, library):
    start = LIBRARIES[library](np.ones(3, np.float32))
    (p,) = walk(name, start, [0 * start], 0.1)
    assert p.dtype == start.dtype
    assert (p == start).all()


@pytest.mark.parametrize("name", available("update_rules"))
def test_a_rule_is_linear_if_l2_only_shrinks_the_parameters(random, name):
    start, *gradients = random.normal(size=(3, 99))
    *_, shrunk = walk(name, start, gradients, 0.1, shrink=1 - 0.1 * 0.3)
    *_, penalised = walk(name, start, gradients, 0.1, l2=0.3)
    linear = getattr(plugin("update_rules", name), "LINEAR", False)
    assert np.allclose(shrunk, penalised, rtol=1e-12) == linear


def test_every_option_of_every_rule_has_its_oracle():
    held = {(name, option) for name, chosen, _ in oracles.UPDATE_RULES for option in chosen}
    rules = available("update_rules")
    assert held == {(name, option) for name in rules for option in options("update_rules", name)}
    assert {name for name, *_ in oracles.UPDATE_RULES} == set(rules)
