"""The judge: what can do what, and what it says of what cannot."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from descent import ability
from descent.ability import CONSTANTS, able, given, misfits, why_not
from descent.compiled import sources
from descent.constants import _tree, constants
from descent.cuda import has_cuda
from descent.data import Size
from descent.errors import InputError
from descent.plugins import PROVIDES, available, plugin
from descent.run import Run, options_of

DIGITS = Size(train=1500, test=297, features=64, outputs=10)
IMAGES = replace(DIGITS, image=(8, 8))
BOWL = Size(train=4, test=4, features=2, outputs=1, task="regression")
MANY, WIDE = replace(DIGITS, outputs=300), replace(DIGITS, features=5001)
SOFTMAX = {"model": "softmax_regression"}
PLANE = {"model": "linear_regression", "model_options": {"bias": False}}
NO_NOISE = "no plain optimizer with a fixed step size has batches"
RUN = Run(
    model="sigmoid_softmax",
    step_size=0.1,
    batch_size=1,
    epochs=2,
    evaluate_every=9,
    seeds=(0,),
)


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(ability, "has_cuda", lambda: False)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)


@pytest.mark.parametrize(
    ("kind", "name", "changes", "size", "says"),
    [
        ("engines", "numba", {}, DIGITS, None),
        ("engines", "numba", {"update_rule": "adam", "average_from": 1}, DIGITS, None),
        ("engines", "numba", {"model": "neural_network"}, DIGITS, "has no score_gradient"),
        ("engines", "triton", {}, DIGITS, "this machine has no CUDA device"),
        ("engines", "triton", {"update_rule": "adam"}, DIGITS, "it has no update rule but plain"),
        ("engines", "triton", {"average_from": 1}, DIGITS, "it cannot average iterates"),
        ("evaluators", "numba", {"model": "neural_network"}, DIGITS, "has no score_gradient"),
        ("evaluators", "numba", {"model": "linear_regression"}, BOWL, "is for classification"),
        ("figures", "heatmap", {}, DIGITS, None),
        ("figures", "heatmap", {"model": "linear_regression"}, BOWL, "it is for classification"),
        ("figures", "sensitivity", {}, DIGITS, "there is one update rule"),
        ("figures", "batch_size", {}, DIGITS, "there are fewer than three batch sizes"),
        ("figures", "weights", {}, DIGITS, "the samples are no images"),
        ("figures", "weights", {}, IMAGES, None),
        ("figures", "weights", {"model": "neural_network"}, IMAGES, "has no row of weights for"),
        ("figures", "optimum_distance", {}, DIGITS, "sigmoid_softmax is not convex"),
        ("figures", "optimum_distance", {"model": "linear_regression"}, BOWL, None),
        ("figures", "prediction", SOFTMAX, DIGITS, "without l2, the objective of softmax_reg"),
        ("figures", "prediction", {**SOFTMAX, "l2": 0.1}, DIGITS, None),
        ("figures", "prediction", {"l2": 0.1}, DIGITS, "sigmoid_softmax is not convex"),
        (
            "figures",
            "prediction",
            {"model": "neural_network"},
            DIGITS,
            "not linear in its parameters",
        ),
        ("figures", "prediction", {**SOFTMAX, "l2": 0.1}, MANY, "of 300 classes are too many"),
        ("figures", "prediction", {**SOFTMAX, "l2": 0.1}, WIDE, "5001 features are too many"),
        ("figures", "floor", {**SOFTMAX, "l2": 0.1}, DIGITS, None),
        ("figures", "floor", {**SOFTMAX, "l2": 0.1, "batch_size": "full"}, DIGITS, NO_NOISE),
        ("figures", "floor", {**SOFTMAX, "l2": 0.1, "update_rule": "adam"}, DIGITS, NO_NOISE),
        ("figures", "floor", {**SOFTMAX, "l2": 0.1, "schedule": "cosine"}, DIGITS, NO_NOISE),
        ("figures", "trajectories", {"model": "linear_regression"}, BOWL, "two weights and no"),
        ("pictures", "path", {"model": "linear_regression"}, BOWL, "two weights and no"),
        ("pictures", "path", PLANE, BOWL, None),
        ("pictures", "path", {}, DIGITS, "it is for regression"),
        ("pictures", "weights", {}, DIGITS, "the samples are no images"),
        ("pictures", "weights", {}, IMAGES, None),
        ("pictures", "weights", {"model": "neural_network"}, IMAGES, "has no row of weights for"),
    ],
)
def test_why_not(kind, name, changes, size, says):
    reason = why_not(kind, name, [replace(RUN, **changes)], size)
    assert (reason is None) == (says is None)
    assert says is None or says in reason


@pytest.mark.parametrize(
    ("classes", "features", "changes", "fits"),
    [
        (10, 784, {}, True),
        (10, 784, {"batch_size": 32}, True),
        (10, 784, {"dtype": "float64"}, True),
        (10, 784, {"dtype": "float64", "batch_size": 32}, False),
        (10, 784, {"dtype": "float64", "batch_size": "full"}, True),
        (17, 1024, {}, True),
        (10, 2049, {}, False),
        (1, 8192, {}, True),
        (1, 8193, {}, False),
        (33, 784, {}, False),
    ],
)
def test_triton_keeps_weights_in_registers(monkeypatch, classes, features, changes, fits):
    monkeypatch.setattr(ability, "has_cuda", lambda: True)
    monkeypatch.setitem(ability.FACTS, "C compiler", lambda runs, size: None)
    reason = why_not("engines", "triton", [replace(RUN, **changes)], Size(9, 9, features, classes))
    assert reason == (None if fits else "the weights do not fit the registers of a GPU")
    assert fits or isinstance(reason, ability.News)


def test_triton_needs_a_c_compiler_and_the_headers_of_python(monkeypatch, tmp_path):
    monkeypatch.setattr(ability, "has_cuda", lambda: True)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    reason = why_not("engines", "triton", [RUN], DIGITS)
    assert reason == "Triton needs a C compiler (gcc or clang), which this machine does not have"
    assert isinstance(reason, ability.News)
    (tmp_path / "clang").touch(0o755)
    assert not why_not("engines", "triton", [RUN], DIGITS)
    monkeypatch.setattr(ability.sysconfig, "get_path", lambda name: str(tmp_path))
    reason = why_not("engines", "triton", [RUN], DIGITS)
    assert reason.startswith(f"Triton needs Python's headers ({tmp_path}/Python.h)")


def test_a_gpu_that_cannot_be_used_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(ability, "unusable", lambda: "it is too old")
    assert why_not("engines", "triton", [RUN], DIGITS) == "it is too old"


@pytest.mark.parametrize(
    "damaged",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: b"no problem at all",
        lambda content: content.replace(b"sinh", b"cosh"),
    ],
)
def test_a_verdict_is_kept_and_a_damaged_one_not_believed(tmp_path, monkeypatch, damaged):
    asked = []
    odd = ModuleType("descent.compiled.formulas")
    odd.rule_problem = lambda name: asked.append(name) or {"odd": "no sinh"}.get(name)
    monkeypatch.setitem(sys.modules, odd.__name__, odd)
    monkeypatch.setattr(sources, "folder", lambda: tmp_path)

    def verdicts():
        return [ability._verdict.__wrapped__("rule_problem", rule) for rule in ("odd", "plain")]

    expected = ["no sinh", None]
    assert (verdicts(), verdicts()) == (expected, expected)
    assert asked == ["odd", "plain"]
    for path in tmp_path.iterdir():
        path.write_bytes(damaged(path.read_bytes()))
    assert verdicts() == expected


@pytest.mark.parametrize(
    ("changes", "step_sizes", "says"),
    [
        ({}, 20, None),
        ({}, 19, "there are fewer than 20 step sizes"),
        ({"batch_size": 1500}, 20, "not all its batches are full"),
        ({"evaluate_every": 2}, 20, "not every step is evaluated"),
        ({"update_rule": "momentum"}, 20, "it has no update rule but plain"),
        ({"schedule": "cosine"}, 20, "its step size changes"),
        ({"average_from": 1}, 20, "it cannot average iterates"),
    ],
)
def test_a_limit_map_is_of_every_step_of_many_fixed_step_sizes(changes, step_sizes, says):
    full = replace(RUN, batch_size="full", evaluate_every=1)
    runs = [replace(full, step_size=float(1 + i)) for i in range(step_sizes)]
    runs[-1] = replace(runs[-1], **changes)
    assert why_not("figures", "limit_map", 2 * runs, DIGITS) == says


def test_a_figure_looks_at_all_runs():
    plane = replace(RUN, **PLANE)
    every, seldom = replace(plane, evaluate_every=1), replace(plane, evaluate_every=2)
    assert why_not("figures", "trajectories", [every], BOWL) is None
    says = "not every step is evaluated"
    assert why_not("figures", "trajectories", [every, seldom], BOWL) == says
    assert "sensitivity" in able("figures", [RUN, replace(RUN, update_rule="adam")], DIGITS)


@pytest.mark.parametrize(
    ("changes", "size", "key"),
    [
        ({}, DIGITS, None),
        ({"batch_size": 1501}, DIGITS, "batch_size"),
        ({"batch_size": 1500}, DIGITS, None),
        ({"batch_size": "full"}, DIGITS, None),
        ({"sampling": "with_replacement"}, DIGITS, None),
        ({"sampling": "with_replacement", "batch_size": 1500}, DIGITS, None),
        ({"sampling": "with_replacement", "batch_size": "full"}, DIGITS, "sampling"),
        ({"validation": 1499}, DIGITS, None),
        ({"validation": 1500}, DIGITS, "validation"),
        ({"validation": 500, "batch_size": 1000}, DIGITS, None),
        ({"validation": 500, "batch_size": 1001}, DIGITS, "batch_size"),
        ({"average_from": 2}, DIGITS, "average_from"),
        ({}, BOWL, "model"),
        ({"model": "linear_regression"}, DIGITS, "model"),
    ],
)
def test_what_does_not_fit_the_data(changes, size, key):
    assert list(misfits(replace(RUN, **changes), size)) == ([key] if key else [])


def test_every_file_gives_what_its_folder_asks_for(monkeypatch):
    if not has_cuda():
        monkeypatch.setenv("TRITON_INTERPRET", "1")  # for later tests: Triton reads it on import
    for kind in PROVIDES:
        for name in available(kind):
            plugin(kind, name)
            if kind in CONSTANTS:
                given(kind, name)


@pytest.fixture
def figure_file(tmp_path, monkeypatch):
    """Write descent/figures/odd.py."""
    monkeypatch.setattr("descent.plugins.DESCENT", tmp_path)

    def write(text):
        constants.cache_clear()
        (tmp_path / "figures").mkdir(exist_ok=True)
        (tmp_path / "figures/odd.py").write_text(text)

        _tree.cache_clear()

    yield write
    constants.cache_clear()


DRAW = "\n\ndef draw(traces, summary):\n    return None\n"
GOOD = 'NEEDS = ("classification",)' + DRAW


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "classification",
            "clasification",
            "NEEDS[0]: found 'clasification'; did you mean classification? allowed: one of",
        ),
        ("NEEDS", "NEED", "found NEED; did you mean NEEDS?"),
        ("NEEDS", "PANELS", "NEEDS: is missing"),
        ('("classification",)', '"classification"', "NEEDS: found 'classification'; allowed: a"),
        ('("classification",)', "tuple(x)", "NEEDS is not written out"),
        ("draw", "paint", "defines no draw"),
        ("def draw(", "def draw(:", "odd.py, line 3: is not Python"),
        ("NEEDS =", "READS_ITERATES = 3\nNEEDS =", "READS_ITERATES: found 3; allowed: true or"),
        ("NEEDS =", "READS_THEORY = 3\nNEEDS =", "READS_THEORY: found 3; allowed: true or"),
        ("NEEDS =", "SHOWS_CURVATURE = 3\nNEEDS =", "SHOWS_CURVATURE: found 3; allowed: true"),
    ],
)
def test_a_wrong_file_is_one_line_with_its_name(figure_file, old, new, says):
    figure_file(GOOD.replace(old, new))
    with pytest.raises(InputError) as error:
        given("figures", "odd")
    lines = str(error.value).splitlines()
    assert any(says in line for line in lines), lines
    assert all(line.startswith("scripts/descent/figures/odd.py") for line in lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [("x = 1\n", "odd.py: defines no SIZE, no obtain"), ("def :\n", "odd.py: cannot be imported")],
)
def test_a_wrong_file_that_is_imported_is_one_line_as_well(tmp_path, monkeypatch, text, says):
    from descent import datasets, plugins

    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/odd.py").write_text(text)
    monkeypatch.setattr(plugins, "DESCENT", tmp_path)
    monkeypatch.setattr(datasets, "__path__", [str(tmp_path / "datasets")])
    monkeypatch.delitem(sys.modules, "descent.datasets.odd", raising=False)
    with pytest.raises(InputError, match=says):
        plugin("datasets", "odd")


@pytest.mark.parametrize(
    ("update", "says"),
    [
        (lambda p, g: p, r"found \(p, g\); allowed: \(p, g, step_size, …\)"),
        (lambda p, g, step_size, l2=0.5: p, "found the option l2, which is the name of a key"),
        (lambda p, g, step_size, m="x": p, "found m='x'; allowed: a default that is true or"),
        (lambda p, g, step_size, m=0: p, "found m=0; allowed: a default that is true or"),
        (lambda p, g, step_size, m=-0.5: p, "found m=-0.5; allowed: a default that is true or"),
        (lambda p, g, step_size, m=float("inf"): p, "found m=inf; allowed: a default that is"),
    ],
)
def test_the_signature_of_an_update_rule_is_checked(monkeypatch, update, says):
    from descent.update_rules import plain

    monkeypatch.setattr(plain, "update", update)
    with pytest.raises(InputError, match=says):
        options_of("update_rules", "plain")


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (lambda t: t, r"constant.py: <lambda>: found \(t\); allowed: \(t, steps, …\)"),
        (lambda t, steps, t0: t, "found t0 without a default; allowed: a default that is true or"),
        (lambda t, steps, step_size=0.5: t, "found the option step_size, which is the name of a"),
    ],
)
def test_the_signature_of_a_schedule_is_checked(monkeypatch, factor, says):
    from descent.schedules import constant

    monkeypatch.setattr(constant, "factor", factor)
    with pytest.raises(InputError, match=says):
        options_of("schedules", "constant")


OPTION = {"decay": 0.5}


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, {}),
        ({"schedule_options": OPTION}, {}),
        (
            {"model_options": OPTION, "update_options": OPTION},
            {"update_rule": ("plain", "one without the options of sigmoid_softmax: decay")},
        ),
        (
            {"model_options": OPTION, "schedule_options": OPTION},
            {"schedule": ("constant", "one without the options of sigmoid_softmax: decay")},
        ),
        (
            {"update_options": OPTION, "schedule_options": {"t0": 1.0, **OPTION}},
            {"schedule": ("constant", "one without the options of plain: decay")},
        ),
    ],
)
def test_an_option_belongs_to_one_of_what_a_run_chooses(options, wrong):
    assert misfits(replace(RUN, **options), DIGITS) == wrong


def test_an_annotated_constant_is_seen(figure_file):
    figure_file(GOOD.replace("NEEDS =", "NEEDS: tuple[str, ...] ="))
    assert given("figures", "odd").NEEDS == ("classification",)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"batch_size": 8}, "there are fewer than three batch sizes"),
        ({"batch_size": 1500}, None),
        ({"update_rule": "adam"}, "there is more than one update rule"),
        ({"schedule": "cosine"}, "there is more than one update rule"),
        ({"sampling": "with_replacement"}, None),
        (
            {"batch_size": 1500, "epochs": 3, "also": "full"},
            "more than one optimizer of a batch size",
        ),
        (
            {"batch_size": 1500, "sampling": "with_replacement", "also": "full"},
            "more than one optimizer of a batch size",
        ),
    ],
)
def test_a_plane_has_one_optimizer_for_each_of_several_batch_sizes(changes, says):
    batch_sizes = [1, 8, changes.pop("batch_size", 32), *filter(None, [changes.pop("also", None)])]
    runs = [replace(RUN, batch_size=size) for size in batch_sizes]
    runs[2] = replace(runs[2], **changes)
    reason = why_not("figures", "batch_size", runs, DIGITS)
    assert (reason is None) == (says is None)
    assert says is None or says in reason
