"""The theory of a study, and the reasons why parts of it are missing."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.engines import numpy
from descent.plugins import plugin
from descent.run import OBJECTIVE, Run
from descent.theory import spectrum
from descent.theory import study as study_module
from descent.theory.minimiser import minimiser_of
from descent.theory.results import OptimizerTheory
from descent.theory.study import theory


def runs(model="softmax_regression", **keys):
    shared = {"model": model, "seeds": (0, 1), "l2": 0.01, "epochs": 4, "dtype": "float64"} | keys
    for size, every, step_sizes in ((1, 500, (0.01, 50.0)), ("full", 1, (0.5, 90.0))):
        for step_size in step_sizes:
            run = Run(batch_size=size, evaluate_every=every, step_size=step_size, **shared)
            yield "gd" if size == "full" else "sgd", run


def minimiser(run, data):
    found = minimiser_of(data, **{key: getattr(run, key) for key in OBJECTIVE})
    return {run.l2: found.parameters}


@pytest.fixture(scope="module")
def known(digits):
    made = list(runs())
    return theory(made, digits, minimiser(made[0][1], digits))


def test_the_theory_of_a_convex_study(known, digits):
    (sgd, gd), (known,) = known.optimizers.values(), known.objectives.values()
    assert known.why_no_minimiser is None
    x = np.hstack([digits.x_train / digits.scale, np.ones((1500, 1))])
    top = np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    # H(0) = (1/10)(I - 11ᵀ/10) ⊗ X̃ᵀX̃/n + λ
    assert_allclose(known.curvature_at_zero, top / 10 + 0.01)
    assert_allclose(known.curvature_bound, top / 2 + 0.01)
    assert_allclose(known.smallest_curvature, 0.01)
    assert known.curvature <= known.curvature_bound
    limits = {"limit": 2 / known.curvature, "limit_from_anywhere": 2 / known.curvature_bound}
    assert gd == OptimizerTheory("plain", True, 0.01, "full", **limits)
    assert sgd == OptimizerTheory("plain", True, 0.01, "1", sgd.limit, limit_is_upper_bound=True)
    assert 0 < sgd.limit < gd.limit
    model = plugin("models", "softmax_regression")
    found = minimiser(next(runs())[1], digits)[0.01]
    predicted = model.scores(found, digits.x_test / digits.scale).argmax(0)
    assert known.test_accuracy == (predicted == digits.y_test).mean()


def test_runs_below_their_limit_have_an_expected_suboptimality(known):
    expected = known.expected
    below = expected[["optimizer", "step_size"]].drop_duplicates()
    assert [*below.itertuples(index=False, name=None)] == [("sgd", 0.01), ("gd", 0.5)]
    assert expected.loc[expected["optimizer"] == "gd", "from_noise"].isna().all()


@pytest.mark.parametrize(
    ("rule", "options", "step_size"),
    [("plain", {}, 0.05), *((rule, {"momentum": 0.6}, 0.03) for rule in ("momentum", "nesterov"))],
)
def test_full_batches_of_least_squares_are_exactly_as_expected(digits, rule, options, step_size):
    data = replace(digits, y_train=digits.y_train / 3, y_test=digits.y_test / 3)
    *_, (_, run) = runs("linear_regression", update_rule=rule, update_options=options)
    run = replace(run, step_size=step_size)
    known = theory([("gd", run)], data, minimiser(run, data))
    path = numpy.train(run, data, lambda steps: None).parameters
    x, y = data.inputs(data.x_train, "float64"), data.y_train
    model = plugin("models", "linear_regression")
    squares = sum(np.square(p).reshape(2, 5, -1).sum(-1) for p in path.values())
    objective = model.losses(model.scores(path, x), y).mean(-1) + 0.01 / 2 * squares
    excess = objective - known.objective("gd").minimum
    assert_allclose(excess.mean(0), known.expected["from_start"], rtol=1e-9)


def test_a_single_weight_has_a_theory(digits):
    data = replace(digits, x_train=digits.x_train[:, 20:21], x_test=digits.x_test[:, 20:21])
    data = replace(data, y_train=data.y_train / 9, y_test=data.y_test / 9, classes=np.array([]))
    made = list(runs("linear_regression", l2=0.0, model_options={"bias": False}))
    point = minimiser(made[0][1], data)
    (found,) = theory(made, data, point).objectives.values()
    x = data.x_train / data.scale
    noise = np.square(x[:, 0] * (x @ point[0.0]["A"][0] - data.y_train)).mean()
    assert_allclose(found.curvature, np.square(x).mean())
    assert_allclose(found.noise_trace, noise)


@pytest.mark.parametrize(
    ("model", "keys", "why"),
    [
        ("sigmoid_softmax", {}, "the loss of sigmoid_softmax is not known to be convex"),
        ("neural_network", {}, "the scores of neural_network are not linear in its parameters"),
        ("softmax_regression", {"l2": 0.0}, "without l2, the objective of softmax_regression may"),
    ],
)
def test_why_there_is_no_minimiser(digits, model, keys, why):
    found = theory(list(runs(model, **keys)), digits, {})
    (objective,) = found.objectives.values()
    assert objective.why_no_minimiser.startswith(why)
    assert objective.minimum is None
    assert found.limits("sgd") == found.limits("gd") == {}
    assert not len(found.expected)
    assert (objective.curvature_at_zero is None) == (model != "softmax_regression")


def test_a_feature_that_is_0_in_a_whole_class_leaves_no_minimiser(digits):
    x = np.zeros((6, 3))
    x[:, 0], x[:4, 1] = 1, [1, 2, 3, 4]  # the second feature is 0 in class 2, the third always
    y = np.array([0, 1, 0, 1, 2, 2])
    data = replace(digits, x_train=x, y_train=y, x_test=x, y_test=y, scale=1.0)

    def why(data):
        return theory(list(runs(l2=0.0)), data, {}).objective("gd").why_no_minimiser

    assert "it has none: in 1 pairs" in why(data)
    assert "none" not in why(replace(data, x_train=x - 0.5))


@pytest.mark.parametrize("exact", [700, 0], ids=["exact", "Lanczos"])
def test_equal_columns_have_a_theory(digits, random, monkeypatch, exact):
    """Least squares with a direction without curvature."""
    monkeypatch.setattr(spectrum, "MAX_DENSE", exact)
    monkeypatch.setattr(study_module, "MAX_DENSE", exact)
    x = random.normal(size=(60, 3))
    x, y = np.hstack([x, x[:, :1]]), random.normal(size=60)
    data = replace(digits, x_train=x, y_train=y, x_test=x, y_test=y, scale=1.0)
    made = list(runs("linear_regression", l2=0.0))
    known = theory(made, data, minimiser(made[0][1], data))
    assert 0 < known.optimizers["sgd"].limit < known.optimizers["gd"].limit
    assert np.isfinite(known.expected[known.expected["optimizer"] == "sgd"]["from_noise"]).all()
    bound = known.objective("sgd").distance_bound
    assert bound < 1e-12 if exact else bound is None


def test_each_l2_has_its_own_objective_and_limits(digits):
    several, minimisers = [], {}
    for l2 in (0.1, 1.0):
        run = replace(list(runs(l2=l2))[-1][1], step_size=0.1)
        several.append((f"gd_{l2}", run))
        minimisers |= minimiser(run, digits)
    found = theory(several, digits, minimisers)
    for name, run in several:
        alone = theory([(name, run)], digits, minimisers)
        assert found.objective(name).minimum == alone.objective(name).minimum
        assert found.optimizers[name] == alone.optimizers[name]
        rows = found.expected[found.expected["optimizer"] == name].reset_index(drop=True)
        assert rows.equals(alone.expected)
    assert found.objective("gd_0.1").minimum < found.objective("gd_1.0_average").minimum
