"""The models, update rules and schedules in torch. Add a line here for each new one."""

from functools import partial

from torch import nn
from torch.optim import SGD, Adagrad, Adam, RMSprop
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LambdaLR, LinearLR, StepLR


def _half_squared_error(z, y):
    return nn.MSELoss()(z, y) / 2


# (the layers for a number of features, loss)
MODELS = {
    "sigmoid_softmax": (
        lambda f: [nn.Linear(f, 10), nn.Sigmoid(), nn.Softmax(dim=1)],
        nn.CrossEntropyLoss(),
    ),
    "softmax_regression": (lambda f: [nn.Linear(f, 10)], nn.CrossEntropyLoss()),
    "linear_regression": (lambda f: [nn.Linear(f, 1), nn.Flatten(0)], _half_squared_error),
    "neural_network": (
        lambda f: [nn.Linear(f, 128), nn.ReLU(), nn.Linear(128, 10)],
        nn.CrossEntropyLoss(),
    ),
}


# (update rule, options, oracle); the first line of a rule has no options
UPDATE_RULES = [
    ("plain", {}, SGD),
    ("momentum", {}, partial(SGD, momentum=0.9)),
    ("momentum", {"momentum": 0.5}, partial(SGD, momentum=0.5)),
    ("nesterov", {}, partial(SGD, momentum=0.9, nesterov=True)),
    ("nesterov", {"momentum": 0.5}, partial(SGD, momentum=0.5, nesterov=True)),
    ("adagrad", {}, Adagrad),
    ("adagrad", {"epsilon": 0.1}, partial(Adagrad, eps=0.1)),
    ("rmsprop", {}, RMSprop),
    ("rmsprop", {"decay": 0.9, "epsilon": 0.1}, partial(RMSprop, alpha=0.9, eps=0.1)),
    ("adam", {}, Adam),
    ("adam", {"beta1": 0.5, "beta2": 0.9}, partial(Adam, betas=(0.5, 0.9))),
    ("adam", {"epsilon": 0.1}, partial(Adam, eps=0.1)),
]


def _by_formula(factor):
    """A schedule that torch lacks, from factor(t, steps) for t = 1, 2, …"""
    return lambda optimizer, steps: LambdaLR(optimizer, lambda t: factor(t + 1, steps))


def _linear(optimizer, warm):
    """From 1/warm to 1 in step `warm`."""
    return LinearLR(optimizer, 1 / warm, total_iters=warm - 1)


# (schedule, options, oracle for runs of 40 or 400 steps); the first line has no options
SCHEDULES = [
    ("constant", {}, lambda optimizer, steps: ConstantLR(optimizer, 1)),
    ("inverse_time", {}, _by_formula(lambda t, steps: 1 / t)),
    ("inverse_time", {"t0": 10.0}, _by_formula(lambda t, steps: 10 / (9 + t))),
    ("inverse_sqrt", {}, _by_formula(lambda t, steps: t**-0.5)),
    ("inverse_sqrt", {"t0": 10.0}, _by_formula(lambda t, steps: (10 / (9 + t)) ** 0.5)),
    ("cosine", {}, lambda optimizer, steps: CosineAnnealingLR(optimizer, T_max=steps)),
    ("warmup", {}, lambda optimizer, steps: _linear(optimizer, steps // 10)),
    ("warmup", {"share": 0.5}, lambda optimizer, steps: _linear(optimizer, steps // 2)),
    ("halving", {}, lambda optimizer, steps: StepLR(optimizer, steps // 4, 0.5)),
    ("halving", {"times": 7}, lambda optimizer, steps: StepLR(optimizer, steps // 8, 0.5)),
    ("linear", {}, lambda optimizer, steps: LinearLR(optimizer, 1, 0, steps)),
    ("wsd", {}, _by_formula(lambda t, steps: min(1, (steps - t + 1) / (steps / 5)))),
    ("wsd", {"cooldown": 0.5}, _by_formula(lambda t, steps: min(1, (steps - t + 1) / steps * 2))),
    ("range_test", {}, _by_formula(lambda t, steps: 1e6 ** (t / steps - 1))),
    ("range_test", {"decades": 3.0}, _by_formula(lambda t, steps: 1e3 ** (t / steps - 1))),
]
