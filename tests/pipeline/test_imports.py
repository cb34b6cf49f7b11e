"""The derived module lists against what Python really imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from descent.ability import given
from descent.plugins import available, plugin
from pipeline.config import read_studies
from pipeline.imports import modules

ROOT = Path(__file__).parents[2]

DOWNLOAD = "download.py --dataset {dataset} --raw raw --data {d}.npz"
TRAIN = (
    "train.py --data {d}.npz --step-size 0.1 --batch-size full --epochs 2 --evaluate-every 1"
    " --seeds 0 --iterates o_{d}/0.1.npz --model {model} --engine {engine} {options}"
)
MINIMISE = "minimise.py --data {d}.npz --objective {objective} --minimiser {d}_theory.npz"
THEORY = (
    "theory.py --data {d}.npz --runs {runs} --numbers {d}_theory.json --expected {d}_expected.csv"
)
EVALUATE = (
    "evaluate.py --iterates o_{d}/0.1.npz --data {d}.npz --study s --optimizer o_{d}"
    " --trace o_{d}/0.1.csv --record o_{d}/0.1.json --evaluator {evaluator}"
)
AGGREGATE = (
    "aggregate.py --run-traces o_{d}/0.1.csv --seeds 0 --traces {d}_traces.csv"
    " --summary {d}_summary.csv --record {d}_tables.json"
)
COMPARE = (
    "compare.py --traces {d}_traces.csv --summary {d}_summary.csv --tables {d}_tables.json"
    " --theory {d}_theory.json --expected {d}_expected.csv --predictions p.csv --record p.json"
)
DESCRIBE = (
    f"describe.py --summary {{d}}_summary.csv --tables {{d}}_tables.json --headline h.txt"
    f" --page p.html --record h.json --template {ROOT}/report/summary.html"
)
PLOT = (
    "plot.py --traces {d}_traces.csv --summary {d}_summary.csv --png f.png --pdf f.pdf"
    " --figure {figure} --iterates o_{d}/0.1.npz --data {d}.npz --tables {d}_tables.json"
    " --theory {d}_theory.json --expected {d}_expected.csv"
    " --record f.json"
)
EXPLORE = (
    "explore.py --traces {d}_traces.csv --summary {d}_summary.csv --tables {d}_tables.json"
    " --records o_{d}/0.1.json --theory {d}_theory.json --expected {d}_expected.csv"
    f" --template {ROOT}/report/explorer/explorer.html --page x.html --record x.json"
)
INDEX = f"index.py --studies {{}} --template {ROOT}/report/index.html --page i.html"
MANIFEST = "manifest.py --records digits_tables.json --manifest SHA256SUMS"
VERIFY = "verify.py SHA256SUMS"
# every file is called after its dataset
DIGITS = {"d": "digits", "dataset": "digits", "model": "sigmoid_softmax", "options": ""}
BOWL = {"d": "bowl", "dataset": "bowl", "model": "linear_regression", "options": "--bias false"}


def train(engine, model="sigmoid_softmax", **options):
    regression = plugin("models", model).TASK == "regression"
    names = {**(BOWL if regression else DIGITS), "model": model}
    if schedule := options.get("schedule"):
        names["options"] = f"--schedule {schedule}"
    chosen = [f"models.{model}", "update_rules.plain", f"engines.{engine}"]
    chosen += [f"schedules.{schedule or 'constant'}"]
    return TRAIN.format(**names, engine=engine), chosen


def theory(names):
    """Of the run that is trained, but that a batch is as large as the bowl, for its noise."""
    run = {"optimizer": f"o_{names['d']}", "step_sizes": [0.1]}
    run |= {"batch_size": 4, "epochs": 2, "evaluate_every": 1}
    runs = {"model": names["model"], "seeds": [0], "optimizers": [run]}
    runs |= {"model_options": {"bias": False}} if names is BOWL else {}
    runs = json.dumps(runs, separators=(",", ":"))
    found = " --minimiser bowl_theory.npz" if names is BOWL else ""
    return THEORY.format(**names, runs=runs) + found, [f"models.{names['model']}"]


def minimise():
    objective = {"model": "linear_regression", "model_options": {"bias": False}}
    objective = json.dumps(objective | {"l2": 0, "validation": 0}, separators=(",", ":"))
    return MINIMISE.format(**BOWL, objective=objective), ["models.linear_regression"]


def plot(figure):
    about = given("figures", figure)
    names = BOWL if {"minimiser", "plane"} & set(about.NEEDS) else DIGITS
    chosen = [f"figures.{figure}"]
    chosen += [f"models.{names['model']}"] if about.READS_ITERATES else []
    chosen += [f"datasets.{names['dataset']}"] if "images" in about.NEEDS else []
    return PLOT.format(**names, figure=figure), chosen


def explore(names, *pictures):
    """With what its pictures read of the iterates and the data."""
    chosen = [f"pictures.{picture}" for picture in pictures]
    needs = {need for picture in pictures for need in given("pictures", picture).NEEDS}
    chosen += [f"models.{names['model']}"] if "minimiser" in needs else []
    chosen += [f"datasets.{names['dataset']}"] if "images" in needs else []
    shown = f" --data {{d}}.npz --pictures {' '.join(pictures)}" if pictures else ""
    return (EXPLORE + shown).format(**names), chosen


# commands, each with the modules of descent that it chooses by name; each of the digits and of the
# bowl comes after those whose files it reads
COMMANDS = dict(
    [
        *((DOWNLOAD.format(**names), [f"datasets.{names['dataset']}"]) for names in (DIGITS, BOWL)),
        *(train("numpy", model) for model in available("models")),
        *(train(engine) for engine in available("engines") if engine != "numpy"),
        *(train("numpy", schedule=name) for name in available("schedules") if name != "constant"),
        minimise(),
        *(theory(names) for names in (DIGITS, BOWL)),
        (
            f"{EVALUATE.format(**BOWL, evaluator='numpy')} --minimiser bowl_theory.npz",
            ["models.linear_regression", "evaluators.numpy"],
        ),
        *(
            (
                EVALUATE.format(**DIGITS, evaluator=evaluator),
                ["models.sigmoid_softmax", f"evaluators.{evaluator}"],
            )
            for evaluator in available("evaluators")
        ),
        (
            f"{EVALUATE.format(**DIGITS, evaluator='numpy')} --curvature-samples 9",
            ["models.sigmoid_softmax", "evaluators.numpy", "theory.path"],
        ),
        *((AGGREGATE.format(**names), []) for names in (DIGITS, BOWL)),
        *((COMPARE.format(**names), []) for names in (DIGITS, BOWL)),
        *((DESCRIBE.format(**names), []) for names in (DIGITS, BOWL)),
        *(plot(figure) for figure in available("figures")),
        explore(DIGITS),
        *(
            explore(BOWL if "plane" in given("pictures", picture).NEEDS else DIGITS, picture)
            for picture in available("pictures")
        ),
        (INDEX, []),
        (MANIFEST, []),
        (VERIFY, []),
    ]
)

# runs the commands one after the other, and prints which files below scripts/ each has imported;
# our own modules are forgotten in between, torch and others stay
RUN = """
import contextlib, json, runpy, sys
scripts = sys.argv[1]
sys.path[0] = scripts
ours = ("descent", "pipeline")
imported = {}
for command in json.load(sys.stdin):
    for name in [n for n in sys.modules if n.split(".")[0] in ours]:
        del sys.modules[name]
    sys.argv = command.split()
    with contextlib.redirect_stdout(sys.stderr):
        runpy.run_path(f"{scripts}/{sys.argv[0]}", run_name="__main__")
    files = [getattr(sys.modules[n], "__file__", None) for n in sys.modules]
    imported[command] = sorted({f for f in files if f and f.startswith(scripts)})
print(json.dumps(imported))
"""


def test_the_plan_names_what_its_pictures_import():
    config = ROOT / "config.yaml"
    for study in read_studies(yaml.safe_load(config.read_text()), [config]).values():
        names = {"d": study.name, "dataset": study.dataset, "model": study.model}
        _, chosen = explore(names, *study.pictures)
        assert study.explorer_modules() == [f"descent.{module}" for module in chosen], study.name


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> dict[str, list[str]]:
    """The files that each command has imported."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, ROOT / "scripts"],
        input=json.dumps(list(COMMANDS)),
        check=True,
        cwd=tmp_path_factory.mktemp("folder"),
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_derived_lists_are_what_python_imports(imported):
    for command, chosen in COMMANDS.items():
        derived = modules(command.split()[0], *(f"descent.{module}" for module in chosen))
        files = [str(file.relative_to(ROOT)) for file in map(Path, imported[command])]
        # a script stands there as __mp_main__ where multiprocessing has been imported
        assert [file for file in files if file.count("/") > 1] == derived, command


def test_a_run_depends_on_no_model_but_its_own():
    derived = modules("train.py", "descent.models.sigmoid_softmax", "descent.engines.numpy")
    assert "scripts/descent/models/sigmoid_softmax.py" in derived
    assert "scripts/descent/models/softmax_regression.py" not in derived
    assert "scripts/descent/metrics.py" not in derived
    assert "scripts/descent/compiled/scores.py" not in derived


# imports a script and what it chooses, prints what was loaded, and on how many threads it computes
LOAD = """
import sys
sys.path.insert(0, sys.argv[1])
for module in sys.argv[2:]:
    __import__(module)
print(*sys.modules)
import numpy
from threadpoolctl import threadpool_info
print(*(pool["num_threads"] for pool in threadpool_info()))
"""


@pytest.mark.parametrize(
    ("script", "chosen", "heavy"),
    [
        ("download", "descent.datasets.mnist", {"torch", "torchvision", "pandas", "sklearn"}),
        ("train", "descent.engines.numba", {"torch", "torchvision", "pandas", "matplotlib"}),
        ("train", "descent.engines.torch", {"torchvision", "pandas", "matplotlib", "numba"}),
        ("evaluate", "descent.evaluators.numpy", {"torch", "pandas", "matplotlib", "numba"}),
        ("aggregate", "descent.summary", {"torch", "torchvision", "matplotlib"}),
        ("minimise", "descent.models.linear_regression", {"torch", "pandas", "matplotlib"}),
        ("theory", "descent.theory.numbers", {"torchvision", "matplotlib", "numba", "sklearn"}),
        ("compare", "descent.predictions", {"torch", "torchvision", "matplotlib", "numba"}),
        ("plot", "descent.figures.heatmap", {"torch", "torchvision", "numba"}),
        ("plot", "descent.figures.prediction", {"torch", "torchvision", "numba"}),
        ("explore", "descent.pictures.weights", {"torch", "torchvision", "numba", "sklearn"}),
        ("index", "descent.explorer.index", {"torch", "pandas", "matplotlib", "numba"}),
        ("train", "pipeline.config", {"torch", "torchvision", "numba", "matplotlib"}),
    ],
)
def test_scripts_import_nothing_heavy_that_they_do_not_need_and_compute_on_one_thread(
    script, chosen, heavy
):
    command = [sys.executable, "-c", LOAD, ROOT / "scripts", script, chosen]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    loaded, threads = done.stdout.splitlines()
    assert not heavy & set(loaded.split())
    assert set(threads.split()) == {"1"}
