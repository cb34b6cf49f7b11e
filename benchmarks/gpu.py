"""Test and measure this project on a GPU, beside a core, and write down what came out.

make gpu runs it, in less than ten minutes where there are eight cores or more. It prints the
costs by which `auto` chooses: as they stand in scripts/pipeline/cost.py, and as measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from math import nan, prod
from pathlib import Path
from unittest.mock import patch

import descent  # noqa: F401  one thread, before NumPy and torch are loaded

# isort: split
import numpy as np
from contenders import EPOCH, Contender
from problem import CLASSES, MODELS, load, timed
from run import ROOT, in_turn, machine, measure, run_measured, several
from table import head, row, spread

from descent.ability import why_not
from descent.cuda import gpu
from descent.data import Size
from descent.plugins import plugin
from descent.run import FULL, Run
from pipeline.command import clear_errors
from pipeline.cost import ON_GPU, Cost

LINEAR, NETWORK = MODELS[0], "neural_network"
SEEDS = 5  # of a run
RUNS = {1: (1, SEEDS, 10, 100, 1000), FULL: (1, SEEDS, 50)}  # side by side, by samples a step
SNAPSHOTS = 250  # about those of a seed in an MNIST run: loading the samples counts, as there
UNIT, PIXELS = 255.0, 784
# next to no work: what such a job takes is its start
TINY = (
    f"--model {LINEAR} --validation 1400 --batch-size 1 --epochs 1 --evaluate-every 99"
    " --step-size 0.1 --seeds 0"
)

TESTS = "tests/gpu", "tests/test_engines.py", "tests/test_evaluators.py"
TABLES = {  # title, first column and unit of what is measured
    "single": (f"µs a step and run: {LINEAR}, one sample a step", "side by side", 1e6),
    "full": (f"ms a step and run: {LINEAR}, all samples a step", "side by side", 1e3),
    "network": (f"ms a step and run: {NETWORK}, {SEEDS} side by side", "samples a step", 1e3),
    "snapshots": ("ms a snapshot: evaluation, with the gradient", "model", 1e3),
    "starts": ("s: a job that does next to nothing", "job", 1),
    "studies": ("s: a study without its figures", "study", 1),
}

Times = dict[str, dict[str, float]]  # by contender: median, smallest and largest seconds


def main() -> None:
    """Test the kernels, then measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data/mnist.npz")
    parser.add_argument("--samples", type=int, help="of the data; left out: all")
    parser.add_argument("--most", type=int, default=1000, help="runs side by side")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tests", nargs="*", default=TESTS)
    parser.add_argument("--studies", nargs="*", default=["digits", "mnist"])
    parser.add_argument("--table", type=Path, default=ROOT / "docs/gpu.md")
    arguments = parser.parse_args()
    run = Run(LINEAR, (0,), batch_size=1, epochs=1, evaluate_every=1, step_size=0.1)
    if reason := why_not("engines", "triton", [run], Size(9, 9, PIXELS, CLASSES)):
        sys.exit(f"make gpu: {reason}; nothing is measured")

    with clear_errors():
        samples, x, y = load(arguments.data)
    x, y, repeats = x[: arguments.samples], y[: arguments.samples], arguments.repeats
    driver, capability = (".".join(map(str, version)) for version in gpu() or ("?", "?"))
    report = Report(
        arguments.table,
        f"Made by `make gpu` on {plugin('engines', 'triton').device()}, with a driver for CUDA"
        f" {driver} and compute capability {capability}, beside a core of {machine()}.\nSamples:"
        f" {samples}, {len(y):,}. Median [smallest, largest] of {repeats} repeats.",
    )
    passed = not arguments.tests or report.tested(arguments.tests)
    for of, (size, runs) in zip(("single", "full"), RUNS.items(), strict=True):
        for n in (n for n in runs if n <= arguments.most):
            report.add(of, str(n), descents(LINEAR, size, n, x, y, repeats))
    for size in (32, FULL):
        report.add("network", str(size), descents(NETWORK, size, SEEDS, x, y, repeats))
    for model, core in ((LINEAR, "numba"), (NETWORK, "numpy")):
        report.add("snapshots", model, evaluations(model, ("torch", core), x, y, repeats))
    with tempfile.TemporaryDirectory() as folder:
        jobs, memory = starts(Path(folder), repeats)
        for job, times in jobs.items():
            report.add("starts", job, times)
        for kind, costs in measured(report.results, memory, len(y)).items():
            for name, cost in costs.items():
                print(f"{kind}, {name}: {ON_GPU[kind][name]}\n  measured: {cost}", flush=True)
        for name in arguments.studies:
            report.add("studies", name, of_study(name, Path(folder, name)))
    sys.exit(not passed)


class Report:
    """What is measured, written anew with each measurement: a machine may be taken away."""

    def __init__(self, path: Path, about: str):  # noqa: D107
        self.path, self.about = path, [about]
        self.results: dict[str, dict[str, Times]] = {of: {} for of in TABLES}

    def tested(self, paths: Sequence[str]) -> bool:
        """Test the kernels: whether all passes; what does not is printed."""
        workers = str(min(8, len(os.sched_getaffinity(0))))
        chosen = ["-k", "gpu or triton or torch", "-n", workers]
        command = [sys.executable, "-m", "pytest", "-q", *paths, *chosen]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        print(done.stdout, flush=True)
        self.about.append(f"Tests on the GPU: {done.stdout.splitlines()[-1].strip('= ')}.")
        return done.returncode == 0

    def add(self, of: str, label: str, times: Times) -> None:
        """Take a measurement in."""
        self.results[of][label] = times
        made = {group: rows for group, rows in self.results.items() if rows}
        tables = [line for group, rows in made.items() for line in table(*TABLES[group], rows)]
        text = "\n".join(["# On a GPU", "", *self.about, *tables, ""])
        self.path.write_text(text, encoding="utf-8")
        print(f"{self.path}: {TABLES[of][0]}: {label}", flush=True)


def descents(model: str, size: int | str, runs: int, x, y, repeats: int) -> Times:
    """Seconds a step and run, of runs side by side, on the GPU and, of few runs, on a core."""
    few, full = runs <= SEEDS, size == FULL
    if model == NETWORK:
        steps = {"torch": 4} if full else {"torch": 400, "numpy": 400}
    elif full:
        steps = {"triton": 40} | ({"numba": 10} if few else {})
    else:
        steps = {"triton": EPOCH} | ({"torch": 2000, "numba": EPOCH} if few else {})
    most = EPOCH if full else -(-len(y) // size)  # in an epoch
    engines = {
        name: Contender("ours", "engine", {"name": name}, min(count, most), models=(model,))
        for name, count in steps.items()
    }
    try:
        return measure(several(model, size, x, y, runs), engines, repeats)
    except SystemExit as wrong:  # parameters, which are not timed then
        print(wrong, flush=True)
        return {}


def evaluations(model: str, evaluators: Sequence[str], x, y, repeats: int) -> Times:
    """Seconds a snapshot, with its gradient, on the GPU and on a core."""
    random = np.random.default_rng(0)
    snapshots = {
        name: random.normal(scale=0.1, size=(SNAPSHOTS, *shape)).astype(np.float32)
        for name, shape in shapes(model).items()
    }

    def a_snapshot(evaluator: str, count: int = SNAPSHOTS) -> float:
        some = {name: p[:count] for name, p in snapshots.items()}
        means = plugin("evaluators", evaluator).means
        return timed(lambda: means(plugin("models", model), some, x, UNIT, y, 0.0)) / count

    for evaluator in evaluators:
        a_snapshot(evaluator, 1)  # compiles
    return in_turn({each: partial(a_snapshot, each) for each in evaluators}, repeats)


def shapes(model: str) -> dict[str, tuple[int, ...]]:
    """The shapes of its parameters."""
    layers = plugin("models", model).layers(PIXELS, CLASSES)
    return {name: layer.shape for name, layer in layers.items()}


def starts(folder: Path, repeats: int) -> tuple[dict[str, Times], dict[str, float]]:
    """Seconds of jobs that do next to nothing, and the MB that they take."""
    memory = dict[str, float]()
    data, run = folder / "digits.npz", folder / "run.npz"
    obtain = f"--dataset digits --raw {folder}/raw --data {data}"
    train = f"--data {data} --iterates {run} {TINY} --engine"
    evaluate = f"--data {data} --iterates {run} --study tiny --optimizer sgd"
    evaluate += f" --trace {folder}/trace.csv --record {folder}/trace.json --evaluator"

    def seconds(script: str, options: str, last: str = "") -> float:
        command = [sys.executable, ROOT / f"scripts/{script}.py", *options.split(), *last.split()]

        def work() -> None:
            _, memory[f"{script} {last}"] = run_measured(command)

        return timed(work)

    def compiling() -> float:
        with tempfile.TemporaryDirectory() as cache, patch.dict(os.environ, TRITON_CACHE_DIR=cache):
            return seconds("train", train, "triton")

    seconds("download", obtain)
    contenders = {
        "training": {
            name: partial(seconds, "train", train, name) for name in ("triton", "torch", "numba")
        },
        "training, its kernels not yet compiled": {"triton": compiling},
        "evaluation": {
            name: partial(seconds, "evaluate", evaluate, name) for name in ("torch", "numba")
        },
    }
    return {job: in_turn(of_job, repeats) for job, of_job in contenders.items()}, memory


def of_study(name: str, folder: Path) -> Times:
    """Seconds until a study is aggregated, with what auto takes here, and without the GPU."""
    if (ROOT / "data/raw").exists():  # archives that need no download
        shutil.copytree(ROOT / "data/raw", folder / "data/raw")
    call = f"-m snakemake --snakefile {ROOT}/Snakefile --cores all --directory {folder}"
    command = [sys.executable, *call.split(), f"results/{name}/summary.csv"]

    def seconds(**environment: str) -> float:
        shutil.rmtree(folder / "results", ignore_errors=True)
        with patch.dict(os.environ, environment):
            return timed(lambda: subprocess.run(command, check=True))

    machines = {"auto": seconds, "auto, without a GPU": partial(seconds, CUDA_VISIBLE_DEVICES="")}
    try:
        in_turn(machines, 1)  # downloads, and compiles
        return in_turn(machines, 1)
    except subprocess.CalledProcessError:  # whose message is above
        return {}


def measured(
    results: Mapping[str, Mapping[str, Times]], memory: Mapping[str, float], samples: int
) -> dict[str, dict[str, Cost]]:
    """What the constants of a machine with this GPU are."""

    def took(of: str, label: str, name: str) -> float:
        return results[of][label].get(name, {}).get("median", nan)

    def a_multiplication(of: str, label: str, name: str, model: str) -> float:
        return took(of, label, name) / samples / sum(map(prod, shapes(model).values()))

    start = {name: took("starts", "training", name) for name in ("triton", "torch")}
    return {
        "engines": {
            "triton": Cost(
                start["triton"],
                SEEDS * took("single", str(SEEDS), "triton"),
                a_multiplication("full", list(results["full"])[-1], "triton", LINEAR),
                True,
                memory["train triton"],
            ),
            "torch": Cost(
                start["torch"],
                SEEDS * took("network", "32", "torch"),
                a_multiplication("network", FULL, "torch", NETWORK),
                True,
                memory["train torch"],
            ),
        },
        "evaluators": {
            "torch": Cost(
                took("starts", "evaluation", "torch"),
                0.0,
                a_multiplication("snapshots", NETWORK, "torch", NETWORK),
                True,
                memory["evaluate torch"],
            )
        },
    }


def table(title: str, first: str, unit: float, rows: Mapping[str, Times]) -> list[str]:
    """A section with a row for each measurement, and a column for each contender."""
    contenders = list(dict.fromkeys(name for times in rows.values() for name in times))
    lines = [
        row(label, *(spread(times[c], unit) if c in times else "" for c in contenders))
        for label, times in rows.items()
    ]
    return ["", f"## {title}", "", *head(first, *contenders), *lines]


if __name__ == "__main__":
    main()
