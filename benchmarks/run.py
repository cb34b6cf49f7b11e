"""Measure this project's engines beside what one would use instead, and write down the result.

make benchmark runs it: it needs scripts/ on the path, and benchmarks/requirements.lock.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import descent  # noqa: F401  one thread, before NumPy and torch are loaded

if "--avx2" in sys.argv:  # read when the libraries are loaded
    os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = "haswell", ""
    os.environ["XLA_FLAGS"] = "--xla_cpu_max_isa=AVX2"
    os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # torch's own kernels and compiled ones
    os.environ["MKL_ENABLE_INSTRUCTIONS"] = os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
    os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V4 AVX512_ICL AVX512_SPR"

# isort: split
import numpy as np
from contenders import FULL_BATCHES, SINGLE, SWEEP, Contender
from problem import MODELS, STEP_SIZE, Made, Problem, Steps, load
from table import table

from descent.errors import InputError
from descent.run import FULL

ROOT = Path(__file__).parent.parent
SWEEPS, SEEDS = (1, 16, 64, 256), (1, 5)  # runs together
REFERENCE = "this project, NumPy"
SMALL, ON_ALL = 4_000, 20  # samples that contenders are checked on, and steps on all of these
CLOSE = 1e-4  # ‖p - reference‖ / ‖reference‖; rounding leaves 1e-7 to 1e-5


def main() -> None:
    """Check everything, then measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data/mnist.npz")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--avx2", action="store_true", help="everybody without AVX-512")
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmark.json")
    parser.add_argument("--table", type=Path, default=ROOT / "docs/benchmark.md")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core for everybody
    try:
        samples, x, y = load(arguments.data)
    except InputError as error:
        sys.exit(str(error))

    results = {
        "machine": machine() + (", everything limited to AVX2" if arguments.avx2 else ""),
        "samples": samples,
        "versions": {
            name: version(name)
            for name in ("numpy", "numba", "torch", "jax", "scikit-learn", "scipy")
        },
        "repeats": arguments.repeats,
    }
    repeats = arguments.repeats
    results["single_s"] = {m: measure(Problem(m, 1, x, y), SINGLE, repeats) for m in MODELS}
    results["sweep_s"] = {
        runs: measure(several(MODELS[0], 1, x, y, runs), SWEEP, repeats) for runs in SWEEPS
    }
    results["full_s"] = {
        model: {
            runs: measure(several(model, FULL, x, y, runs), FULL_BATCHES, repeats) for runs in SEEDS
        }
        for model in MODELS
    }
    results["start"] = {
        kind: {name: start(kind, name, arguments.data) for name, c in of.items() if c.start}
        for kind, of in (("SINGLE", SINGLE), ("FULL_BATCHES", FULL_BATCHES))
    }
    results["training_job"] = training_job(arguments.data)

    text = json.dumps(results, indent=2)
    arguments.json.write_text(text + "\n", encoding="utf-8")
    arguments.table.write_text(table(json.loads(text)), encoding="utf-8")
    print(f"{arguments.table}\n{arguments.json}")


def several(model: str, batch_size: int | str, x: np.ndarray, y: np.ndarray, runs: int) -> Problem:
    """A problem of several runs, the first of them with the usual step size."""
    return Problem(model, batch_size, x, y, tuple(np.geomspace(1, 3, runs) * STEP_SIZE))


def measure(problem: Problem, contenders: Mapping[str, Contender], repeats: int) -> dict:
    """Seconds a step and run of every contender, in turn: median, smallest, largest of repeats."""
    few = replace(problem, stored=problem.stored[:SMALL], y=problem.y[:SMALL])
    right = references(few)
    ready = {}
    for name, contender in contenders.items():
        if problem.model in contender.models:
            check(name, contender, few, right)
            ready[name] = contender(problem), contender.steps_of(problem)
    for steps, count in ready.values():
        steps(count)  # compiles

    def seconds(steps: Steps, count: int) -> float:
        return steps(count).seconds / count / problem.runs

    return in_turn({name: partial(seconds, *each) for name, each in ready.items()}, repeats)


def in_turn(seconds: Mapping[str, Callable[[], float]], repeats: int) -> dict:
    """Median, smallest and largest of repeats of what each takes."""
    times: dict[str, list[float]] = {name: [] for name in seconds}
    for _ in range(repeats):
        for name, take in seconds.items():
            times[name].append(take())
    return {
        name: {"median": statistics.median(t), "smallest": min(t), "largest": max(t)}
        for name, t in times.items()
    }


def references(few: Problem) -> list[Made]:
    """What this project's NumPy engine makes of few samples, by each of the first step sizes."""
    alone = (replace(few, step_sizes=(step_size,)) for step_size in few.step_sizes[:16])
    return [SINGLE[REFERENCE](one)(checked_steps(few)) for one in alone]


def checked_steps(few: Problem) -> int:
    """Steps after which parameters are compared."""
    return ON_ALL if few.batch_size == FULL else SMALL


def check(name: str, contender: Contender, few: Problem, right: list[Made]) -> None:
    """End the program where a contender's parameters are not the right ones.

    scikit-learn, which draws the samples itself, and networks give none; this project's engines
    those of the first run, whose step size and order are everybody's.
    """
    made = contender(few)(checked_steps(few))
    if made.A is None:
        return
    for letter, found in (("A", made.A), ("b", made.b)):
        of_runs = np.reshape(found, (-1, getattr(right[0], letter).size))
        for run, (p, reference) in enumerate(zip(of_runs, right, strict=False)):
            expected = getattr(reference, letter).ravel()
            error = np.linalg.norm(p - expected) / np.linalg.norm(expected)
            if not error < CLOSE:
                sys.exit(
                    f"{name}, {few.model}, batch size {few.batch_size}, run {run}: {letter} is"
                    f" {error:.1e} off what the NumPy engine makes; allowed: {CLOSE:.0e}"
                )


def start(kind: str, name: str, data: Path) -> dict:
    """What one run of a contender takes in a fresh process, in seconds: with nothing compiled
    before and, where it compiles, once more with what that process kept."""
    with TemporaryDirectory() as folder:
        environment = {
            "JAX_COMPILATION_CACHE_DIR": folder,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
            "TORCHINDUCTOR_CACHE_DIR": folder,
        }
        command = [sys.executable, Path(__file__).parent / "start.py", kind, name, data, folder]
        printed, peak = run_measured(command, environment)
        cold, warm = json.loads(printed), None
        if cold["compilation"] is not None:
            warm = json.loads(run_measured(command, environment)[0])["whole"]
    return cold | {"whole_warm": warm, "peak_mb": peak}


def training_job(data: Path) -> dict:
    """Peak memory of scripts/train.py on one epoch, beside that of loading the data alone."""
    if not data.exists():
        return {}
    options = (
        "--model sigmoid_softmax --engine numba --step-size 0.1 --batch-size 1 --epochs 1"
        " --evaluate-every 1500 --seeds 0 1 2 3 4"
    ).split()
    target = ROOT / "results/benchmark.npz"
    train = [sys.executable, ROOT / "scripts/train.py", "--data", data, *options]
    _, job = run_measured([*train, "--iterates", target])
    target.unlink()
    load_only = f"import numpy as np; dict(np.load({str(data)!r}))"
    _, loading = run_measured([sys.executable, "-c", load_only])
    return {"peak_mb": job, "peak_mb_of_loading_the_data": loading}


def run_measured(command: list, environment: Mapping[str, str] | None = None) -> tuple[str, float]:
    """What a command prints, and its peak memory in MB; STARTED tells it when it was started.

    A small process starts it: a child's peak counts the memory of the process that started it.
    """
    code = (
        "import os, resource, subprocess, time; os.environ['STARTED'] = str(time.perf_counter());"
        f" subprocess.run({[str(c) for c in command]!r}, check=True);"
        " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}),
    )
    *printed, peak = done.stdout.splitlines()
    return "\n".join(printed), float(peak)


def machine() -> str:
    """Processor, its widest vectors, and system."""
    processor = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        pairs = (line.partition(":") for line in lines)
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        processor = (
            f"{fields.get('model name')}, family {fields.get('cpu family')},"
            f" model {fields.get('model')}"
        )
        flags = fields.get("flags", "").split()
        processor += "".join(f", {flag}" for flag in ("avx512f", "avx2") if flag in flags)
    return f"{processor}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
