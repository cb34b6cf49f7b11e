"""Measures this project's engines and other libraries on one core and writes docs/benchmark.md.

`make benchmark` runs it. It needs scripts/ on the path and benchmarks/requirements.lock.
"""

import argparse
import os
import platform
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
from contenders import FULL_BATCHES, OURS, SINGLE, scikit_learn, torch_autograd
from problem import Problem, Timed, load

from descent.errors import InputError
from descent.run import FULL

ROOT = Path(__file__).parent.parent
MODELS = ("softmax_regression", "sigmoid_softmax")
SMALL, STEPS = 4_000, {1: 4_000, FULL: 20}  # samples and steps of the check of contenders
TOLERANCE = 1e-4  # of ‖p - reference‖ / ‖reference‖; rounding causes 1e-7 to 1e-5
HEAD = """\
# Speed, compared with the alternatives

`make benchmark` writes this page. {machine}; {versions}. All contenders run on one core, in turn;
samples: {samples}; median [smallest, largest] of {repeats} repeats.

All contenders start from zeros. Samples are prepared and code is compiled before the clock starts.
It runs from drawing the order of the epoch, by the same function for all contenders, until the
final parameters are ready. This project's time includes its snapshots after 1, 2, 4, … steps and,
with full batches, the objective of each step. scikit-learn draws its samples itself and chooses the
step size. Before they are timed, all contenders but scikit-learn must reproduce the parameters of
this project's NumPy engine on 4,000 samples. The tables show the fastest implementation that was
tried with each library.

"""


def main() -> None:
    """Check and measure all contenders and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data/mnist.npz")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--avx2", action="store_true", help="disable AVX-512 for all contenders")
    parser.add_argument("--table", type=Path, default=ROOT / "docs/benchmark.md")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # all contenders run on one core
    try:
        samples, x, y = load(arguments.data)
    except InputError as error:
        sys.exit(str(error))
    names = ("numpy", "numba", "torch", "jax", "scikit-learn", "scipy")
    text = HEAD.format(
        machine=machine() + (", limited to AVX2" if arguments.avx2 else ""),
        versions=", ".join(f"{name} {version(name)}" for name in names),
        samples=samples,
        repeats=arguments.repeats,
    )
    columns = {}
    for model in MODELS:
        problem = Problem(model, 1, x, y)
        columns[f"{model}, µs a step"] = 1e6, measure(problem, SINGLE, arguments.repeats)
    text += table("Batch size 1", columns)
    columns = {}
    for model in MODELS:
        for seeds in (1, 5):
            problem = Problem(model, FULL, x, y, seeds)
            title = f"{model}, ms a step, {'one seed' if seeds == 1 else 'each of five seeds'}"
            columns[title] = 1e3, measure(problem, FULL_BATCHES, arguments.repeats)
    text += table("Full batch", columns)
    arguments.table.write_text(text, encoding="utf-8")
    print(arguments.table)


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


def table(title: str, columns: dict[str, tuple[float, dict[str, list[float]]]]) -> str:
    """Return a table with times and ratios to ours, a row per contender, fastest first."""
    _, first = next(iter(columns.values()))
    lines = [f"## {title}", "", _row("", *columns), _row(*["---"] * (len(columns) + 1))]
    for name in sorted(first, key=lambda name: statistics.median(first[name])):
        cells = []
        for unit, times in columns.values():
            if name not in times:
                cells.append("–")
                continue
            median, ours = (statistics.median(times[n]) for n in (name, OURS))
            low, high = (unit * end(times[name]) for end in (min, max))
            ratio = f"; {median / ours:.1f} ×" if name != OURS else ""
            cells.append(f"{unit * median:.3g} [{low:.3g}, {high:.3g}]{ratio}")
        lines.append(_row(name, *cells))
    return "\n".join([*lines, "", ""])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> str:
    """Describe the processor, its widest vector extension, and the system."""
    processor, cpuinfo = platform.processor(), Path("/proc/cpuinfo")
    if cpuinfo.exists():
        pairs = (line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines())
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        widest = [flag for flag in ("avx512f", "avx2") if flag in fields.get("flags", "").split()]
        processor = ", ".join(
            [f"{fields.get('model name')}, family {fields.get('cpu family')}", *widest[:1]]
        )
    return f"{processor}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
