import json
import shlex
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from descent import ability
from descent.ability import given
from descent.datasets import mnist
from descent.errors import InputError
from descent.run import TAKEN, Run
from pipeline import auto, config, plan
from pipeline.arguments import parse_run
from pipeline.config import MAX_COMMAND, TARGETS, Optimizer, Study, read_studies
from pipeline.failures import explain
from theory import _runs

ROOT = Path(__file__).parents[2]

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
NETWORK = GOOD.replace("sigmoid_softmax", "neural_network")
REGRESSION = GOOD.replace("sigmoid_softmax", "linear_regression").replace("digits", "diabetes")


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Set whether the machine has a GPU, and its cores; it has none, and two."""

    def has(cuda: bool, cores: int = 2):
        for module in (ability, auto):
            monkeypatch.setattr(module, "has_cuda", lambda: cuda)
        monkeypatch.setattr(auto, "cores", lambda: cores)

    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    has(False)
    return has


def read(text: str):
    return read_studies(yaml.safe_load(text), [])


def mistakes(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text)
    return [line.removeprefix("config: ") for line in str(error.value).splitlines()]


def with_study_key(key: str, text: str = GOOD) -> str:
    return text.replace("seeds:", f"{key}\n    seeds:", 1)


def with_sgd_key(key: str, text: str = GOOD) -> str:
    return text.replace("epochs: 2", f"{key}, epochs: 2")


def test_a_run_for_every_optimizer_and_step_size():
    study = read(GOOD)["tiny"]
    runs = [(p.optimizer, p.run.label, p.run.step_size) for p in study.runs]
    assert runs == [("sgd", "0.001", 0.001), ("sgd", "0.1", 0.1), ("gd", "1.0", 1.0)]
    assert study.runs[2].run.batch_size == "full"
    assert study.runs[0].run.seeds == (0, 1)
    assert study.runs[0].run.l2 == 0


def test_seeds_as_a_number_are_the_first_ones():
    for written, seeds in [("1", (0,)), ("5", (0, 1, 2, 3, 4)), ("[5]", (5,)), ("[3, 1]", (3, 1))]:
        study = read(GOOD.replace("[0, 1]", written))["tiny"]
        assert study.seeds == study.runs[0].run.seeds == seeds


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("{from: 0.01, to: 1, per_decade: 2}", "0.01 0.0316 0.1 0.316 1.0"),
        ("{from: 1e-1, to: '5e1', per_decade: 1}", "0.1 1.0 10.0 50.0"),
        ("[50, {from: 1, to: 10, per_decade: 4}, 2]", "50.0 1.0 1.78 3.16 5.62 10.0 2.0"),
        ("[{from: 5, to: 6, per_decade: 1}, {from: 1, to: 2, per_decade: 3}]", "5.0 6.0 1.0 2.0"),
    ],
)
def test_a_grid_stands_for_its_step_sizes_in_the_order_of_the_list(written, labels):
    runs = read(GOOD.replace("[1e-3, 0.1]", written))["tiny"].runs
    found = [planned.run.label for planned in runs if planned.optimizer == "sgd"]
    assert found == labels.split()


def test_a_value_that_stands_twice_is_named_with_its_grids():
    one, other = "{'from': 1, 'to': 10, 'per_decade': 2}", "{'from': 10, 'to': 99, 'per_decade': 1}"
    for written, same in [
        (f"[1e1, {one}]", f"1e1 and 10.0 of {one}"),
        (f"[{one}, 3.160]", f"3.16 of {one} and 3.16"),
        (f"[7, {one}, {other}]", f"10.0 of {one} and 10.0 of {other}"),
    ]:
        (line,) = mistakes(GOOD.replace("[1]", written))
        assert line.startswith(f"{GD}.step_sizes: found [")
        assert line.endswith(f"; allowed: each once, but {same} are the same")


def test_all_mistakes_of_a_list_are_listed_at_once():
    written = "[0, {from: 2, to: 1, per_decade: 3}, 1, {from: 0, to: 1, per_decade: x}]"
    lines = mistakes(GOOD.replace("[1]", written))
    starts = ["[0]: found 0", "[1].from: found 2", "[3].from: found 0", "[3].per_decade: found 'x'"]
    assert len(lines) == len(starts)
    for start, line in zip(starts, lines, strict=True):
        assert line.startswith(f"{GD}.step_sizes{start}; allowed: ")


TINY, SGD, GD = "studies.tiny", "studies.tiny.optimizers.sgd", "studies.tiny.optimizers.gd"

GRID = "{{from: {}, to: {}, per_decade: {}}}"

# what is changed in GOOD, and a line of the message
MISTAKES = [
    # a value, with what is allowed
    ("digits", "mnits", f"{TINY}.dataset: found 'mnits'; did you mean mnist? allowed: one of bowl"),
    (
        "digits",
        "['a']",
        f"{TINY}.dataset: found ['a']; allowed: one of bowl, diabetes, digits, fas",
    ),
    # a table of one's own
    ("digits", "{file: t.csv, target: y}", f"{TINY}.dataset: t.csv: cannot be read (No such file"),
    ("digits", "{file: t, target: y, test: 2}", f"{TINY}.dataset.test: found 2; allowed: a number"),
    ("digits", "{fil: t, target: y}", f"{TINY}.dataset: found unknown key fil; did you mean file?"),
    ("digits", "{fil: t, target: y}", f"{TINY}.dataset.file: is missing"),
    ("digits", "{}", f"{TINY}.dataset.target: is missing"),
    # values, again
    ("sigmoid_softmax", "x", f"{TINY}.model: found 'x'; allowed: one of linear_regression, "),
    ("seeds:", "engine: fast\n    seeds:", f"{TINY}.engine: found 'fast'; allowed: one of auto, "),
    ("seeds:", "evaluator: gpu\n    seeds:", f"{TINY}.evaluator: found 'gpu'; allowed: one of au"),
    ("seeds:", "dtype: int8\n    seeds:", f"{TINY}.dtype: found 'int8'; allowed: one of float32, "),
    ("seeds:", "initial: ones\n    seeds:", f"{TINY}.initial: found 'ones'; allowed: one of unif"),
    ("seeds:", "l2: -1\n    seeds:", f"{TINY}.l2: found -1; allowed: a finite number ≥ 0"),
    (
        "seeds:",
        "curvature_samples: -1\n    seeds:",
        f"{TINY}.curvature_samples: found -1; allowed: an integer ≥ 0",
    ),
    ("seeds:", "l2: .inf\n    seeds:", f"{TINY}.l2: found inf; allowed: a finite number ≥ 0"),
    ("[0, 1]", "[0, 0]", f"{TINY}.seeds: found [0, 0]; allowed: each once, but 0 and 0 are the s"),
    ("[0, 1]", "[0, -1]", f"{TINY}.seeds[1]: found -1; allowed: an integer ≥ 0"),
    ("[0, 1]", "[0, 0.5]", f"{TINY}.seeds[1]: found 0.5; allowed: an integer ≥ 0"),
    ("[0, 1]", f"[{2**64}]", f"{TINY}.seeds[0]: found {2**64}; allowed: an integer < 2⁶³"),
    ("[0, 1]", "[]", f"{TINY}.seeds: found []; allowed: a list of at least one, each an integer"),
    ("[0, 1]", "1.5", f"{TINY}.seeds: found 1.5; allowed: a list of at least one, each an integer"),
    (
        "[0, 1]",
        "0",
        f"{TINY}.seeds: found 0; allowed: a list of at least one, each an integer ≥ 0,",
    ),
    ("[0, 1]", "-3", ", each an integer ≥ 0, or an integer ≥ 1 and ≤ 10000"),
    ("[0, 1]", "10001", f"{TINY}.seeds: found 10001; allowed: a list of at least one, each an int"),
    (
        "[0, 1]",
        "yes",
        f"{TINY}.seeds: found True; allowed: a list of at least one, each an integer",
    ),
    ("[0, 1]", "'5'", f"{TINY}.seeds: found '5'; allowed: a list of at least one, each an integer"),
    ("batch_size: 1", "batch_size: 0", f"{SGD}.batch_size: found 0; allowed: an integer ≥ 1, or f"),
    ("batch_size: 1", "batch_size: all", f"{SGD}.batch_size: found 'all'; allowed: an integer ≥ 1"),
    ("epochs: 2", "epochs: 0", f"{SGD}.epochs: found 0; allowed: an integer ≥ 1"),
    ("epochs: 2", "epochs: 2.5", f"{SGD}.epochs: found 2.5; allowed: an integer ≥ 1"),
    ("epochs: 2", "epochs: yes", f"{SGD}.epochs: found True; allowed: an integer ≥ 1"),
    ("every: 500", "every: []", f"{SGD}.evaluate_every: found []; allowed: an integer ≥ 1"),
    ("[1e-3, 0.1]", "[]", f"{SGD}.step_sizes: found []; allowed: a list of at least one, each (a "),
    ("[1e-3, 0.1]", "[0]", f"{SGD}.step_sizes[0]: found 0; allowed: a number > 0 and"),
    ("[1e-3, 0.1]", "[1e290]", f"{SGD}.step_sizes[0]: found '1e290'; allowed: a number > 0 and <"),
    ("[1e-3, 0.1]", "[1, .inf]", f"{SGD}.step_sizes[1]: found inf; allowed: a number > 0 and"),
    ("[1e-3, 0.1]", "[.nan]", f"{SGD}.step_sizes[0]: found nan; allowed: a number > 0 and"),
    ("[1e-3, 0.1]", "[1e999]", f"{SGD}.step_sizes[0]: found '1e999'; allowed: a number > "),
    ("[1e-3, 0.1]", "[small]", f"{SGD}.step_sizes[0]: found 'small'; allowed: a number > "),
    (
        "[1e-3, 0.1]",
        "[[1]]",
        f"{SGD}.step_sizes[0]: found [1]; allowed: a number > 0 and < 1e+100, ",
    ),
    (
        "[1e-3, 0.1]",
        "0.1",
        f"{SGD}.step_sizes: found 0.1; allowed: a list of at least one, each (a ",
    ),
    (
        "[1e-3, 0.1]",
        "!!set {1}",
        f"{SGD}.step_sizes: found {{1}}; allowed: a list of at least one, ",
    ),
    ("[1e-3, 0.1]", "[true]", f"{SGD}.step_sizes[0]: found True; allowed: a number > 0 and"),
    ("0.1]", "0.001]", "allowed: each once, but 1e-3 and 0.001 are the same"),
    ("[1]", "[1, 1.0]", f"{GD}.step_sizes: found [1, 1.0]; allowed: each once, but 1 and 1.0 are"),
    # a grid of step sizes, alone or in a list
    ("[1]", GRID.format(2, 1, 4), f"{GD}.step_sizes.from: found 2; allowed: less than to, 1"),
    ("[1]", GRID.format(1, 1.0, 4), f"{GD}.step_sizes.from: found 1; allowed: less than to, 1.0"),
    (
        "[1]",
        GRID.format("no", 1, 4),
        f"{GD}.step_sizes.from: found False; allowed: a number ≥ 1e-1",
    ),
    (
        "[1]",
        GRID.format("'x'", 1, 4),
        f"{GD}.step_sizes.from: found 'x'; allowed: a number ≥ 1e-100",
    ),
    (
        "[1]",
        GRID.format("1e-200", 1, 4),
        f"{GD}.step_sizes.from: found '1e-200'; allowed: a number",
    ),
    (
        "[1]",
        GRID.format(0, 1, 4),
        f"{GD}.step_sizes.from: found 0; allowed: a number ≥ 1e-100 and ",
    ),
    (
        "[1]",
        GRID.format(1, ".inf", 4),
        f"{GD}.step_sizes.to: found inf; allowed: a number ≥ 1e-100",
    ),
    (
        "[1]",
        GRID.format(1, 10, 0),
        f"{GD}.step_sizes.per_decade: found 0; allowed: an integer ≥ 1 ",
    ),
    ("[1]", GRID.format(1, 10, 2.5), "per_decade: found 2.5; allowed: an integer ≥ 1 and ≤ 1000"),
    ("[1]", GRID.format(1, 10, 2.0), "per_decade: found 2.0; allowed: an integer ≥ 1 and ≤ 1000"),
    ("[1]", GRID.format(1, 10, 1001), "per_decade: found 1001; allowed: an integer ≥ 1 and ≤ 1000"),
    (
        "[1]",
        GRID.format(1, 10, 2**64),
        f"per_decade: found {2**64}; allowed: an integer ≥ 1 and ≤ ",
    ),
    (
        "[1]",
        GRID.format(1, 10, 300),
        "per_decade: found 300; allowed: fewer, since to three digits 1.01547 and 1.02329 are bo",
    ),
    ("[1]", "{from: 1, to: 10}", f"{GD}.step_sizes.per_decade: is missing"),
    ("[1]", "{}", f"{GD}.step_sizes.from: is missing"),
    (
        "[1]",
        "{fron: 1, to: 10, per_decade: 2}",
        f"{GD}.step_sizes: found unknown key fron; did you mean from? allowed: from, to, per_dec",
    ),
    (
        "[1]",
        "[3, {from: 1, to: 10, num: 2}]",
        f"{GD}.step_sizes[1]: found unknown key num; did you mean per_decade? allowed: from, to, p",
    ),
    (
        "[1]",
        f"[3, {GRID.format(2, 1, 4)}]",
        f"{GD}.step_sizes[1].from: found 2; allowed: less than",
    ),
    (
        "[1]",
        f"[1e1, {GRID.format(1, 100, 2)}]",
        "; allowed: each once, but 1e1 and 10.0 of {",
    ),
    (
        "[1]",
        f"[{GRID.format(1, 10, 2)}, {GRID.format(10, 99, 1)}]",
        "; allowed: each once, but 10.0 of {",
    ),
    ("seeds:", "figures: [heat]\n    seeds:", f"{TINY}.figures[0]: found 'heat'; did you mean he"),
    # a name
    ("tiny:", "ti/ny:", "studies: found the name 'ti/ny'; allowed: a lower-case letter, then"),
    ("tiny:", "Tiny:", "studies: found the name 'Tiny'; allowed: a lower-case letter"),
    ("tiny:", "train:", "studies: found the name 'train'; allowed: names other than those of the"),
    *(
        ("tiny:", f"{rule}:", f"studies: found the name '{rule}'; allowed: names other than those")
        for rule in ("minimise", "theory", "compare")
    ),
    ("tiny:", "1:", "studies: found the name 1; allowed: a lower-case letter"),
    ("sgd:", "s.gd:", f"{TINY}.optimizers: found the name 's.gd'; allowed: a lower-case letter"),
    # a key
    ("seeds:", "seed:", f"{TINY}: found unknown key seed; did you mean seeds? allowed: model, "),
    ("seeds:", "seed:", f"{TINY}.seeds: is missing"),
    ("seeds:", "weight_decay: 1\n    seeds:", f"{TINY}: found unknown key weight_decay; did you "),
    ("seeds:", "epochs: 3\n    seeds:", f"{TINY}: found unknown key epochs; it belongs in an opti"),
    (
        "seeds:",
        "hidden: 3\n    seeds:",
        f"{TINY}: found unknown key hidden; it is an option of neur",
    ),
    (
        "epochs: 2",
        "momentum: 0.5, epochs: 2",
        f"{SGD}: found unknown key momentum; it is an opti",
    ),
    ("studies:", "study:", "top level: found unknown key study; did you mean studies? allowed: st"),
    ("studies:", "study:", "studies: is missing"),
    (
        "epochs: 2",
        "l2: 2, epochs: 2",
        f"{SGD}: found unknown key l2; it belongs in the study; ",
    ),
    ("seeds:", "null: 3\n    seeds:", f"{TINY}: found unknown key None; allowed: model, seeds, "),
    ("seeds:", '"a\\nb": 3\n    seeds:', f"{TINY}: found unknown key 'a\\nb'; allowed: model, "),
    (
        "batch_size: full",
        "batch_size: Full",
        f"{GD}.batch_size: found 'Full'; did you mean full? ",
    ),
    (
        "[0, 1]",
        "!!set {0, 1}",
        f"{TINY}.seeds: found {{0, 1}}; allowed: a list of at least one",
    ),
    (
        "[1e-3, 0.1]",
        "['1_0', 1]",
        f"{SGD}.step_sizes[0]: found '1_0'; allowed: a number > 0",
    ),
    ("tiny:", f"{'x' * 99}:", "; allowed: a lower-case letter, then at most 60 lower-case letters"),
    # what does not fit together
    ("digits", "diabetes", f"{TINY}.model: found sigmoid_softmax; allowed: linear_regression, si"),
    ("size: 1", "size: 1501", f"{SGD}.batch_size: found 1501; allowed: at most the 1500 training"),
    ("epochs: 2", "average_from: 2, epochs: 2", f"{SGD}.average_from: found 2; allowed: an epoch"),
    (
        "batch_size: full",
        "sampling: with_replacement, batch_size: full",
        f"{GD}.sampling: found with_replacement; allowed: shuffled, since a full ba",
    ),
    # how samples are drawn
    (
        "epochs: 2",
        "sampling: replacement, epochs: 2",
        f"{SGD}.sampling: found 'replacement'; did you mean with_replacement? allowed: one of shu",
    ),
    (
        "epochs: 2",
        "sampling: without_replacement, epochs: 2",
        f"{SGD}.sampling: found 'without_replacement'; did you mean shuffled? allowed: one of shu",
    ),
    # a schedule
    (
        "epochs: 2",
        "schedule: 1/t, epochs: 2",
        f"{SGD}.schedule: found '1/t'; did you mean inverse_t",
    ),
    (
        "epochs: 2",
        "schedule: 1/sqrt(t), epochs: 2",
        f"{SGD}.schedule: found '1/sqrt(t)'; did you mean inverse_sqrt? allowed: one of const",
    ),
    (
        "epochs: 2",
        "schedule: cosin, epochs: 2",
        f"{SGD}.schedule: found 'cosin'; did you mean cosi",
    ),
    (
        "epochs: 2",
        "t0: 5, epochs: 2",
        f"{SGD}: found unknown key t0; it is an option of inverse_sqrt, inverse_time; allowed: ",
    ),
    (
        "epochs: 2",
        "schedule: inverse_time, t0: 0, epochs: 2",
        f"{SGD}.t0: found 0; allowed: a finite number > 0",
    ),
    (
        "epochs: 2",
        "schedule: inverse_sqrt, t0: .inf, epochs: 2",
        f"{SGD}.t0: found inf; allowed: a finite number > 0",
    ),
    (
        "epochs: 2",
        "schedule: warmup, share: 1, epochs: 2",
        f"{SGD}.share: found 1; allowed: a number ≥ 0 and < 1",
    ),
    (
        "epochs: 2",
        "schedule: halving, times: 2.5, epochs: 2",
        f"{SGD}.times: found 2.5; allowed: an integer ≥ 1",
    ),
    ("epochs: 2", "update_rule: momentum, momentum: 1, epochs: 2", f"{SGD}.momentum: found 1; al"),
    ("epochs: 3", "epochs: 3000000", f"{TINY}: found iterates of 15.6 GB a study; allowed: 10 GB"),
    (
        "seeds:",
        "engine: triton\n    seeds:",
        f"{TINY}.engine: found triton; this machine has no CUDA device; allowed: auto, numba, num",
    ),
    (
        "sigmoid_softmax",
        "neural_network\n    engine: numba",
        f"{TINY}.engine: found numba; neural_network has no score_gradient; allowed: auto, numpy,",
    ),
    (
        "sigmoid_softmax",
        "neural_network\n    evaluator: numba",
        f"{TINY}.evaluator: found numba; neural_network has no score_gradient; allowed: auto",
    ),
    (
        "seeds:",
        "figures: [heatmap, trajectories]\n    seeds:",
        f"{TINY}.figures: found trajectories; it is for regression; allowed: final_by_step_size, ",
    ),
    (
        "seeds:",
        "figures: [curvature]\n    seeds:",
        f"{TINY}.figures: found curvature; no curvature is measured: curvature_samples is 0; allo",
    ),
    (
        "seeds:",
        "figures: [prediction]\n    seeds:",
        f"{TINY}.figures: found prediction; sigmoid_softmax is not convex; allowed: final_by_step",
    ),
]


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES)
def test_a_mistake_is_a_line_with_its_place_and_what_is_allowed(old, new, says):
    assert old in GOOD
    lines = mistakes(GOOD.replace(old, new))
    assert any(says in line for line in lines), lines
    assert all(line.startswith(("studies", "top level")) for line in lines)
    assert not [line for line in lines if "pydantic" in line or "http" in line]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("weight_decay", "l2"),
        ("lambda", "l2"),
        ("optimizer", "optimizers"),
        ("modle", "model"),
        ("data", "dataset"),
    ],
)
def test_what_a_key_of_a_study_may_have_meant(wrong, meant):
    lines = mistakes(with_study_key(f"{wrong}: 1"))
    assert any(f"found unknown key {wrong}; did you mean {meant}?" in line for line in lines)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("lr", "step_sizes"),
        ("learning_rate", "step_sizes"),
        ("batch", "batch_size"),
        ("optimizer", "update_rule"),
        ("epoch", "epochs"),
        ("epoches", "epochs"),
        ("evaluate_evry", "evaluate_every"),
        ("shuffle", "sampling"),
        ("with_replacement", "sampling"),
    ],
)
def test_what_a_key_of_an_optimizer_may_have_meant(wrong, meant):
    lines = mistakes(with_sgd_key(f"{wrong}: 1"))
    assert any(f"found unknown key {wrong}; did you mean {meant}?" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "studies: is missing"),
        ("", "top level: found None; allowed: a mapping with studies"),
        ("studies: {}", "studies: found {}; allowed: a mapping with at least one entry"),
        ("studies: [1]", "studies: found [1]; allowed: a mapping with at least one entry"),
        ("studies: {a: 1}", "studies.a: found 1; allowed: a mapping with model, seeds"),
        (GOOD[: GOOD.index("sgd")] + "{}", "optimizers: found {}; allowed: a mapping with at leas"),
    ],
)
def test_empty_things(text, says):
    lines = mistakes(text)
    assert any(says in line for line in lines), lines
    assert len(lines) == (6 if "a: 1" in text else 1) or says.startswith("studies.a")


def test_all_mistakes_are_listed_at_once():
    text = GOOD.replace("softmax", "x").replace("epochs: 2", "epochs: 0").replace("[1]", "[0]")
    text = text.replace("tiny:", "Tiny:").replace(" gd:", " GD:").replace("digits", "x")
    assert len(mistakes(text)) == 6
    text = GOOD.replace("epochs: 2", "epochs: 0").replace("size: 1", "size: 9999")
    assert len(mistakes(text.replace("seeds: [0, 1]", "engine: triton"))) == 4


def test_mistakes_that_need_the_whole_study_are_listed_with_the_others():
    text = with_study_key("l2: -1\n    dtype: x\n    figures: [trajectories]")
    lines = mistakes(text.replace("epochs: 3", "epochs: 3000000"))
    says = [".l2: found -1", ".dtype: found 'x'", ".figures: found trajectories"]
    says += [": found iterates of 15.6 GB a study", ": found iterates of 15.6 GB a run"]
    assert len(lines) == 5
    assert all(any(f"{TINY}{start}" in line for line in lines) for start in says)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model: neural_network", "model: neural_netwrk\n    hidden: 9"),
        ("epochs: 2", "update_rule: momentumm, momentum: 0.5, epochs: 2"),
        ("epochs: 2", "schedule: inverse_tiem, t0: 5, epochs: 2"),
    ],
)
def test_an_option_of_a_misspelled_model_or_rule_is_no_second_mistake(old, new):
    assert len(mistakes(NETWORK.replace(old, new))) == 1


def test_more_runs_than_a_command_can_name():
    steps = ", ".join(f"{1 + i / 4096}" for i in range(4000))
    lines = mistakes(GOOD.replace("[1e-3, 0.1]", f"[{steps}]"))
    assert [line for line in lines if line.startswith(f"{TINY}: found 4001 runs, whose names take")]


def test_averages_need_a_name_of_their_own():
    text = with_sgd_key("average_from: 1").replace(
        "gd: {batch_size: f", "sgd_average: {batch_size: f"
    )
    (line,) = mistakes(text)
    assert "found sgd_average; allowed: a name that the averaged iterates of sgd do not" in line


def test_messages_name_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(GOOD)
    with pytest.raises(InputError, match=r"^config\.yaml: studies\.tiny\.dataset: found 'x'"):
        read_studies(yaml.safe_load(GOOD.replace("digits", "x")), ["config.yaml"])


def test_a_key_that_stands_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    twice = GOOD + GOOD[GOOD.index("  tiny:") :]
    Path("config.yaml").write_text(twice)
    with pytest.raises(InputError, match=r"^config\.yaml, line 10: found tiny a second time"):
        read_studies(yaml.safe_load(twice), ["config.yaml"])


def engines(text: str) -> set[str]:
    return {planned.engine for planned in read(text)["tiny"].runs}


@pytest.mark.parametrize(
    ("text", "cuda", "expected"),
    [
        (GOOD, False, {"numba"}),
        (GOOD, True, {"numba"}),
        (with_sgd_key("update_rule: adam"), False, {"numba"}),
        (with_sgd_key("average_from: 1"), False, {"numba"}),
        (NETWORK, False, {"numpy"}),
        (NETWORK, True, {"numpy"}),
        (with_study_key("engine: torch"), False, {"torch"}),
        (with_sgd_key("engine: numpy", with_study_key("engine: numba")), False, {"numpy", "numba"}),
    ],
)
def test_auto_is_the_fastest_engine_that_can_and_a_name_is_taken(machine, text, cuda, expected):
    machine(cuda)
    assert engines(text) == expected
    for planned in read(text)["tiny"].runs:
        uses = cuda and given("engines", planned.engine).USES_GPU
        assert planned.needs["engines"].gpus == int(uses)


# of runs on the training samples of MNIST, with two cores or sixteen, without and with a GPU
LONG = GOOD.replace("digits", "mnist").replace("epochs: 3, ev", "epochs: 3000, ev")
LONG = LONG.replace("evaluate_every: 1,", "evaluate_every: 100,")
CHOICES = {
    LONG: ("numba", "triton", "numba", "triton"),
    LONG.replace("epochs: 3000", "epochs: 600"): ("numba", "triton", "numba", "numba"),
    LONG.replace("epochs: 3000", "epochs: 3"): ("numba", "numba", "numba", "numba"),
    LONG.replace("sigmoid_softmax", "neural_network"): ("numpy", "torch", "numpy", "torch"),
}


@pytest.mark.parametrize(("text", "expected"), CHOICES.items())
def test_auto_weighs_the_start_on_a_gpu_against_the_work_on_the_cores(machine, text, expected):
    chosen = []
    for cores in (2, 16):
        for cuda in (False, True):
            machine(cuda, cores)
            (gd,) = (run for run in read(text)["tiny"].runs if run.optimizer == "gd")
            chosen.append(gd.engine)
    assert tuple(chosen) == expected


def test_a_job_is_said_to_need_more_the_more_it_does():
    def needs(text: str, kind: str):
        (gd,) = (run for run in read(text)["tiny"].runs if run.optimizer == "gd")
        return gd.needs[kind]

    longer = LONG.replace("epochs: 3000", "epochs: 30000")
    assert needs(longer, "engines").minutes > 5 * needs(LONG, "engines").minutes
    assert needs(longer, "evaluators").megabytes > 50 + needs(LONG, "evaluators").megabytes
    measured = with_study_key("curvature_samples: 9", LONG)
    assert needs(measured, "evaluators").minutes > needs(LONG, "evaluators").minutes
    assert needs(GOOD, "engines").minutes < 5


def test_auto_goes_on_where_formulas_do_not_compile_and_says_so(monkeypatch):
    reason = ability.News("numba cannot compile it")
    monkeypatch.setattr(ability, "_verdict", lambda *check: reason)
    study = read(GOOD)["tiny"]
    assert {planned.engine for planned in study.runs} == {"numpy"}
    assert f"{SGD}: engine numpy; {reason}" in study.notes
    (line,) = mistakes(with_study_key("engine: numba"))
    assert line == f"{TINY}.engine: found numba; {reason}; allowed: auto, numpy, torch"


def test_a_gpu_without_a_c_compiler_leaves_descent_to_torch_and_it_is_said(
    machine, monkeypatch, tmp_path
):
    machine(True)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    study = read(LONG)["tiny"]
    assert [planned.engine for planned in study.runs] == ["numba", "numba", "torch"]
    (note,) = study.notes
    assert "gd: engine torch; Triton needs a C compiler" in note


def said_of(text: str) -> list[str]:
    jobs = [SimpleNamespace(wildcards={"study": name}) for name in yaml.safe_load(text)["studies"]]
    return plan.notes(jobs, read(text)).splitlines()[1:]


def test_a_gpu_that_cannot_be_used_is_named_once_before_jobs_run(monkeypatch):
    text = GOOD + GOOD.removeprefix("\nstudies:\n").replace("tiny", "other")
    assert said_of(text) == []
    monkeypatch.setattr(config, "unusable", lambda: "its driver is old")
    assert said_of(text) == ["No GPU is used: its driver is old."]
    assert said_of("gpu: true" + text) == []


def test_the_file_says_whether_jobs_have_a_gpu_where_they_go(machine, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no C compiler here
    for cuda, gpu, engine in [
        (False, "", "numba"),
        (False, "gpu: true", "triton"),
        (True, "gpu: true", "triton"),
        (True, "gpu: false", "numba"),
        (True, "gpu: 'false'", "numba"),  # as --config gpu=false gives it
    ]:
        machine(cuda, 100)
        gd = read(gpu + LONG)["tiny"].runs[-1]
        assert (gd.engine, gd.needs["engines"].gpus) == (engine, int(engine == "triton"))
    assert mistakes("gpu: maybe" + GOOD) == ["gpu: found 'maybe'; allowed: true or false"]
    named = with_study_key("engine: triton")
    (line,) = mistakes("gpu: false" + named)
    assert line == f"{TINY}.engine: found triton; gpu is false; allowed: auto, numba, numpy, torch"
    planned = read("gpu: true" + named)["tiny"].runs
    assert all(of_run.needs["engines"].gpus for of_run in planned)
    can = [ability.able("engines", [gd.run], mnist.SIZE, gpu) for gpu in (True, False)]
    assert [("triton" in names) for names in can] == [True, False]


def test_a_failed_download_is_not_blamed_on_a_table_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = Path("download.log")
    log.write_text("error: no network\n")
    Path("mnist.csv").write_text("a,y\n" + "1,u\n2,v\n" * 5)
    table = GOOD.replace("digits", "{file: mnist.csv, target: y}").replace("tiny", "own")
    studies = read(GOOD.replace("digits", "mnist") + table.removeprefix("\nstudies:\n"))
    jobs = [SimpleNamespace(wildcards={"dataset": "mnist"}, log=[log])]
    jobs += [SimpleNamespace(wildcards={"study": name}, log=[]) for name in studies]
    line = "Study tiny could not be made: no network (see download.log)"
    assert explain(jobs, studies.values()) == line


def test_what_no_engine_can_do(monkeypatch):
    monkeypatch.setattr(auto, "why_not", lambda kind, name, *_: f"{name} cannot")
    lines = mistakes(GOOD)
    says = "numba cannot; numpy cannot; torch cannot; allowed: a model that an engine can do"
    assert f"{TINY}.model: found sigmoid_softmax; {says}" in lines


def test_an_engine_that_no_optimizer_takes_is_no_mistake():
    text = with_study_key("engine: numba", NETWORK)
    assert engines(text.replace("epochs:", "engine: numpy, epochs:")) == {"numpy"}


def test_evaluation_is_compiled_where_that_is_worth_it(machine):
    large = GOOD.replace("digits", "mnist")
    larger = large.replace("epochs: 2", "epochs: 20")
    for text, cuda, expected in [
        (GOOD, False, "numpy"),
        (GOOD, True, "numpy"),
        (large, False, "numba"),
        (large, True, "numba"),
        (larger, True, "torch"),
        (larger, False, "numba"),
        (with_study_key("evaluator: torch"), False, "torch"),
        (with_sgd_key("evaluator: numba", with_study_key("evaluator: torch")), False, "numba"),
    ]:
        machine(cuda)
        planned = read(text)["tiny"].runs[0]
        assert planned.evaluator == expected
        assert planned.needs["evaluators"].gpus == int(expected == "torch" and cuda)


def test_auto_leaves_what_takes_long_to_compile_to_others_and_says_so(machine, monkeypatch):
    text = with_sgd_key("update_rule: adam").replace("digits", "mnist")
    named = with_study_key("engine: numba\n    evaluator: numba", text)
    for classes, cuda, engine, evaluator in [
        (150, False, "numba", "numba"),
        (151, False, "numba", "numpy"),
        (1000, False, "numba", "numpy"),
        (1001, False, "numpy", "numpy"),
        (1001, True, "numpy", "torch"),
    ]:
        machine(cuda)
        size = replace(mnist.SIZE, outputs=classes)
        with monkeypatch.context() as patch:
            patch.setattr(mnist, "SIZE", size)
            study, (planned, *_) = read(text)["tiny"], read(named)["tiny"].runs
        assert (planned.engine, planned.evaluator) == ("numba", "numba")
        planned, *_ = study.runs
        assert (planned.engine, planned.evaluator) == (engine, evaluator)
        notes = [note for note in study.notes if note.startswith(f"{SGD}: ")]
        assert len(notes) == (engine != "numba") + (evaluator == "numpy")
        assert all(f"{classes} classes" in note for note in notes)
    network = replace(planned.run, model="neural_network")
    _, reasons = auto.fastest("engines", network, size)
    assert not any(isinstance(reason, ability.News) for reason in reasons)


def parsed(planned):
    """The run and engine that train.py reads from what the pipeline passes."""
    parser = ArgumentParser()
    parser.add_argument("--engine")
    words = shlex.split(" ".join(planned.options()))
    arguments, run = parse_run(parser, words)
    return run, arguments.engine


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        with_study_key("l2: 0.5\n    initial: zeros\n    dtype: float64\n    engine: torch"),
        with_study_key("hidden: 7", NETWORK).replace(
            "epochs: 2",
            "epochs: 2, average_from: 1, schedule: inverse_sqrt, t0: 7, update_rule: adam",
        ),
        with_sgd_key("schedule: halving, times: 5, update_rule: momentum, momentum: 0.5"),
        with_sgd_key("sampling: with_replacement"),
        GOOD.replace("[0, 1]", "3").replace("[1]", GRID.format(1, 9, 3)),
        with_study_key("bias: false", REGRESSION).replace("size: 1,", "size: 32,"),
    ],
)
def test_every_value_travels_from_config_to_the_run_that_is_trained(text):
    for planned in read(text)["tiny"].runs:
        assert parsed(planned) == (planned.run, planned.engine)


def test_no_option_may_have_the_name_of_a_key():
    keys = {name for level in (Study, Optimizer) for name in level.__dataclass_fields__}
    assert keys <= TAKEN | Run.__dataclass_fields__.keys()


def test_options_have_the_defaults_of_the_signatures():
    chosen = "update_rule: adam, beta1: 0.5, schedule: inverse_time"
    sgd = read(with_sgd_key(chosen, NETWORK))["tiny"].runs[0].run
    assert sgd.schedule_options == {"t0": 1.0}
    assert sgd.model_options == {"hidden": 128}
    assert sgd.update_options == {"beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}


def test_the_shipped_config_is_right():
    studies = read_studies(yaml.safe_load((ROOT / "config.yaml").read_text()), [])
    for study in studies.values():
        chance = any(p.run.initial != "zeros" or p.run.batch_size != "full" for p in study.runs)
        assert len(study.seeds) >= (3 if chance else 1)


def test_no_study_takes_the_name_of_a_rule():
    lines = (ROOT / "Snakefile").read_text().splitlines()
    assert set(TARGETS) == {line[5:-1] for line in lines if line.startswith("rule ")}


PLANE = with_study_key("bias: false", REGRESSION.replace("diabetes", "bowl"))
CONVEX = with_study_key("l2: 0.1", GOOD.replace("sigmoid_softmax", "softmax_regression"))
THEORY = {"prediction", "floor", "optimum_distance"}
ACCURACY = {"accuracy_by_epoch", "accuracy_by_step", "heatmap", "weights"}


@pytest.mark.parametrize(
    ("text", "further"),
    [
        (GOOD, ACCURACY),
        (REGRESSION, THEORY),
        (PLANE.replace("every: 500", "every: 1"), {*THEORY, "trajectories"}),
        (CONVEX, ACCURACY | THEORY),
        (CONVEX.replace("batch_size: 1,", "batch_size: full,"), ACCURACY | THEORY - {"floor"}),
        (with_study_key("curvature_samples: 9"), ACCURACY | {"curvature"}),
        (GOOD.replace("epochs: 3", "update_rule: adam, epochs: 3"), ACCURACY | {"sensitivity"}),
    ],
)
def test_figures_are_those_that_have_something_to_show(text, further):
    figures = ACCURACY | THEORY | {"trajectories", "sensitivity", "curvature"}
    fit = set(read(text)["tiny"].figures)
    assert fit & figures == further
    assert fit >= {"distance", "final_by_step_size"}
    named = read(with_study_key("figures: [distance]", text))["tiny"].figures
    assert named == ("distance",)


def test_evaluation_measures_what_the_study_asks_for():
    plain = read(GOOD)["tiny"]
    assert (plain.minimiser(), plain.evaluation_options(), plain.evaluation_modules()) == (
        [],
        [],
        [],
    )
    measured = read(with_study_key("curvature_samples: 9", CONVEX))["tiny"]
    file = "results/tiny/theory.npz"
    assert measured.minimiser() == [file]
    assert measured.evaluation_options() == [f"--minimiser {file}", "--curvature-samples 9"]
    assert measured.evaluation_modules() == ["descent.theory.path"]


def test_the_runs_that_theory_is_told_of_are_those_of_the_study():
    study = read(with_sgd_key("average_from: 1, update_rule: adam", CONVEX))["tiny"]
    (words,) = shlex.split(study.runs_by_optimizer())
    assert _runs(words) == [(planned.optimizer, planned.run) for planned in study.runs]
    many = read(CONVEX.replace("[0, 1]", "10000"))["tiny"].runs_by_optimizer()
    assert len(many) < MAX_COMMAND // 2  # seeds stand there once
    (words,) = shlex.split(study.objective())
    of_objective = {"model": "softmax_regression", "model_options": {}, "l2": 0.1, "validation": 0}
    assert json.loads(words) == of_objective


def test_the_study_in_the_readme_can_be_copied():
    readme = (ROOT / "README.md").read_text()
    block = readme[readme.index("    studies:\n") :]
    study = read(block[: block.index("\n\n")])["my_study"]
    assert [planned.run.label for planned in study.runs] == ["0.001", "0.01", "0.1", "0.1"]
