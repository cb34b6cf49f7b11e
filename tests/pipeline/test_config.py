from pathlib import Path

import pytest
import yaml

from descent.errors import InputError
from pipeline import capabilities, config, plugins
from pipeline.config import read_studies

GOOD = """
studies:
  tiny:
    dataset: digits
    model: sigmoid_softmax
    seeds: [0, 1]
    optimizers:
      sgd: {batch_size: 1, epochs: 2, evaluate_every: 500, step_sizes: [1e-3, 0.1]}
      gd: {batch_size: full, epochs: 3, evaluate_every: 1, step_sizes: [1]}
"""


def read(text: str):
    return read_studies(yaml.safe_load(text), [], ["all", "train"])


def mistakes(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text)
    return [line.removeprefix(": ") for line in str(error.value).splitlines()]


def test_a_run_for_every_optimizer_and_step_size():
    study = read(GOOD)["tiny"]
    runs = [(run.optimizer, run.label, run.run.step_size) for run in study.runs]
    assert runs == [("sgd", "0.001", 0.001), ("sgd", "0.1", 0.1), ("gd", "1.0", 1.0)]
    assert study.runs[2].run.batch_size == "full"
    assert study.runs[0].run.seeds == (0, 1)
    assert study.runs[0].run.l2 == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("digits", "mnits", "studies.tiny.dataset: found 'mnits'; allowed: one of bowl, "),
        (
            "sigmoid_softmax",
            "sigmoid",
            "studies.tiny.model: found 'sigmoid'; allowed: one of linear",
        ),
        (
            "seeds:",
            "engine: fast\n    seeds:",
            "studies.tiny.engine: found 'fast'; allowed: one of auto",
        ),
        (
            "seeds:",
            "dtype: int8\n    seeds:",
            "studies.tiny.dtype: found 'int8'; allowed: one of float32",
        ),
        (
            "seeds:",
            "initial: ones\n    seeds:",
            "studies.tiny.initial: found 'ones'; allowed: one of unif",
        ),
        ("seeds:", "l2: -1\n    seeds:", "studies.tiny.l2: found -1; allowed: a finite number ≥ 0"),
        ("seeds:", "seed:", "studies.tiny: found unknown key seed; allowed: dataset, model, l2"),
        ("seeds:", "seed:", "studies.tiny.seeds: is missing"),
        (
            "[0, 1]",
            "[0, 0]",
            "studies.tiny.seeds: found [0, 0]; allowed: each once, but 0 and 0 are",
        ),
        ("[0, 1]", "[0, -1]", "studies.tiny.seeds: found [0, -1]; allowed: an integer ≥ 0, not -1"),
        (
            "[0, 1]",
            "[0, 0.5]",
            "studies.tiny.seeds: found [0, 0.5]; allowed: an integer ≥ 0, not 0.5",
        ),
        ("[0, 1]", "[18446744073709551616]", "studies.tiny.seeds: found [18446744073709551616]; "),
        ("seeds:", "l2: .inf\n    seeds:", "studies.tiny.l2: found inf; allowed: a finite number"),
        ("[0, 1]", "[]", "studies.tiny.seeds: found []; allowed: a list of at least one"),
        ("[0, 1]", "5", "studies.tiny.seeds: found 5; allowed: a list of at least one"),
        (
            "{batch_size: 1",
            "{update_rule: Adam, batch_size: 1",
            "sgd.update_rule: found 'Adam'; allowed",
        ),
        (
            "batch_size: 1",
            "batch_size: 0",
            "sgd.batch_size: found 0; allowed: an integer ≥ 1, or full",
        ),
        (
            "batch_size: 1",
            "batch_size: all",
            "sgd.batch_size: found 'all'; allowed: an integer ≥ 1, or",
        ),
        (
            "batch_size: 1",
            "batch_size: 1501",
            "sgd.batch_size: found 1501; allowed: at most the 1500",
        ),
        ("epochs: 2", "epochs: 0", "sgd.epochs: found 0; allowed: an integer ≥ 1"),
        ("epochs: 2", "epochs: 2.5", "sgd.epochs: found 2.5; allowed: an integer ≥ 1"),
        ("epochs: 2", "epochs: yes", "sgd.epochs: found True; allowed: an integer ≥ 1"),
        (
            "evaluate_every: 500",
            "evaluate_every: []",
            "sgd.evaluate_every: found []; allowed: an integer",
        ),
        ("[1e-3, 0.1]", "[]", "sgd.step_sizes: found []; allowed: a list of at least one"),
        ("[1e-3, 0.1]", "[0]", "sgd.step_sizes: found [0]; allowed: a finite number > 0, not 0"),
        ("[1e-3, 0.1]", "[-1]", "sgd.step_sizes: found [-1]; allowed: a finite number > 0, not -1"),
        (
            "[1e-3, 0.1]",
            "[.inf]",
            "sgd.step_sizes: found [inf]; allowed: a finite number > 0, not inf",
        ),
        (
            "[1e-3, 0.1]",
            "[.nan]",
            "sgd.step_sizes: found [nan]; allowed: a finite number > 0, not nan",
        ),
        (
            "[1e-3, 0.1]",
            "[1e999]",
            "sgd.step_sizes: found ['1e999']; allowed: a finite number > 0, not",
        ),
        (
            "[1e-3, 0.1]",
            "[small]",
            "sgd.step_sizes: found ['small']; allowed: a finite number > 0, not",
        ),
        (
            "[1e-3, 0.1]",
            "[true]",
            "sgd.step_sizes: found [True]; allowed: a finite number > 0, not",
        ),
        ("0.1]", "0.001]", "allowed: each once, but 1e-3 and 0.001 are the same"),
        (
            "[1]",
            "[1, 1.0]",
            "gd.step_sizes: found [1, 1.0]; allowed: each once, but 1 and 1.0 are the",
        ),
        ("tiny:", "ti/ny:", "studies: found the name 'ti/ny'; allowed: a lower-case letter, then"),
        ("tiny:", "Tiny:", "studies: found the name 'Tiny'; allowed: a lower-case letter"),
        (
            "tiny:",
            "train:",
            "studies: found the name 'train'; allowed: names other than those of the",
        ),
        ("tiny:", "1:", "studies: found the name 1; allowed: a lower-case letter"),
        ("sgd:", "s.gd:", "studies.tiny.optimizers: found the name 's.gd'; allowed: a lower"),
        ("studies:", "study:", "top level: found unknown key study; allowed: studies"),
        ("studies:", "study:", "studies: is missing"),
        ("epochs: 3", "epochs: 3000000", "iterates of 15.6 GB a study; allowed: 10 GB a study"),
    ],
)
def test_a_mistake_is_a_line_with_its_place_and_what_is_allowed(old, new, says):
    assert old in GOOD
    lines = mistakes(GOOD.replace(old, new))
    assert any(says in line for line in lines), lines
    assert all(line.startswith(("studies", "top level")) for line in lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "studies: is missing"),
        ("", "top level: found None; allowed: a mapping with studies"),
        ("studies: {}", "studies: found {}; allowed: a mapping with at least one entry"),
        ("studies: {a: 1}", "studies.a: found 1; allowed: a mapping with dataset, model"),
        (
            GOOD[: GOOD.index("sgd")] + "{}",
            "optimizers: found {}; allowed: a mapping with at least one",
        ),
    ],
)
def test_empty_things(text, says):
    assert any(says in line for line in mistakes(text))


def test_all_mistakes_are_listed_at_once():
    text = GOOD.replace("softmax", "x").replace("epochs: 2", "epochs: 0").replace("[1]", "[0]")
    text = text.replace("tiny:", "Tiny:").replace("gd:", "GD:").replace("size: 1", "size: 9999")
    assert len(mistakes(text)) == 7


def test_mistakes_that_need_the_whole_study_are_listed_with_the_others():
    text = GOOD.replace("seeds:", "l2: -1\n    figures: [trajectories]\n    seeds:")
    text = text.replace("epochs: 3", "epochs: 3000000")
    text = text.replace("seeds: [0, 1]", "dtype: x\n    seeds: [0, 1]")
    says = ["tiny.l2: found -1", "tiny.dtype: found 'x'", "tiny.figures: found trajectories"]
    says += ["tiny: found iterates of 15.6 GB a study", "tiny: found iterates of 15.6 GB a run"]
    assert [any(f"studies.{start}" in line for line in mistakes(text)) for start in says] == [
        True
    ] * 5
    assert len(mistakes(text)) == 5


def test_all_wrong_elements_of_a_list_are_named():
    (line,) = mistakes(GOOD.replace("[1e-3, 0.1]", "[-1, 0, abc, 0.1, 0.10, .inf]"))
    for wrong in ("not -1", "not 0", "not 'abc'", "but 0.1 and 0.1 are the same", "not inf"):
        assert wrong in line


def test_messages_name_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(GOOD)
    with pytest.raises(InputError, match=r"^config\.yaml: studies\.tiny\.dataset: found 'x'"):
        read_studies(yaml.safe_load(GOOD.replace("digits", "x")), ["config.yaml"], [])


def test_a_key_that_stands_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    twice = GOOD + GOOD[GOOD.index("  tiny:") :]
    Path("config.yaml").write_text(twice)
    with pytest.raises(InputError, match=r"^config\.yaml, line 10: found tiny a second time"):
        read_studies(yaml.safe_load(twice), ["config.yaml"], [])


@pytest.mark.parametrize(("cuda", "expected"), [(False, "numba"), (True, "triton")])
def test_auto_is_triton_where_there_is_a_gpu(monkeypatch, cuda, expected):
    monkeypatch.setattr(capabilities, "has_cuda", lambda: cuda)
    runs = read(GOOD)["tiny"].runs
    assert {run.engine for run in runs} == {expected}
    assert {run.gpus() for run in runs} == {int(cuda)}


def test_triton_needs_a_gpu(monkeypatch):
    monkeypatch.setattr(capabilities, "has_cuda", lambda: False)
    monkeypatch.setattr(capabilities, "INTERPRETED", False)
    (line,) = mistakes(GOOD.replace("seeds:", "engine: triton\n    seeds:"))
    assert line == (
        "studies.tiny.engine: found triton; allowed: auto, numba, numpy, torch,"
        " which can train sigmoid_softmax on this machine"
    )


def test_an_update_rule_that_the_engine_cannot_do(monkeypatch):
    monkeypatch.setattr(config, "update_rules", lambda engine: {"numba": ["other"]}[engine])
    (line, _) = mistakes(GOOD.replace("seeds:", "engine: numba\n    seeds:"))
    assert line == (
        "studies.tiny.optimizers.sgd.update_rule: found plain; allowed: other,"
        " which engine numba can do"
    )


def test_auto_leaves_to_numpy_what_numba_cannot_do(monkeypatch):
    monkeypatch.setattr(
        capabilities, "defines", lambda kind, name, function: function == "gradient"
    )
    assert {run.engine for run in read(GOOD)["tiny"].runs} == {"numpy"}


def test_evaluation_is_compiled_where_that_is_worth_it(monkeypatch):
    large = GOOD.replace("digits", "mnist")
    for text, cuda, expected in [
        (GOOD, False, "numpy"),
        (GOOD, True, "numpy"),
        (large, False, "numba"),
        (large, True, "numba"),
        (large.replace("epochs: 2", "epochs: 20"), True, "torch"),
        (large.replace("epochs: 2", "epochs: 20"), False, "numba"),
    ]:
        monkeypatch.setattr(capabilities, "has_cuda", lambda cuda=cuda: cuda)
        run = read(text)["tiny"].runs[0]
        assert run.evaluator == expected
        assert run.evaluation_gpus() == int(expected == "torch")


def test_an_engine_that_cannot_do_the_model(monkeypatch):
    monkeypatch.setattr(
        capabilities, "defines", lambda kind, name, function: function == "torch_losses"
    )
    text = GOOD.replace("seeds:", "engine: numpy\n    seeds:")
    assert mistakes(text) == [
        "studies.tiny.engine: found numpy; allowed: auto, torch,"
        " which can train sigmoid_softmax on this machine"
    ]
    assert {run.engine for run in read(GOOD)["tiny"].runs} == {"torch"}


def test_every_value_travels_from_config_to_the_run_that_is_trained():
    import train

    text = GOOD.replace(
        "seeds:", "l2: 0.5\n    initial: zeros\n    dtype: float64\n    engine: torch\n    seeds:"
    )
    for planned in read(text)["tiny"].runs:
        assert planned.engine == "torch"
        assert (planned.run.l2, planned.run.initial, planned.run.dtype) == (0.5, "zeros", "float64")
        files = ["--data", "d.npz", "--iterates", "i.npz"]
        arguments = train.parser().parse_args([*planned.options(), *files])
        assert train.run_of(arguments) == planned.run
        assert arguments.engine == planned.engine


def test_an_engine_named_by_hand_is_taken(monkeypatch):
    monkeypatch.setattr(capabilities, "has_cuda", lambda: False)
    (run, *_) = read(GOOD.replace("seeds:", "engine: torch\n    seeds:"))["tiny"].runs
    assert run.engine == "torch"
    assert run.gpus() == 0


def test_the_shipped_config_is_right():
    root = Path(__file__).parents[2]
    studies = read_studies(yaml.safe_load((root / "config.yaml").read_text()), [], ["all"])
    assert list(studies) == [
        *("mnist", "softmax", "digits"),
        *("bowl", "linear_regression", "neural_network", "optimizers"),
    ]
    for study in studies.values():
        chance = any(r.run.initial != "zeros" or r.run.batch_size != "full" for r in study.runs)
        assert len(study.seeds) >= (3 if chance else 1)


NETWORK = GOOD.replace("sigmoid_softmax", "neural_network")
REGRESSION = GOOD.replace("sigmoid_softmax", "linear_regression").replace("digits", "diabetes")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            GOOD.replace("digits", "diabetes"),
            "studies.tiny.model: found sigmoid_softmax; allowed: linear_regression,"
            " since diabetes is for regression",
        ),
        (
            REGRESSION.replace("diabetes", "digits"),
            "studies.tiny.model: found linear_regression; allowed: neural_network,"
            " sigmoid_softmax, softmax_regression, since digits is for classification",
        ),
        (
            GOOD.replace("seeds:", "hidden: 3\n    seeds:"),
            "studies.tiny: found unknown key hidden; allowed: dataset, ",
        ),
        (
            NETWORK.replace("seeds:", "hidden: 0\n    seeds:"),
            "studies.tiny.hidden: found 0; allowed: an integer ≥ 1",
        ),
        (
            REGRESSION.replace("seeds:", "bias: 3\n    seeds:"),
            "studies.tiny.bias: found 3; allowed: true or false",
        ),
        (
            GOOD.replace("epochs: 2", "update_rule: momentum, momentum: 1, epochs: 2"),
            "studies.tiny.optimizers.sgd.momentum: found 1; allowed: a number ≥ 0 and < 1",
        ),
        (
            GOOD.replace("epochs: 2", "momentum: 0.5, epochs: 2"),
            "studies.tiny.optimizers.sgd: found unknown key momentum; allowed: update_rule, ",
        ),
        (
            GOOD.replace("epochs: 2", "schedule: 1/x, epochs: 2"),
            "studies.tiny.optimizers.sgd.schedule: found '1/x'; allowed: one of constant, 1/t, ",
        ),
        (
            GOOD.replace("epochs: 2", "average_from: 2, epochs: 2"),
            "studies.tiny.optimizers.sgd.average_from: found 2; allowed: an epoch before the last",
        ),
        (
            GOOD.replace("epochs: 2", "average_from: 1, engine: numba, epochs: 2"),
            "studies.tiny.optimizers.sgd.engine: found numba; allowed: auto, numpy, torch,",
        ),
        (
            GOOD.replace("gd: {batch_size: full", "sgd_average: {batch_size: full").replace(
                "epochs: 2", "average_from: 1, epochs: 2"
            ),
            "studies.tiny.optimizers: found sgd_average; allowed: a name that the averaged",
        ),
        (
            GOOD.replace("seeds:", "figures: [heatmap, trajectories]\n    seeds:"),
            "studies.tiny.figures: found trajectories; allowed: accuracy_by_epoch, ",
        ),
        (
            NETWORK.replace("digits", "mnist").replace("evaluate_every: 500", "evaluate_every: 1"),
            "studies.tiny: found iterates of 195",
        ),
    ],
)
def test_a_mistake_in_what_a_model_an_update_rule_or_a_figure_needs(text, says):
    assert any(line.startswith(says) for line in mistakes(text)), mistakes(text)


def test_options_travel_from_config_to_the_run_that_is_trained():
    import shlex

    import train

    text = NETWORK.replace("seeds:", "hidden: 7\n    seeds:").replace(
        "epochs: 2",
        "epochs: 2, average_from: 1, schedule: 1/sqrt(t), update_rule: adam, beta1: 0.5",
    )
    sgd, *_, gd = read(text)["tiny"].runs
    assert sgd.run.update_options == {"beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}
    assert (sgd.run.schedule, sgd.run.average_from) == ("1/sqrt(t)", 1)
    assert (gd.run.schedule, gd.run.average_from) == ("constant", None)
    for planned in (sgd, gd):
        assert planned.run.model_options == {"hidden": 7}
        words = shlex.split(" ".join(planned.options()))
        arguments = train.parser().parse_args([*words, "--data", "d.npz", "--iterates", "i.npz"])
        assert train.run_of(arguments) == planned.run


def test_figures_are_those_that_have_something_to_show():
    figures = {
        "classification": read(GOOD)["tiny"].figures,
        "regression": read(REGRESSION)["tiny"].figures,
        "plane": read(
            REGRESSION.replace("diabetes", "bowl")
            .replace("seeds:", "bias: false\n    seeds:")
            .replace("evaluate_every: 500", "evaluate_every: 1")
        )["tiny"].figures,
        "rules": read(GOOD.replace("epochs: 3", "update_rule: adam, epochs: 3"))["tiny"].figures,
        "named": read(GOOD.replace("seeds:", "figures: [heatmap]\n    seeds:"))["tiny"].figures,
    }
    everywhere = {"distance", "final_by_step_size"}
    accuracy = {"accuracy_by_epoch", "accuracy_by_step", "heatmap"}
    assert set(figures["classification"]) == everywhere | accuracy
    assert set(figures["regression"]) == everywhere | {"optimum_distance"}
    assert set(figures["plane"]) == everywhere | {"optimum_distance", "trajectories"}
    assert set(figures["rules"]) == everywhere | accuracy | {"sensitivity"}
    assert figures["named"] == ("heatmap",)


def test_auto_leaves_to_numpy_what_numba_cannot_do_with_an_optimizer(monkeypatch):
    monkeypatch.setattr(capabilities, "has_cuda", lambda: False)
    text = GOOD.replace("epochs: 2", "average_from: 1, epochs: 2")
    text = text.replace("epochs: 3", "update_rule: adam, epochs: 3")
    assert [run.engine for run in read(text)["tiny"].runs] == ["numpy", "numpy", "numpy"]
    text = GOOD.replace("epochs: 3", "update_rule: momentum, epochs: 3")
    assert {run.engine for run in read(text)["tiny"].runs} == {"numba"}


def test_what_no_engine_can_do(monkeypatch):
    monkeypatch.setattr(
        capabilities, "defines", lambda kind, name, function: function == "score_gradient"
    )
    monkeypatch.setattr(capabilities, "INTERPRETED", False)
    monkeypatch.setattr(capabilities, "has_cuda", lambda: False)
    (line,) = mistakes(GOOD.replace("epochs: 3", "update_rule: adam, epochs: 3"))
    assert line == (
        "studies.tiny.optimizers.gd.update_rule: found adam;"
        " allowed: what one of numba can do with sigmoid_softmax"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model: neural_network", "model: neural_netwrk\n    hidden: 9"),
        ("epochs: 2", "update_rule: momentumm, momentum: 0.5, epochs: 2"),
    ],
)
def test_an_option_of_a_misspelled_model_or_rule_is_no_second_mistake(old, new):
    assert len(mistakes(NETWORK.replace(old, new))) == 1


def test_an_engine_that_no_optimizer_takes_is_no_mistake():
    text = NETWORK.replace("seeds:", "engine: numba\n    seeds:")
    text = text.replace("epochs:", "engine: numpy, epochs:")
    assert {run.engine for run in read(text)["tiny"].runs} == {"numpy"}
    (line,) = mistakes(NETWORK.replace("seeds:", "engine: numba\n    seeds:"))
    assert line.startswith("studies.tiny.engine: found numba")


@pytest.mark.parametrize("value", ["2020-13-45", "&a {b: *a}"])
def test_values_that_yaml_cannot_make(tmp_path, value):
    path = tmp_path / "config.yaml"
    path.write_text(GOOD.replace("seeds:", f"l2: {value}\n    seeds:"))
    with pytest.raises(InputError, match="found a value that cannot be read"):
        config.check_syntax(str(path))


def test_the_study_in_the_readme_can_be_copied():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    block = readme[readme.index("    studies:\n") :]
    block = block[: block.index("\n\n")]
    study = read(block)["my_study"]
    assert study.figures == ("heatmap",)
    assert [run.label for run in study.runs] == ["0.001", "0.01", "0.1"]


def test_a_file_that_is_not_python_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models/broken.py").write_text('"""A model."""\n\ndef layers(:\n')
    (tmp_path / "models/empty.py").write_text('"""A model."""\n')
    monkeypatch.setattr(plugins, "DESCENT", tmp_path)
    with pytest.raises(InputError, match=r"models/broken\.py, line 3: is not Python"):
        plugins.defines("models", "broken", "layers")
    with pytest.raises(InputError, match=r"models/empty\.py: does not set TASK"):
        plugins.constant("models", "empty", "TASK")
