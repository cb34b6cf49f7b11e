"""Measures how the time, memory and disk space of a study grow with its size.

`make scale` runs it: one Snakemake call for each size, in a copy of the project without results. It
writes docs/scale.csv and docs/scale.png.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

ROOT = Path(__file__).parent.parent
COPIED = ("Snakefile", "config.yaml", "profiles", "report", "scripts")
FEATURES, CLASSES = 64, 10

# One factor varies at a time; the others are as in BASE.
BASE = {"step sizes": 3, "seeds": 5, "samples": 1000, "evaluated steps": 10}
FACTORS = {
    "step sizes": (1, 3, 10, 30, 100, 300),
    "seeds": (1, 5, 10, 20, 50),
    "samples": (100, 1_000, 10_000, 100_000),
    "evaluated steps": (10, 100, 1_000, 10_000),
}
# {column: axis label}
MEASURES = {
    "wall_s": "wall time, s",
    "snakemake_ms_a_job": "Snakemake's own\nCPU time, ms per job",
    "memory_mb": "largest process, MB",
    "disk_mb": "results, MB",
}


def main() -> None:
    """Measure every size of every factor and draw the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--csv", type=Path, default=ROOT / "docs/scale.csv")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs/scale.png")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder) / "project")
        measure(project, BASE, arguments.cores)  # compiles the kernels
        for factor, sizes in FACTORS.items():
            for size in sizes:
                row = {"factor": factor, "size": size}
                row |= measure(project, BASE | {factor: size}, arguments.cores)
                print(row, flush=True)
                rows.append(row)
    with arguments.csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, arguments.picture)


def copy_project(folder: Path) -> Path:
    """Copy the project without results."""
    folder.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    return folder


def study(sizes: dict[str, int]) -> dict:
    """Return the configuration of a study: a table of random numbers, trained with batch size 1."""
    step_sizes = np.geomspace(1e-3, 1, sizes["step sizes"])
    epochs = -(-sizes["evaluated steps"] // sizes["samples"])
    optimizer = {
        "batch_size": 1,
        "epochs": epochs,
        "evaluate_every": max(1, sizes["samples"] * epochs // sizes["evaluated steps"]),
        "step_sizes": [float(f"{size:.6g}") for size in step_sizes],
    }
    return {
        "dataset": {"file": "table.csv", "target": "y", "test": 0.2},
        "model": "softmax_regression",
        "seeds": sizes["seeds"],
        "optimizers": {"sgd": optimizer},
    }


def write_table(path: Path, samples: int) -> None:
    """Write a table with this many training samples and a quarter as many test samples."""
    random = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"x{i}" for i in range(FEATURES)), "y"])
        for row in range(samples * 5 // 4):
            writer.writerow([*random.integers(0, 17, FEATURES), row % CLASSES])


def measure(project: Path, sizes: dict[str, int], cores: int) -> dict[str, float]:
    """Run a study of these sizes from scratch."""
    for folder in ("results", "data", "logs", ".snakemake"):
        shutil.rmtree(project / folder, ignore_errors=True)
    write_table(project / "table.csv", sizes["samples"])
    config = project / "config.yaml"
    config.write_text(json.dumps({"studies": {"scale": study(sizes)}}), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "scale", "--quiet", "all"]
    started = perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=project, stdout=output, stderr=output)
        cpu_s, ended = 0.0, 0
        while not ended:
            cpu_s = cpu_seconds(process.pid) or cpu_s
            sleep(0.05)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if status:
            output.seek(0)
            sys.exit(output.read())
    jobs = len(list((project / "logs").rglob("*.log")))
    return {
        "wall_s": round(perf_counter() - started, 1),
        "jobs": jobs,
        "snakemake_ms_a_job": round(1e3 * cpu_s / jobs),
        "memory_mb": round(used.ru_maxrss / 1024),  # maximum over Snakemake and its jobs
        "disk_mb": round(disk_mb(project / "results"), 2),
    }


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process without its children; 0 if the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def disk_mb(folder: Path) -> float:
    """Return the size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def draw(rows: list[dict], path: Path) -> None:
    """Draw a log-log panel per measure and factor, titled with the final exponent."""
    # imported late: the measured peak memory includes this process at the time of the fork
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator

    shape = len(MEASURES), len(FACTORS)
    figure = Figure(figsize=(11, 9), layout="constrained")
    panels = figure.subplots(*shape, sharex="col", sharey="row")
    plain = FuncFormatter(lambda value, _: f"{value / 1000:g}k" if value >= 1000 else f"{value:g}")
    for panel_row, (measure, label) in zip(panels, MEASURES.items(), strict=True):
        for panel, factor in zip(panel_row, FACTORS, strict=True):
            size, value = np.array(
                [(row["size"], row[measure]) for row in rows if row["factor"] == factor]
            ).T
            panel.loglog(size, value, "o-", color="C0", markersize=4)
            exponent = np.diff(np.log(value[-2:])) / np.diff(np.log(size[-2:]))
            title = f"∝ {factor}$^{{{exponent[0]:.2f}}}$ at the end"
            panel.set_title(title, fontsize=8, loc="left")
            panel.grid(alpha=0.3)
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_formatter(plain)
                axis.set_minor_formatter("")
            panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel_row[0].set_ylabel(label)
    for panel, factor in zip(panels[-1], FACTORS, strict=True):
        panel.set_xlabel(factor)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
