"""The derived module lists against what Python really imports."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.imports import modules
from pipeline.plugins import available, constant, defines

ROOT = Path(__file__).parents[2]


# every file of the digits is called d…, of the bowl b…
DOWNLOAD = "download.py --dataset {dataset} --raw raw --data {d}.npz"
TRAIN = (
    "train.py --data {d}.npz --step-size 0.1 --batch-size full --epochs 2 --evaluate-every 1"
    " --seeds 0 --iterates {d}_iterates.npz --model {model} --engine {engine} {options}"
)
EVALUATE = (
    "evaluate.py --iterates {d}_iterates.npz --data {d}.npz --study s --optimizer o"
    " --trace {d}_trace.csv --evaluator {evaluator}"
)
AGGREGATE = (
    "aggregate.py --run-traces {d}_trace.csv --seeds 0 --traces {d}_traces.csv"
    " --summary {d}_summary.csv"
)
PLOT = (
    "plot.py --traces {d}_traces.csv --summary {d}_summary.csv --png f.png --pdf f.pdf"
    " --figure {figure} --iterates {d}_iterates.npz --data {d}.npz"
)
DIGITS = {"d": "d", "dataset": "digits", "model": "sigmoid_softmax", "options": ""}
BOWL = {
    "d": "b",
    "dataset": "bowl",
    "model": "linear_regression",
    "options": "--model-option bias=false",
}


def fitting(model: str) -> dict[str, str]:
    """What a model is trained on."""
    return {
        **(DIGITS if constant("models", model, "TASK") == "classification" else BOWL),
        "model": model,
    }


def needs(figure: str) -> tuple[str, ...]:
    return constant("figures", figure, "NEEDS", ())


# a command, and the modules it chooses by name
COMMANDS = {
    DOWNLOAD.format(**DIGITS): ["descent.datasets.digits"],
    AGGREGATE.format(**DIGITS): [],
    **{
        EVALUATE.format(**DIGITS, evaluator=e): [
            "descent.models.sigmoid_softmax",
            f"descent.evaluators.{e}",
        ]
        for e in available("evaluators")
    },
    **{
        TRAIN.format(**fitting(model), engine=engine): [
            f"descent.models.{model}",
            f"descent.engines.{engine}",
            "descent.update_rules.plain",
        ]
        for model in available("models")
        for engine in available("engines")
        if defines("models", model, constant("engines", engine, "NEEDS"))
    },
    **{
        PLOT.format(
            **(BOWL if constant("figures", f, "READS_ITERATES", False) else DIGITS), figure=f
        ): [
            f"descent.figures.{f}",
            *(["descent.models.linear_regression"] if "plane" in needs(f) else []),
        ]
        for f in available("figures")
        if f != "optimum_distance"
    },
    PLOT.format(**BOWL, figure="optimum_distance"): ["descent.figures.optimum_distance"],
}


def run(folder: Path, command: str) -> list[str]:
    """Run a script, and list the files below scripts/ that Python has imported by its end."""
    script, *options = command.split()
    code = f"""
import runpy, sys
sys.argv = sys.argv[1:]
sys.path[0] = {str(ROOT / "scripts")!r}
runpy.run_path(sys.argv[0], run_name="__main__")
for module in list(sys.modules.values()):
    if type(module) is type(sys):
        print(vars(module).get("__file__"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, ROOT / "scripts" / script, *options],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    # the script itself stands there as __mp_main__ where multiprocessing has been imported
    files = {Path(file) for file in done.stdout.splitlines()} - {ROOT / "scripts" / script}
    return sorted(str(f.relative_to(ROOT)) for f in files if f.is_relative_to(ROOT / "scripts"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder that holds what every script needs from the one before."""
    made = tmp_path_factory.mktemp("folder")
    for names in (DIGITS, BOWL):
        for command in (DOWNLOAD, TRAIN, EVALUATE, AGGREGATE):
            run(made, command.format(**names, engine="numpy", evaluator="numpy"))
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_derived_lists_are_what_python_imports(folder, command):
    derived = modules(command.split()[0], *COMMANDS[command])
    assert run(folder, command) == derived


def test_a_run_depends_on_no_model_but_its_own():
    derived = modules("train.py", "descent.models.sigmoid_softmax", "descent.engines.numpy")
    assert "scripts/descent/models/sigmoid_softmax.py" in derived
    assert "scripts/descent/models/softmax_regression.py" not in derived
    assert "scripts/descent/metrics.py" not in derived


@pytest.mark.parametrize(
    ("script", "heavy"),
    [
        ("train.py", {"torch", "torchvision", "pandas", "matplotlib"}),
        ("evaluate.py", {"torch", "torchvision", "pandas", "matplotlib", "numba"}),
        ("aggregate.py", {"torch", "torchvision", "matplotlib"}),
        ("plot.py", {"torch", "torchvision"}),
    ],
)
def test_a_job_imports_nothing_heavy_that_it_does_not_need(script, heavy):
    chosen = {"train.py": "descent.engines.numba", "plot.py": "descent.figures.heatmap"}
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "scripts")!r})
import {script.removesuffix(".py")}, {chosen.get(script, "descent.evaluators.numpy")}
print(*sys.modules)
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert not heavy & set(loaded.stdout.split())


@pytest.mark.parametrize("script", ["train", "evaluate", "aggregate", "plot", "download"])
def test_every_script_computes_on_one_thread(script):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "scripts")!r})
import {script}, numpy, torch
from threadpoolctl import threadpool_info
print(*(pool["num_threads"] for pool in threadpool_info()))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) == {"1"}
