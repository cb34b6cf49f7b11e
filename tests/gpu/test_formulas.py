"""The formulas that Triton compiles against the same ones in NumPy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from descent.engines.triton import _to_score_gradients
from descent.gpu.device import DEVICE
from descent.gpu.formulas import compiled
from descent.plugins import available, plugin

MODELS = [m for m in available("models") if hasattr(plugin("models", m), "score_gradient")]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shift", [-1000, 0, 1000])
@pytest.mark.parametrize("classes", [2, 10, 16])
def test_losses_and_score_gradients(random, name, shift, classes):
    z = random.normal(size=(3, classes, 200), scale=3) + shift
    classifies = plugin("models", name).TASK == "classification"
    y = random.integers(classes, size=200) if classifies else random.normal(size=200)
    net = plugin("models", name)
    bound = [compiled(formula, classes) for formula in (net.losses, net.score_gradient)]
    made = torch.from_numpy(z.copy()).to(DEVICE)
    losses = torch.empty((3, 200), dtype=torch.float64, device=DEVICE)
    labels = torch.from_numpy(y).to(DEVICE)
    with np.errstate(over="ignore", invalid="ignore"):  # in rows that are no class
        _to_score_gradients[3 * 4,](made, losses, labels, 200, classes, 16, 64, *bound)
    assert_allclose(made.cpu().numpy(), net.score_gradient(z, y), rtol=1e-12, atol=1e-15)
    assert_allclose(losses.cpu().numpy(), net.losses(z, y), rtol=1e-12, atol=1e-15)
