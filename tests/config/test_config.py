"""The keys of config.yaml: how they are read, and the line for each mistake."""

import math
import re
from pathlib import Path

import pytest
import yaml

from descent.config import checks
from descent.config.checks import check_yaml, read_studies
from descent.config.schema import Grid
from descent.datasets import _table
from descent.errors import InputError
from descent.run import Sweep
from descent.store.files import checksum

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
CONVEX = GOOD.replace("sigmoid_softmax", "softmax_regression\n    l2: 0.1")
PLANE = GOOD.replace("digits", "bowl")
PLANE = PLANE.replace("sigmoid_softmax", "linear_regression\n    bias: false")
PLANE = PLANE.replace("every: 500", "every: 1").replace("size: 1,", "size: full,")


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(checks, "GPU_NODES", ())


def read(text: str):
    return read_studies(yaml.safe_load(text), [])


def with_study(keys: str, text: str = GOOD) -> str:
    config = yaml.safe_load(text)
    config["studies"]["tiny"] |= yaml.safe_load(keys)
    return yaml.safe_dump(config, sort_keys=False)


def with_sgd(keys: str, text: str = GOOD) -> str:
    config = yaml.safe_load(text)
    config["studies"]["tiny"]["optimizers"]["sgd"] |= yaml.safe_load(f"{{{keys}}}")
    return yaml.safe_dump(config, sort_keys=False)


def mistakes(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text)
    return [line.removeprefix("config: ") for line in str(error.value).splitlines()]


# a key of the study; its place and a part of the message
OF_STUDY = [
    ("dataset: mnits", "dataset: found 'mnits'; did you mean mnist? allowed: bowl, diabetes, "),
    ("dataset: {file: t.csv, target: y}", "dataset: t.csv: cannot be read (No such file"),
    ("dataset: {file: t, target: y, test: 2}", "dataset.test: found 2; allowed: less than 1"),
    ("dataset: {file: 'http://a', target: y}", "dataset.file: found 'http://a'; allowed: a path"),
    ("dataset: {file: t, target: y, seeds: 1}", "dataset.seeds: unknown key; it is a key of a st"),
    ("dataset: diabetes", "model: found sigmoid_softmax; allowed: linear_regression, since the da"),
    ("engine: fast", "engine: found 'fast'; allowed: auto, numba, numpy, torch"),
    ("l2: -1", "l2: found -1; allowed: greater than or equal to 0"),
    ("validation: 1500", "validation: found 1500; allowed: fewer than the 1500 training samples"),
    ("seeds: [0, 0]", "seeds: found [0, 0]; allowed: distinct values, but 0 is repeated"),
    (f"seeds: [{2**64}]", f"seeds.0: found {2**64}; allowed: less than"),
    ("seeds: 10001", "seeds: found 10001; allowed: at most 10000 items"),
    ("figures: [loss, trajectories]", "figures: found trajectories; it needs a regression with "),
    ("figures: [curvature]", "figures: found curvature; the study has no curvature_sam"),
    ("epochs: 3", "epochs: unknown key; it is a key of an optimizer"),
    ("hidden: 3", "hidden: unknown key; it is an option of neural_network"),
    ("zzz: 3", "zzz: unknown key; allowed: dataset, model, seeds, optimizers, l2"),
    ('"a\\nb": 3', r"a\nb: unknown key"),
]
# keys of its optimizer sgd; the same
OF_SGD = [
    ("batch_size: 0", "batch_size: found 0; allowed: greater than or equal to 1, or full"),
    ("batch_size: 1501", "batch_size: found 1501; allowed: at most the 1500 training samples, or"),
    ("epochs: 2.5", "epochs: found 2.5; allowed: integer"),
    ("step_sizes: [1, 0]", "step_sizes.1: found 0; allowed: greater than 0"),
    ("step_sizes: [1, .inf]", "step_sizes.1: found inf; allowed: a finite number"),
    ("step_sizes: [small]", "step_sizes.0: found 'small'; allowed: number"),
    ("step_sizes: 0.1", "step_sizes: found 0.1; allowed: a list"),
    ("step_sizes: [1e-3, 0.001]", "step_sizes: found ['1e-3', 0.001]; allowed: distinct values, b"),
    ("step_sizes: [3, {from: 1, to: 1, per_decade: 4}]", "step_sizes.1: from less than to (1)"),
    ("step_sizes: {from: 1, to: 10}", "step_sizes.0.per_decade: is missing"),
    ("step_sizes: [1e1, {from: 1, to: 99, per_decade: 2}]", "step_sizes: but 10.0 is repeated"),
    ("average_from: 2", "average_from: found 2; allowed: less than epochs (2)"),
    ("sampling: with_replacement, batch_size: full", "sampling: found with_replacement; allowed: "),
    ("schedule: inverse_tiem, t0: 5", "schedule: found 'inverse_tiem'; did you mean inverse_time?"),
    ("schedule: 1/t", "schedule: found '1/t'; did you mean inverse_time? allowed: constant"),
    ("schedule: warmup, share: 1", "share: found 1; allowed: less than 1"),
    ("momentum: 0.5", "momentum: unknown key; it is an option of momentum, nesterov"),
    ("lr: 1", "lr: unknown key; did you mean step_sizes?"),
]
# a text of the good configuration and its replacement; the same
OF_FILE = [
    ("studies:", "gpu: maybe\nstudies:", "gpu: found 'maybe'; allowed: "),
    ("studies:", "study: 1\nstudies:", "study: unknown key; did you mean studies? allowed: studi"),
    (GOOD, "{}", "studies: is missing"),
    (GOOD, "studies: {}", "studies: found {}; allowed: at least 1 item"),
    (GOOD, "studies: {a: 1}", "studies.a: found 1; allowed: "),
    ("tiny:", "ti/ny:", "studies.ti/ny: found 'ti/ny'; allowed: a lower-case letter, then lower-"),
    ("tiny:", "1:", "studies.1: found 1; allowed: string"),
    ("tiny:", "train:", "studies.train: found the name of a rule; allowed: another name"),
    ("sgd:", "s.gd:", "studies.tiny.optimizers.s.gd: found 's.gd'; allowed: a lower-case letter"),
]
MISTAKES = [
    *((with_study(keys), f"studies.tiny.{says}") for keys, says in OF_STUDY),
    *((with_sgd(keys), f"studies.tiny.optimizers.sgd.{says}") for keys, says in OF_SGD),
    *((GOOD.replace(old, new), says) for old, new, says in OF_FILE),
    (
        with_sgd("average_from: 1").replace(" gd:", " sgd_average:"),
        "studies.tiny.optimizers.sgd_average: found the name of the averages of sgd",
    ),
]


@pytest.mark.parametrize(("text", "says"), MISTAKES, ids=[says for _, says in MISTAKES])
def test_a_mistake_is_a_line_with_its_place_and_what_is_allowed(text, says):
    place, _, part = says.partition(": ")
    (line,) = mistakes(text)
    assert line.startswith(f"{place}: ")
    assert part in line


LISTED = "step_sizes: [0, {from: 0, to: x, per_decade: 3}, 1, {from: 1, to: 2, per_decade: y}]"
OF_LIST = ("step_sizes.0", "step_sizes.1.from", "step_sizes.1.to", "step_sizes.3.per_decade")


def test_all_wrong_values_are_reported_together_and_then_all_contradictions():
    text = with_study("{l2: -1, dtype: x, curvature_sample: 1}", with_sgd(LISTED))
    places = [line.partition(": ")[0].removeprefix("studies.tiny.") for line in mistakes(text)]
    of_sgd = [f"optimizers.sgd.{place}" for place in OF_LIST]
    assert places == [*of_sgd, "l2", "dtype", "curvature_sample"]
    text = with_study("engine: numba", NETWORK).replace("tiny", "all")
    places = [line.partition(": ")[0].removeprefix("studies.all") for line in mistakes(text)]
    assert places == ["", ".optimizers.sgd.engine", ".optimizers.gd.engine"]


def test_iterates_larger_than_the_disk_or_the_memory_of_a_job_are_refused():
    lines = mistakes(GOOD.replace("epochs: 3", "epochs: 3000000"))
    assert [line.partition("; evaluate")[0] for line in lines] == [
        "studies.tiny: found a study with 15.6 GB of iterates; allowed: 10 GB",
        "studies.tiny: found a run with 15.6 GB of iterates; allowed: 2 GB",
    ]


def test_a_study_whose_runs_do_not_fit_into_a_command_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "MAX_COMMAND", 500)
    (line,) = mistakes(GOOD)
    assert line.startswith("studies.tiny: found 3 runs, whose keys take 1 kB; allowed: 0 kB")


@pytest.mark.parametrize("key", ["engine", "evaluator"])
def test_an_engine_that_does_not_support_a_model_is_refused(key):
    text = with_study(f"{key}: numba", NETWORK)
    for name, line in zip(("sgd", "gd"), mistakes(text), strict=True):
        place = f"studies.tiny.optimizers.{name}.{key}"
        assert line.startswith(f"{place}: found numba; neural_network has no ")
        assert line.endswith("; allowed: auto, numpy, torch")
    assert len(mistakes(with_sgd(f"{key}: numpy", text))) == 1


def test_a_table_with_mistakes_has_a_line_for_each_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("a,b,y\n" + "1,2,u\n" * 9 + "x,2,v\n1,,v\n")
    lines = mistakes(with_study("dataset: {file: t.csv, target: y}"))
    assert lines == [
        "studies.tiny.dataset: t.csv, row 10, column a: found 'x'; allowed: a finite number",
        "studies.tiny.dataset: t.csv, row 11, column b: found ''; allowed: a finite number",
    ]


def test_a_table_is_read_again_if_it_or_a_key_of_it_has_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size, reads = _table.size, []
    monkeypatch.setattr(_table, "size", lambda *of: reads.append(of) or size(*of))
    table = Path("t.csv")

    def times_read(keys: str = "") -> int:
        reads.clear()
        (planned,) = read(with_study(f"dataset: {{file: t.csv, target: y{keys}}}")).values()
        assert planned.table_digest == checksum(table)
        return len(reads)

    table.write_text("a,y\n" + "1,u\n2,v\n" * 9)
    assert [times_read(), times_read(), times_read(", test: 0.3")] == [1, 0, 1]
    table.write_text("a,y\n" + "1,u\n3,v\n" * 9)
    assert [times_read(), times_read()] == [1, 0]


@pytest.mark.parametrize(
    ("labels", "keys", "says"),
    [
        ("u v", "model: linear_regression", "or task: regression in dataset"),
        ("0.0 1.0", "model: softmax_regression", "or task: classification in dataset"),
        ("1 2", "validation: 64", "validation: found 64; allowed: fewer than the 64 training"),
        ("1 2", "validation: 63", "only among the 63 samples held out; allowed: fewer"),
    ],
)
def test_keys_that_do_not_fit_a_table(tmp_path, monkeypatch, labels, keys, says):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"1,{label}\n" for label in labels.split() * 40)
    Path("t.csv").write_text(f"a,y\n{rows}")
    (line,) = mistakes(with_study(f"{{dataset: {{file: t.csv, target: y}}, {keys}}}"))
    assert says in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ": found no mapping; allowed: a mapping with the key studies"),
        (b"a: 1\nb: \xfcber\n", ": is not text in UTF-8"),
        (b"a: 1\nb: [c: d: e]\n", ", line 2: is not YAML ("),
        (b"a: 1\nb: !!python/tuple [1]\n", ", line 2: is not YAML ("),
        (b"a: 1\nb: 2020-13-45\n", ": is not YAML (month must be in 1..12"),
        (b"[" * 10**3, ": is not YAML ("),
        (b"a: &a {b: 1, b: 2}\n", ", line 1: is not YAML (the key b occurs twice"),
        (b"a: 1\nc: 3\na: 1\n", ", line 3: is not YAML (the key a occurs twice"),
    ],
)
def test_a_file_that_is_no_yaml_is_one_line(tmp_path, monkeypatch, content, says):
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_bytes(content)
    with pytest.raises(InputError) as error:
        read_studies({}, [tmp_path / "config.yaml"])
    message = str(error.value)
    assert message.startswith(f"config.yaml{says}")
    assert "\n" not in message


def test_unusual_yaml_is_read_and_messages_name_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    merged = GOOD.replace(" sgd: {", " sgd: &sgd {").replace(" gd: {", " gd: {<<: *sgd, ")
    Path("config.yaml").write_text("\ufeff" + merged, encoding="utf-8")
    check_yaml("config.yaml")
    with pytest.raises(InputError, match=r"^config\.yaml: studies: is missing$"):
        read_studies({}, ["config.yaml"])
    with pytest.raises(InputError, match=r"^none\.yaml: cannot be read \(No such file"):
        check_yaml("none.yaml")


def test_every_optimizer_and_step_size_has_a_run_with_all_its_keys():
    sgd = "update_rule: adam, beta1: 0.5, schedule: inverse_sqrt, t0: 7, average_from: 1"
    study = read(with_study("{hidden: 7, l2: 0.5, seeds: 3}", with_sgd(sgd, NETWORK)))["tiny"]
    assert list(study.runs) == [("sgd", "0.001"), ("sgd", "0.1"), ("gd", "1.0")]
    first, _, last = (planned.run for planned in study.runs.values())
    assert (first.seeds, first.l2, first.step_size) == ((0, 1, 2), 0.5, 0.001)
    assert first.update_options == {"beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}
    assert (first.schedule_options, first.model_options) == ({"t0": 7.0}, {"hidden": 7})
    assert (last.batch_size, last.epochs, last.average_from) == ("full", 3, None)
    of_sweep = [(name, planned.run) for (name, _), planned in study.runs.items()]
    assert Sweep.from_json(study.sweep).runs() == of_sweep


@pytest.mark.parametrize(
    ("grid", "labels"),
    [
        ("{from: 0.01, to: 1, per_decade: 2}", "0.01 0.0316 0.1 0.316 1.0"),
        ("[50, {from: 1, to: 10, per_decade: 4}, 2]", "50.0 1.0 1.78 3.16 5.62 10.0 2.0"),
        ("{from: 1.2345, to: 123.45, per_decade: 1}", "1.2345 12.3 123.45"),  # ends as they are
    ],
)
def test_a_grid_is_replaced_by_its_step_sizes(grid, labels):
    runs = read(with_sgd(f"step_sizes: {grid}"))["tiny"].runs
    assert [label for name, label in runs if name == "sgd"] == labels.split()


@pytest.mark.parametrize("per_decade", [1, 7, 100])
@pytest.mark.parametrize(("first", "last"), [(0.001, 100), (1.2345, 678.9), (1e-100, 1e-95)])
def test_a_grid_is_its_formula_and_a_finer_one_keeps_its_values(first, last, per_decade):
    values = Grid(**{"from": first, "to": last, "per_decade": per_decade}).values()
    formula = [first * 10 ** (k / per_decade) for k in range(1, len(values) - 1)]
    assert values == [first, *(float(f"{x:.3g}") for x in formula), last]
    steps = math.log10(last / first) * per_decade
    assert len(values) == math.ceil(steps - 1e-6) + 1
    finer = Grid(**{"from": first, "to": last, "per_decade": 2 * per_decade}).values()
    assert set(values) <= set(finer)


@pytest.mark.parametrize(
    ("text", "engine", "evaluator"),
    [
        (GOOD, "numba", "numpy"),  # by auto, see test_requirements.py
        (with_study("{engine: torch, evaluator: torch}"), "torch", "torch"),
        (with_sgd("engine: numpy", with_study("engine: torch")), "numpy", "numpy"),
    ],
)
def test_an_engine_of_the_optimizer_comes_before_that_of_the_study(text, engine, evaluator):
    planned = read(text)["tiny"].runs["sgd", "0.1"]
    assert (planned.engine, planned.evaluator) == (engine, evaluator)


@pytest.mark.parametrize(
    ("gpu", "there", "asked"),
    [("", [], 0), ("", ["/dev/null"], 1), ("gpu: false", ["/dev/null"], 0), ("gpu: true", [], 1)],
)
def test_jobs_request_a_gpu_if_torch_computes_and_there_is_one(monkeypatch, gpu, there, asked):
    monkeypatch.setattr(checks, "GPU_NODES", there)
    run = read(f"{gpu}\n{with_study('engine: torch')}")["tiny"].runs["gd", "1.0"]
    assert (run.training_gpus, run.evaluation_gpus) == (asked, 0)
    large = with_study("seeds: 5", NETWORK.replace("digits", "mnist"))
    run = read(f"{gpu}\n{large}")["tiny"].runs["gd", "1.0"]
    assert run.engine == ("torch" if asked else "numpy")


@pytest.mark.parametrize(
    ("text", "has", "has_not", "panels"),
    [
        (GOOD, {"accuracy", "weights"}, {"floor", "trajectories"}, ("weights",)),
        (CONVEX, {"accuracy", "weights", "floor"}, {"trajectories"}, ("weights",)),
        (PLANE, {"trajectories"}, {"accuracy", "weights", "floor"}, ("path",)),
    ],
)
def test_figures_and_panels_are_those_that_fit_the_study(text, has, has_not, panels):
    study = read(text)["tiny"]
    assert set(study.figures) >= has
    assert not set(study.figures) & has_not
    assert study.panels == panels
    assert study.has_minimiser == (text in (CONVEX, PLANE))
    assert read(with_study("figures: [distance]", text))["tiny"].figures == ("distance",)


def test_the_shipped_studies_and_the_one_in_the_readme_are_valid():
    assert len(read((ROOT / "config.yaml").read_text())) > 1
    readme = (ROOT / "README.md").read_text()
    block = readme[readme.index("    studies:\n") :]
    assert len(read(block[: block.index("\n\n")])["my_study"].runs) == 4


def test_no_study_takes_the_name_of_a_rule():
    named = re.findall(r"^rule (\w+):", (ROOT / "Snakefile").read_text(), re.MULTILINE)
    assert set(named) == set(checks.RULES)
