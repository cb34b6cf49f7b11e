import numpy as np
import oracles
import pytest
import torch
from numpy.testing import assert_allclose

from descent.models._layer import Layer
from descent.plugins import available, plugin

FEATURES, CLASSES = 5, 4

every_model = pytest.mark.parametrize("name", available("models"))


def test_every_model_has_its_oracle():
    assert oracles.MODELS.keys() == set(available("models"))


def problem(random, net, samples, scale=1.0, stack=()):
    """Random parameters, samples in [0, 1], and labels or numbers; scores are about ±scale."""
    classifies = net.TASK == "classification"
    layers = net.layers(FEATURES, CLASSES if classifies else 1)
    parameters = {
        name: scale * random.uniform(-1, 1, (*stack, *layer.shape))
        for name, layer in layers.items()
    }
    x, numbers = random.uniform(size=(samples, FEATURES)), random.normal(size=samples)
    return parameters, x, random.integers(CLASSES, size=samples) if classifies else numbers


def torch_loss(net, parameters, x, y):
    return net.torch_losses(
        net.torch_scores(parameters, torch.from_numpy(x)), torch.from_numpy(y)
    ).mean(-1)


def autograd(net, parameters, x, y):
    leaves = {n: torch.from_numpy(p[None].copy()).requires_grad_() for n, p in parameters.items()}
    torch_loss(net, leaves, x, y).sum().backward()
    return {name: leaf.grad.numpy()[0] for name, leaf in leaves.items()}


@every_model
@pytest.mark.parametrize("samples", [1, 7])
@pytest.mark.parametrize("scale", [0, 1, 1000])
def test_gradient_equals_autograd(random, name, samples, scale):
    net = plugin("models", name)
    parameters, x, y = problem(random, net, samples, scale)
    oracle = autograd(net, parameters, x, y)
    for parameter, gradient in net.gradient(parameters, x, y).items():
        assert np.isfinite(gradient).all()
        assert_allclose(gradient, oracle[parameter], rtol=1e-10, atol=1e-14)


@every_model
@pytest.mark.parametrize("scale", [0, 1, 1000])
def test_loss_equals_torch(random, name, scale):
    net = plugin("models", name)
    parameters, x, y = problem(random, net, 7, scale, stack=(3,))
    oracle = torch_loss(net, {n: torch.from_numpy(p) for n, p in parameters.items()}, x, y)
    assert_allclose(net.losses(net.scores(parameters, x), y).mean(-1), oracle, rtol=1e-12)


@pytest.mark.parametrize("l2", [0, 0.3])
def test_the_gradient_of_the_objective_vanishes_at_the_optimum(random, l2):
    net = plugin("models", "linear_regression")
    for option in ({}, {"bias": False}):
        _, x, y = problem(random, net, 9)
        optimum = net.optimum(x, y, l2, **option)
        assert optimum.keys() == net.layers(FEATURES, 1, **option).keys()
        for parameter, gradient in net.gradient(optimum, x, y).items():
            assert_allclose(gradient + l2 * optimum[parameter], 0, atol=1e-14)


def test_the_option_hidden_is_the_width_of_the_hidden_layer():
    layers = plugin("models", "neural_network").layers(784, 10, hidden=7)
    first = {"A1": Layer((7, 784), inputs=784), "b1": Layer((7,), inputs=784)}
    second = {"A2": Layer((10, 7), inputs=7), "b2": Layer((10,), inputs=7)}
    assert layers == first | second


def test_bounds_of_sigmoid_softmax(random):
    net = plugin("models", "sigmoid_softmax")
    A = 1000 * random.uniform(-1, 1, (10, 20))
    x, y = random.uniform(size=(500, 20)), random.integers(10, size=500)
    z = net.scores({"A": A, "b": np.zeros(10)}, x)
    p, losses = net.probabilities(z), net.losses(z, y)
    assert 1 / (1 + 9 * np.e) - 1e-15 <= p.min()
    assert p.max() <= np.e / (np.e + 9) + 1e-15
    assert 2.17 < losses.min() <= losses.max() < 2.37
