import pytest
import torch
from numpy.testing import assert_allclose

from descent.run import update_rule

TORCH = {"plain": torch.optim.SGD}


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("step_size", [0, 1e-30, 1e-3, 1, 1e10])
def test_follows_torch_over_arbitrary_gradients(random, name, step_size):
    rule = update_rule(name)
    parameters = {"A": random.normal(size=(3, 4)), "b": random.normal(size=3)}
    leaves = {n: torch.from_numpy(p.copy()).requires_grad_() for n, p in parameters.items()}
    optimizer = TORCH[name](leaves.values(), lr=step_size)
    state = rule.init(parameters)
    for _ in range(20):
        gradient = {n: random.normal(size=p.shape) for n, p in parameters.items()}
        parameters, state = rule.update(parameters, gradient, state, step_size)
        for n, leaf in leaves.items():
            leaf.grad = torch.from_numpy(gradient[n])
        optimizer.step()
        for n, leaf in leaves.items():
            assert_allclose(parameters[n], leaf.detach(), rtol=1e-12)


def test_every_rule_has_its_oracle():
    from pipeline.plugins import available

    assert set(TORCH) == set(available("optimizers"))
