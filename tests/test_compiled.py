"""What numba compiles, on registers, against the same in NumPy on arrays."""

import inspect
import operator
import sys
from dataclasses import replace
from itertools import product
from types import ModuleType

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from descent import functions
from descent.compiled import arithmetic
from descent.compiled.formulas import compiled, problem, rule_problem
from descent.compiled.scores import Layout, load, store, zeros
from descent.data import Data
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
from descent.plugins import available, plugin
from descent.run import Run

CLASSES = 5  # padded to eight lanes
BOTH = [(1, "float32"), (4, "float64")]  # layout and dtype have little to do with each other
on_both_layouts = pytest.mark.parametrize(("models", "dtype"), BOTH)
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])

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


# what arithmetic.py says that compiles; of two also with numbers, and with scores of one class
UNARY = [f for f, (arity, _) in {**arithmetic.ARITHMETIC, **arithmetic.LOGIC}.items() if arity == 1]
BINARY = [f for f, (arity, _) in arithmetic.ARITHMETIC.items() if arity == 2]
BINARY += [operator.mul, *arithmetic.COMPARISONS]
ULPS = {np.exp: 3, np.log: 2, operator.pow: 2}  # NumPy may be one off as well


@on_both_layouts
@pytest.mark.parametrize("function", UNARY)
def test_functions_of_scores(function, models, dtype):
    def of_mask(z, g, y):
        return function(z > g)

    def of_scores(z, g, y):
        return function(z)

    case = of_mask if function is operator.invert else of_scores
    given = extremes(models, dtype)
    expected = on_arrays(case, *given)
    assert_within(on_registers(case, expected, *given), expected, ULPS.get(function, 0))


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize(
    ("kinds", "models", "dtype"),
    [(kinds, *both) for kinds in ("scores", "one") for both in BOTH]
    + [(f"number on the {side}", *BOTH[0]) for side in ("left", "right")],
)
def test_functions_of_two(function, kinds, models, dtype):
    case = {
        "scores": lambda z, g, y: function(z, g),
        "number on the right": lambda z, g, y: function(z, 1.5),
        "number on the left": lambda z, g, y: function(2, z),
        "one": lambda z, g, y: function(z, g.max(axis=-1, keepdims=True)),
    }[kinds]
    given = extremes(models, dtype)
    expected = on_arrays(case, *given)
    assert_within(on_registers(case, expected, *given), expected, ULPS.get(function, 0))


EXPRESSIONS = {
    "square": lambda z, g, y: z**2,
    "square root": lambda z, g, y: z**0.5,
    "cube": lambda z, g, y: z**3,
    "and": lambda z, g, y: (z > g) & (z < 60),
    "or": lambda z, g, y: (z > g) | (z < 60),
    "product of masks": lambda z, g, y: (z > g) * (z < 60) * z,
    "mask and number": lambda z, g, y: 2 * (z > g) - 1,
    "where": lambda z, g, y: np.where(z >= g, z, g),
    "where of numbers": lambda z, g, y: np.where(z >= g, 1, 0.5),
    "where of masks": lambda z, g, y: ~np.where(z >= g, z > 1, g > 1),
    "where of scores": lambda z, g, y: np.where(z, z, g),
    "maximum of classes": lambda z, g, y: z.max(axis=-1, keepdims=True),
    "maximum, squeezed": lambda z, g, y: z.max(-1, keepdims=True).squeeze(-1),
    "a label's target": lambda z, g, y: z - np.expand_dims(y, -1),
    "hinge": lambda z, g, y: relu(1 - (2 * one_hot(y, z.shape[-1], -1) - 1) * z),
}


@on_both_layouts
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name, models, dtype):
    given = extremes(models, dtype)
    expected = on_arrays(EXPRESSIONS[name], *given)
    assert_within(on_registers(EXPRESSIONS[name], expected, *given), expected, ulps=1)


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


def test_every_function_has_its_case():
    assert {f for _, f in inspect.getmembers(functions, inspect.isfunction)} == set(FUNCTIONS)


@on_both_layouts
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_compile_as_they_stand(random, function, models, dtype):
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


@in_both_dtypes
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


@pytest.mark.parametrize(
    "formula",
    [
        lambda z, g, y: z - z.mean(),
        lambda z, g, y: z - z.max(),  # over samples as well
        lambda z, g, y: (z > 0) + (g > 0),  # or, of NumPy's
        lambda z, g, y: -(z > 0),
        lambda z, g, y: ~z,
        lambda z, g, y: z & g,
        lambda z, g, y: operator.imul(z, g),  # would change the array
        lambda z, g, y: np.sin(z),
    ],
)
def test_what_numpy_takes_otherwise_does_not_compile(formula):
    z, g, y = extremes(1, "float64")
    with pytest.raises(numba.TypingError):
        on_registers(formula, z, z, g, y)


def module(monkeypatch, kind, name, **functions):
    made = ModuleType(f"descent.{kind}.{name}")
    vars(made).update(functions)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_models_and_update_rules_compile():
    for model in available("models"):
        if hasattr(plugin("models", model), "score_gradient"):
            assert problem(model) is None
    assert not any(rule_problem(rule) for rule in available("update_rules"))


def test_problems_are_one_line(monkeypatch):
    module(
        monkeypatch,
        *("models", "odd"),
        TASK="classification",
        layers=None,
        scores=None,
        score_gradient=lambda z, y: z - z.mean(),
        losses=lambda z, y: z.sum(0),
    )
    functions = {"scores": None, "score_gradient": lambda z, y: z, "losses": lambda z, y: z}
    module(monkeypatch, "models", "lossless", TASK="classification", layers=None, **functions)
    module(monkeypatch, "update_rules", "odd", update=lambda p, g, step_size: p - np.sinh(g))
    for made, begins in [
        (problem("odd"), "numba cannot compile odd.score_gradient: Unknown attribute 'mean'"),
        (problem("lossless"), "numba cannot compile lossless.losses: it gives Scores"),
        (rule_problem("odd"), "numba cannot compile odd.update: "),
    ]:
        assert made.startswith(begins)
        assert "\n" not in made


def hinge(z, y, axis=-2):
    t = 2 * one_hot(y, z.shape[axis], axis) - 1
    return t, relu(1 - t * z)


def hinge_losses(z, y):
    _, margin = hinge(z, y)
    return total(margin**2, -2).squeeze(-2)


def hinge_gradient(z, y):
    t, margin = hinge(z, y)
    return -2 * t * margin


@pytest.mark.parametrize("batch_size", [1, 7, "full"])
@pytest.mark.parametrize("l2", [0, 0.01])
def test_a_loss_and_a_rule_of_ones_own(monkeypatch, digits, batch_size, l2):
    from descent.models import softmax_regression

    own = {k: v for k, v in vars(softmax_regression).items() if k[:2] != "__"}

    def gradient(parameters, x, y):
        z = softmax_regression.scores(parameters, x)
        return softmax_regression._linear.gradient(hinge_gradient(z, y), x)

    own |= {"losses": hinge_losses, "score_gradient": hinge_gradient, "gradient": gradient}
    net = module(monkeypatch, "models", "hinge", **own)
    rules = {
        "sign": lambda p, g, step_size: p - step_size * np.sign(g),
        "decaying": lambda p, g, step_size, t: p - step_size / t**0.5 * g,
        "shrinking": lambda p, g, step_size, shrink=0.01: (1 - shrink) * p - step_size * g,
        "late": lambda p, g, step_size, m, t, s: (p - step_size / t * (m + s + g), s, g),
    }
    assert problem("hinge") is None
    data = Data(digits.x_train[:50], digits.y_train[:50], digits.x_test, digits.y_test, 16)
    for rule, update in rules.items():
        module(monkeypatch, "update_rules", rule, update=update)
        assert rule_problem(rule) is None
        run = Run(
            model="softmax_regression",
            step_size=0.001,
            batch_size=batch_size,
            epochs=2,
            evaluate_every=10,
            seeds=(0, 3),
            l2=l2,
            dtype="float64",
        )
        vars(run).update(model="hinge", update_rule=rule)  # which are no files
        made, expected = (
            plugin("engines", e).train(run, data, lambda _: None) for e in ("numba", "numpy")
        )
        for name, p in expected.parameters.items():
            assert_allclose(made.parameters[name], p, rtol=1e-9, atol=1e-12)
    from descent.evaluators import numba as compiled_evaluator
    from descent.evaluators import numpy as evaluator

    snapshots = {name: p[0] for name, p in made.parameters.items()}
    given = snapshots, data.x_test, data.scale, data.y_test
    made, expected = (e.means(net, *given) for e in (compiled_evaluator, evaluator))
    assert_allclose(made, expected, rtol=1e-12)


def test_rows_of_features_that_are_zero_move_where_the_rule_moves_them():
    from descent.engines.numba import _rests_at_zero

    run = Run(
        model="softmax_regression",
        step_size=0.1,
        batch_size=1,
        epochs=1,
        evaluate_every=1,
        seeds=(0,),
    )
    assert _rests_at_zero(run)
    for rule in ("momentum", "adam"):
        assert not _rests_at_zero(replace(run, update_rule=rule))
