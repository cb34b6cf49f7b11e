"""Measures this project's engines and other libraries on one core and writes docs/benchmark.csv.

`make benchmark` runs the program and renders the tables of docs/speed.md. It needs scripts/ on the
path, and the packages of benchmarks/requirements.lock.
"""

import argparse
import csv
import os
import statistics
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import descent  # noqa: F401  one thread, before NumPy and torch are loaded

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
if "--avx2" in sys.argv:  # read when the libraries are loaded
    os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = "haswell", ""
    os.environ["XLA_FLAGS"] += " --xla_cpu_max_isa=AVX2"
    os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # torch's own kernels and compiled ones
    os.environ["MKL_ENABLE_INSTRUCTIONS"] = os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
    os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V4 AVX512_ICL AVX512_SPR"

# isort: split
import numpy as np
from contenders import FULL_BATCHES, SINGLE, scikit_learn, torch_autograd
from machine import machine
from problem import Problem, Timed, load

from descent.errors import InputError
from descent.run import FULL

ROOT = Path(__file__).parent.parent
MODELS = ("softmax_regression", "sigmoid_softmax")
SMALL, STEPS = 4_000, {1: 4_000, FULL: 20}  # samples and steps of the check of contenders
TOLERANCE = 1e-4  # of ‖p - reference‖ / ‖reference‖; rounding causes 1e-7 to 1e-5
COLUMNS = ("batch_size", "model", "seeds", "contender", "median", "smallest", "largest")


def main() -> None:
    """Check and measure all contenders and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data/mnist.npz")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--avx2", action="store_true", help="disable AVX-512 for all contenders")
    parser.add_argument("--csv", type=Path, default=ROOT / "docs/benchmark.csv")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # all contenders run on one core
    try:
        samples, x, y = load(arguments.data)
    except InputError as error:
        sys.exit(str(error))
    rows = []
    for batch_size, contenders, seeds in (
        (1, SINGLE, 1),
        (FULL, FULL_BATCHES, 1),
        (FULL, FULL_BATCHES, 5),
    ):
        for model in MODELS:
            problem = Problem(model, batch_size, x, y, seeds)
            for name, seconds in measure(problem, contenders, arguments.repeats).items():
                times = statistics.median(seconds), min(seconds), max(seconds)
                rows.append([batch_size, model, seeds, name, *(f"{t:.3g}" for t in times)])
    names = ("numpy", "numba", "torch", "jax", "scikit-learn", "scipy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    limited = ", limited to AVX2" if arguments.avx2 else ""
    with arguments.csv.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# {machine()}{limited}; {versions}; {samples}; {arguments.repeats} repeats\n")
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    print(arguments.csv)


def measure(problem: Problem, contenders: Mapping, repeats: int) -> dict[str, list[float]]:
    """Return the seconds per step and seed of each contender that supports the problem.

    The contenders take turns in each repeat.
    """
    small = replace(problem, stored=problem.stored[:SMALL], y=problem.y[:SMALL])
    reference = contenders["this project, NumPy"][0](small)(STEPS[problem.batch_size])
    ready = {}
    for name, (contender, count) in contenders.items():
        if contender is scikit_learn and problem.model != "softmax_regression":
            continue
        if contender is torch_autograd and problem.seeds > 1:
            continue
        check(name, contender(small)(STEPS[problem.batch_size]), reference)
        ready[name] = contender(problem), count
        ready[name][0](count)  # compiles
    times: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(repeats):
        for name, (steps, count) in ready.items():
            times[name].append(steps(count).seconds / count / problem.seeds)
    return times


def check(name: str, result: Timed, reference: Timed) -> None:
    """Exit if a contender's parameters, if known, differ from those of the NumPy engine."""
    for found, p in ((result.A, reference.A), (result.b, reference.b)):
        error = 0 if found is None else np.linalg.norm(found - p) / np.linalg.norm(p)
        if not error < TOLERANCE:
            differs = f"found parameters that differ from the NumPy engine's by {error:.1e}"
            sys.exit(f"{name}: {differs}; allowed: {TOLERANCE:.0e}")


if __name__ == "__main__":
    main()
