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
from importlib.metadata import version
from pathlib import Path

import descent  # noqa: F401  one thread, before NumPy and torch are loaded

# isort: split
import numpy as np
from contenders import GD, PEER, PLAIN, SCIKIT_LEARN, SGD, Problem, jax_sweep, load, ours

from descent.run import FULL
from pipeline.command import clear_errors

ROOT = Path(__file__).parent.parent
MODELS = ("softmax_regression", "sigmoid_softmax")
SWEEPS = (1, 16, 256)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data/mnist.npz")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmark.json")
    parser.add_argument("--table", type=Path, default=ROOT / "docs/benchmark.md")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core for everybody
    with clear_errors():
        samples, x, y = load(arguments.data)

    results = {
        "machine": machine(),
        "samples": samples,
        "versions": {
            name: version(name)
            for name in ("numpy", "numba", "torch", "jax", "scikit-learn", "scipy")
        },
        "repeats": arguments.repeats,
        "sgd_us_a_step": {},
        "gd_ms_a_step": {},
    }
    for model in MODELS:
        problem = Problem(model, 1, x, y)
        contenders = dict(SGD)
        if model != "softmax_regression":  # scikit-learn knows no other
            del contenders[SCIKIT_LEARN]
        results["sgd_us_a_step"][model] = measure(problem, contenders, 1e6, arguments.repeats)
        problem = Problem(model, FULL, x, y)
        results["gd_ms_a_step"][model] = measure(problem, GD, 1e3, arguments.repeats)
    results["sweep_runs_a_second"] = sweep(x, y)
    results["start"] = {name: start(name, arguments.data) for name in SGD}
    results["training_job"] = training_job(arguments.data)

    arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    arguments.table.write_text(table(results), encoding="utf-8")
    print(f"{arguments.table}\n{arguments.json}")


def measure(problem: Problem, contenders: dict, unit: float, repeats: int) -> dict:
    """Time a step of every contender, in turn: median, smallest and largest of the repeats."""
    ready = {name: (contender(problem), count) for name, (contender, count) in contenders.items()}
    for steps, count in ready.values():
        steps(count)
    times: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(repeats):
        for name, (steps, count) in ready.items():
            times[name].append(steps(count) / count * unit)
    return {
        name: {"median": statistics.median(t), "smallest": min(t), "largest": max(t)}
        for name, t in times.items()
    }


def start(name: str, data: Path) -> dict:
    """What a contender takes before its steps: in a fresh process, with nothing compiled before."""
    command = [sys.executable, Path(__file__).parent / "start.py", name, data]
    printed, peak = run_measured(command)
    return {**json.loads(printed), "peak_mb": peak}


def sweep(x: np.ndarray, y: np.ndarray) -> dict:
    """Runs a second, of one epoch of softmax_regression each, when so many go together."""
    problem = Problem("softmax_regression", 1, x, y)
    epoch, part = len(y), 3_000  # JAX, slower with many runs, is timed on a part of an epoch
    return {
        str(runs): {
            "this project, numba": runs / ours("numba", seeds=runs)(problem)(epoch),
            "JAX, lax.scan and vmap": runs / (jax_sweep(runs)(problem)(part) * epoch / part),
        }
        for runs in SWEEPS
    }


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


def run_measured(command: list) -> tuple[str, float]:
    """What a command prints, and its peak memory in MB.

    A small process starts it: a child's peak counts the memory of the process that started it.
    """
    code = f"import resource, subprocess; subprocess.run({[str(c) for c in command]!r}, check=True)"
    code += "; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    *printed, peak = done.stdout.splitlines()
    return "\n".join(printed), float(peak)


def machine() -> str:
    """Processor and system."""
    processor = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        fields = dict(line.split("\t: ") for line in lines if "\t: " in line)
        processor = f"{fields.get('model name')}, family {fields.get('cpu family')}"
    return f"{processor}, {platform.system()}, Python {platform.python_version()}"


def table(results: dict) -> str:
    """The results in Markdown."""
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    lines = [
        "# Speed, side by side",
        "",
        "Made by `make benchmark`. "
        f"{results['machine']}; {versions}. One core for all, contenders in turn; samples:"
        f" {results['samples']}; median [smallest, largest] of {results['repeats']} repeats;"
        " imports, set-up and compilation excluded.",
    ]
    for key, what in [
        ("sgd_us_a_step", "Stochastic gradient descent, batch size 1: µs a step"),
        ("gd_ms_a_step", "Gradient descent over all samples: ms a step"),
    ]:
        for model, times in results[key].items():
            lines += ["", f"## {what}, {model}", ""]
            lines += ["| | time | against plain torch | against JAX |", "| --- | --- | --- | --- |"]
            for name, t in times.items():
                spread = f"{t['median']:.3g} [{t['smallest']:.3g}, {t['largest']:.3g}]"
                plain, peer = (times[n]["median"] / t["median"] for n in (PLAIN, PEER))
                lines.append(f"| {name} | {spread} | {plain:.3g}× | {peer:.3g}× |")
    lines += ["", "## Runs a second, one epoch each, many together (softmax_regression)", ""]
    lines += [
        "| runs together | this project, numba | JAX, lax.scan and vmap |",
        "| --- | --- | --- |",
    ]
    for runs, rates in results["sweep_runs_a_second"].items():
        ours_rate, jax_rate = rates.values()
        lines.append(f"| {runs} | {ours_rate:.3g} | {jax_rate:.3g} |")
    lines += [
        "",
        "## Before the first step of softmax_regression, in a fresh process",
        "",
        "Compiled kernels of this project are kept on disk: the next process loads them instead.",
        "",
        "| | imports, s | set-up and compilation, s | peak memory, MB |",
        "| --- | --- | --- | --- |",
    ]
    for name, took in results["start"].items():
        seconds = f"{took['imports_s']:.1f} | {took['setup_and_compilation_s']:.1f}"
        lines.append(f"| {name} | {seconds} | {took['peak_mb']:.0f} |")
    if job := results["training_job"]:
        lines += [
            "",
            f"A training job of five seeds on MNIST takes {job['peak_mb']:.0f} MB at its peak;"
            f" loading the data alone takes {job['peak_mb_of_loading_the_data']:.0f} MB.",
        ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
