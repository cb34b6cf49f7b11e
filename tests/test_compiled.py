"""What numba compiles, on registers, against the same in NumPy on arrays."""

import sys
from dataclasses import replace
from itertools import product
from types import ModuleType

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from descent.compiled.formulas import compiled
from descent.compiled.scores import Layout, load, store, zeros
from descent.errors import InputError
from descent.functions import (
    cross_entropy,
    cross_entropy_gradient,
    largest,
    log_softmax,
    of_label,
    one_hot,
    relu,
    relu_gradient,
    sigmoid,
    sigmoid_gradient,
    softmax,
    softmax_gradient,
    squared_error,
    squared_error_gradient,
    total,
    without,
)
from descent.plugins import plugin
from descent.run import Run

RUN = Run(
    model="softmax_regression",
    step_size=0.001,
    batch_size=7,
    epochs=2,
    evaluate_every=10,
    seeds=(0, 3),
    dtype="float64",
)
CLASSES = 5  # padded to eight lanes
BOTH = [(1, "float32"), (4, "float64")]  # layout and dtype have little to do with each other

positive = [0, 1e-30, 1, 50, 88, 90, 95, 104, 710, 746, 1e30, np.inf]
EXTREMES = [*positive, *(-np.array(positive)), np.nan]
PAIRS = np.array([*product(EXTREMES, EXTREMES)] + [(0, 0)] * 15)  # 640


def on_arrays(function, z, g, y):
    """NumPy's result, with the classes [n, classes] last; of several models, [n, classes, models].

    The models' axis goes first meanwhile, since formulas take the last axis for the classes.
    """
    with np.errstate(all="ignore"):
        if z.ndim == 2:
            return np.asarray(function(z, g, y))
        z, g = (np.moveaxis(array, -1, 0) for array in (z, g))
        made = np.asarray(function(z, g, np.broadcast_to(y, (len(z), len(y)))))
        return np.moveaxis(made, 0, -1)


def on_registers(function, expected, z, g, y):
    """numba's result, of the shape of the expected one."""
    classes = 1 if len(expected.shape) < z.ndim else expected.shape[1]
    models = 1 if z.ndim == 2 else z.shape[2]
    layout, of_result = Layout(z.shape[1], models), Layout(classes, models)
    formula = compiled(function)

    @numba.njit(error_model="numpy")
    def each(z, g, y, layout, result):
        for i in range(len(y)):
            store(result, i, formula(load(z, i, layout), load(g, i, layout), y[i]))

    def rows(array):
        of_array = zeros(len(array), layout, array.dtype)
        flat = array.reshape(len(array), -1)
        of_array[:, : flat.shape[1]] = flat
        of_array[:, flat.shape[1] :] = np.nan  # padding must not matter
        return of_array

    result = zeros(len(z), of_result, z.dtype)
    each(rows(z), rows(g), y, layout, result)
    return result[:, : classes * models].reshape(expected.shape)


def extremes(models, dtype):
    """Every pair of extremes, and labels."""
    with np.errstate(over="ignore"):
        z, g = PAIRS.T.astype(dtype)
    shape = (-1, CLASSES) if models == 1 else (-1, CLASSES, models)
    z, g = z.reshape(shape), g.reshape(shape)
    return z, g, np.arange(len(z)) % CLASSES


def assert_within(made, expected, ulps):
    """Equal, or at most so many units in the last place apart; nan where nan is expected."""
    expected = expected.astype(made.dtype)
    assert_array_equal(np.isnan(made), np.isnan(expected))
    away = ~(np.isnan(made) | (made == expected))
    with np.errstate(all="ignore"):
        error = np.abs(made[away] - expected[away]) / np.spacing(np.abs(expected[away]))
    assert (error <= ulps).all(), (made[away], expected[away])


# together every operator, and the functions of NumPy
EXPRESSIONS = {
    "arithmetic": lambda z, g, y: 2 * z - g / 3 + abs(-z) * 0.5,
    "powers": lambda z, g, y: z**2 + z**0.5,
    "logarithm": lambda z, g, y: np.log(z),
    "masks": lambda z, g, y: ((z > g) & (z < 60)) | ~(z >= 1),
    "mask and number": lambda z, g, y: 2 * (z > g) - 1,
    "where": lambda z, g, y: np.where(z >= g, z, g),
    "maximum of classes": lambda z, g, y: np.maximum(z, g).max(axis=-1, keepdims=True),
    "sum of classes": lambda z, g, y: np.sign(z).sum(-1, keepdims=True).squeeze(-1),
    "a label's target": lambda z, g, y: z - np.expand_dims(y, -1),
    "hinge": lambda z, g, y: relu(1 - (2 * one_hot(y, z.shape[-1], -1) - 1) * z),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_of_extreme_scores_equal_numpy(name):
    models, dtype = BOTH[list(EXPRESSIONS).index(name) % 2]
    given = extremes(models, dtype)
    expected = on_arrays(EXPRESSIONS[name], *given)
    ulps = {"powers": 2, "logarithm": 2}.get(name, 1)  # NumPy may be one off as well
    assert_within(on_registers(EXPRESSIONS[name], expected, *given), expected, ulps)


# every function of descent.functions, with what it is for as its arguments
FUNCTIONS = {
    sigmoid: lambda z, g, y: sigmoid(z),
    sigmoid_gradient: lambda z, g, y: sigmoid_gradient(sigmoid(z), g),
    softmax: lambda z, g, y: softmax(z),
    softmax_gradient: lambda z, g, y: softmax_gradient(softmax(z), g),
    log_softmax: lambda z, g, y: log_softmax(z),
    one_hot: lambda z, g, y: one_hot(y, z.shape[-1]) * z,
    cross_entropy: lambda z, g, y: cross_entropy(z, y),
    cross_entropy_gradient: lambda z, g, y: cross_entropy_gradient(z, y),
    squared_error: lambda z, g, y: squared_error(z, y),
    squared_error_gradient: lambda z, g, y: squared_error_gradient(z, y),
    relu: lambda z, g, y: relu(z),
    relu_gradient: lambda z, g, y: relu_gradient(relu(z), g),
    largest: lambda z, g, y: largest(z),
    total: lambda z, g, y: total(z),
    of_label: lambda z, g, y: of_label(z, y),
    without: lambda z, g, y: without(largest(z)),
}


USUAL = (sigmoid_gradient, softmax_gradient, cross_entropy, cross_entropy_gradient, squared_error)


@pytest.mark.parametrize(
    "function",
    [f if f in USUAL else pytest.param(f, marks=pytest.mark.slow) for f in FUNCTIONS],
)
def test_functions_compile_as_they_stand(random, function):
    models, dtype = BOTH[list(FUNCTIONS).index(function) % 2]
    shape = (200, CLASSES) if models == 1 else (200, CLASSES, models)
    g = random.normal(size=shape).astype(dtype)
    z = (g + random.normal(size=shape)).astype(dtype)
    z[20:] *= 40
    some = random.uniform(size=shape) < 0.2  # in half of the samples
    some[:100] = False
    with np.errstate(over="ignore"):
        z[some] = random.choice(EXTREMES, size=some.sum()).astype(dtype)
    y = random.integers(CLASSES, size=200)
    regresses = function in (squared_error, squared_error_gradient)
    given = z, g, y.astype(dtype) if regresses else y
    expected = on_arrays(FUNCTIONS[function], *given)
    made = on_registers(FUNCTIONS[function], expected, *given)
    # what cancels in a sum leaves the rounding of its largest number
    size = np.abs(np.where(np.isfinite(z), z, 0)).reshape(200, -1).max(1)
    largest_score = np.maximum(1, size).reshape(-1, *[1] * (expected.ndim - 1))
    eps = np.finfo(dtype).eps
    finite = np.isfinite(expected)
    assert_array_equal(np.where(finite, 0, made), np.where(finite, 0, expected))
    error = np.abs(np.where(finite, made - np.where(finite, expected, 0), 0))
    relative = 16 * eps * np.abs(np.where(finite, expected, 0))
    sums = {total, cross_entropy, log_softmax}
    assert (error <= relative + 8 * eps * (largest_score if function in sums else 1)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exp_is_within_two_units_in_the_last_place(random, dtype):
    low, high = (-110, 95) if dtype == "float32" else (-760, 720)
    z = np.r_[np.linspace(low, high, 100_000), random.normal(size=99_000), np.zeros(1000)]
    z[-1000:] = 10 ** random.uniform(-40, 0, 1000) * random.choice([-1, 1], 1000)
    z = z.astype(dtype).reshape(-1, CLASSES)
    made = on_registers(lambda z, g, y: np.exp(z), z, z, z, np.zeros(len(z), int))
    with np.errstate(over="ignore", under="ignore"):
        exact = np.exp(z.astype(np.longdouble))
        rounded = exact.astype(dtype)
        finite = np.isfinite(rounded)
        error = np.abs(made - exact)[finite] / np.spacing(rounded[finite])
    assert_array_equal(made[~finite], np.inf)
    assert error.max() < 2
    assert 0 in made
    assert not finite.all()


def test_sums_over_samples_do_not_compile():
    z, g, y = extremes(1, "float64")
    with pytest.raises(numba.TypingError):
        on_registers(lambda z, g, y: z - z.max(), z, z, g, y)


def module(monkeypatch, kind, name, **functions):
    made = ModuleType(f"descent.{kind}.{name}")
    vars(made).update(functions)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_what_numba_cannot_compile_is_one_line(monkeypatch, digits):
    module(monkeypatch, "update_rules", "odd", update=lambda p, g, step_size: p - np.sinh(g))
    run = replace(RUN, update_rule="odd")
    with pytest.raises(InputError, match=r"^numba cannot compile odd\.update: .+$"):
        plugin("engines", "numba").train(run, digits, lambda steps: None)
