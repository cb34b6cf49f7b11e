"""What make gpu runs, on machines without a GPU: up to the device, and in Triton's interpreter."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from descent.cuda import gpu as gpu_here

ROOT = Path(__file__).parents[1]


def gpu(*options, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), **environment}
    command = [sys.executable, ROOT / "benchmarks/gpu.py", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.skipif(gpu_here() is not None, reason="there is a GPU")
def test_without_a_gpu_that_is_said():
    done = gpu(TRITON_INTERPRET="0")
    assert done.returncode == 1
    assert done.stderr == "make gpu: this machine has no CUDA device; nothing is measured\n"


def test_everything_is_measured(tmp_path):
    table = tmp_path / "gpu.md"
    options = ["--data", tmp_path / "none", *"--samples 12 --repeats 1 --most 5 --tests".split()]
    done = gpu(*options, "--studies", "--table", table, TRITON_INTERPRET="1")
    assert done.returncode == 0, done.stderr
    text = table.read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| (\w|,| )+ \| .*\d", line)]
    assert len(rows) == 2 + 2 + 2 + 2 + 3, text
    for row in rows:
        for cell in filter(None, row.strip("| ").split(" | ")[1:]):
            assert float(cell.split()[0]) > 0
    costs = re.findall(r"measured: Cost\(start=(.+), step=(.+), multiplication=(.+?),", done.stdout)
    assert len(costs) == 3
    assert all(float(start) > 0 and float(each) > 0 for start, _, each in costs)
