"""Every schedule compared with torch.optim.lr_scheduler, step by step."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose

from descent.errors import InputError
from descent.plugins import available, options
from descent.run import BLOCK, Run
from descent.schedules import constant

RUN = {"step_size": 0.3, "batch_size": 1, "epochs": 2, "evaluate_every": 9, "seeds": (0,)}
RUN = Run(model="sigmoid_softmax", **RUN)
NAMES, STEPS = available("schedules"), 2 * BLOCK + 3


def of(name, **chosen):
    return replace(RUN, schedule=name, schedule_options=options("schedules", name) | chosen)


@pytest.mark.parametrize(("name", "chosen", "oracle"), oracles.SCHEDULES)
@pytest.mark.parametrize("steps", [40, 400])
def test_follows_torch(name, chosen, oracle, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = oracle(optimizer, steps)
    expected = []
    for _ in range(steps):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    sizes = of(name, **chosen).step_sizes(0, steps, steps)
    assert_allclose(sizes, expected, rtol=1e-10, atol=1e-15)


def test_every_option_of_every_schedule_has_its_oracle():
    held = {(name, option) for name, chosen, _ in oracles.SCHEDULES for option in chosen}
    assert held == {(name, option) for name in NAMES for option in options("schedules", name)}
    assert {name for name, *_ in oracles.SCHEDULES} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_factor_does_not_depend_on_the_evaluated_steps(name):
    run = of(name)
    for steps in (1, 2, 3, 7, 10, 1000):
        whole = run.step_sizes(0, steps, steps)
        assert np.isfinite(whole).all()
        assert (whole >= 0).all()
        cuts = sorted({0, steps // 3, steps // 3 + 1, steps})
        parts = [run.step_sizes(*cut, steps) for cut in pairwise(cuts)]
        assert (np.concatenate(parts) == whole).all()


@pytest.mark.parametrize(
    ("name", "chosen", "steps", "factors"),
    [
        ("inverse_time", {"t0": 1e-320}, 9, {1: 1, 2: 0, 9: 0}),
        ("wsd", {"cooldown": 0.0}, 40, {1: 1, 40: 1}),
        ("warmup", {"share": 0.0}, 40, {1: 1, 40: 1}),
        ("warmup", {"share": 0.5}, 1, {1: 1}),
        ("halving", {"times": 1}, 7, {4: 1, 5: 1 / 2, 7: 1 / 2}),
        ("halving", {"times": 2**62}, 2, {1: 1, 2: 0}),
    ],
)
def test_factors_of_extreme_options_and_lengths(name, chosen, steps, factors):
    sizes = of(name, **chosen).step_sizes(0, steps, steps)
    found = {t: sizes[t - 1] / RUN.step_size for t in factors}
    assert found == pytest.approx(factors, rel=1e-14)


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (lambda t, steps: 1 / abs(t - 3), f"found inf in step 3 of {STEPS}"),
        *(
            (lambda t, steps, w=wrong: 0.5 - (t == w), f"found -0.5 in step {wrong} of {STEPS}")
            for wrong in (1, BLOCK, BLOCK + 1, STEPS)
        ),
        (lambda t, steps: 1.0, f"found shape () for t of shape ({BLOCK},)"),
    ],
)
def test_a_wrong_factor_in_any_step_is_a_line_with_its_file_and_step(monkeypatch, factor, says):
    monkeypatch.setattr(constant, "factor", factor)
    with pytest.raises(InputError) as error:
        RUN.check_schedule(STEPS)
    assert str(error.value).startswith(f"scripts/descent/schedules/constant.py: factor: {says}")
