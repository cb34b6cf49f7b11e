"""The kernels compile for a GPU, on machines that have none: the interpreter accepts more."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from descent.run import FULL

SCRIPTS = Path(__file__).parents[2] / "scripts"

# Trains with a driver that compiles what is launched, as it is launched, and does not launch it.
COMPILE = """
import json, subprocess, sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import driver, jit
from descent.data import Data
from descent.engines import triton as engine
from descent.run import Run

_, keys, features, classes, capability, folder = sys.argv
features, classes = int(features), int(classes)
target = GPUTarget("cuda", int(capability), 32)
driver.set_active(
    SimpleNamespace(
        get_current_device=lambda: 0,
        get_current_stream=lambda device: 0,
        get_current_target=lambda: target,
    )
)
launch = jit.JITFunction.run
jit.JITFunction.run = lambda *a, warmup, **options: launch(*a, warmup=True, **options)

random = np.random.default_rng(0)
x, y = random.integers(256, size=(99, features)), random.integers(classes, size=99)
x, y, scale = (x.astype(np.uint8), y, 255.0) if classes > 1 else (x / 1.0, y / 1.0, 1.0)
y[-1] = classes - 1
data = Data(x, y, x, y, scale)
run = Run(**json.loads(keys), step_size=0.1, evaluate_every=40, seeds=(0, 1, 2))
engine.train(run, data, lambda steps: None)
tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
for kernel in (engine._steps, engine._to_score_gradients):
    compiled = kernel.device_caches[0][0].values()
    for i, each in enumerate(compiled):
        cubin = Path(folder, f"{kernel.__name__}_{i}")
        cubin.write_bytes(each.asm["cubin"])
        used = subprocess.check_output([tool, "--dump-resource-usage", cubin], text=True)
        stack = int(used.partition("STACK:")[2].split()[0])
        print(json.dumps([kernel.__name__, stack, each.asm["ttir"]]))
"""


@pytest.mark.parametrize(
    ("model", "features", "classes", "keys", "capability"),
    [
        ("softmax_regression", 784, 10, {"batch_size": 1}, 75),
        ("softmax_regression", 784, 10, {"batch_size": 1}, 90),
        ("softmax_regression", 784, 10, {"batch_size": 1, "dtype": "float64"}, 90),
        ("softmax_regression", 784, 10, {"batch_size": 32, "l2": 0.01}, 90),
        ("sigmoid_softmax", 784, 10, {"batch_size": 1, "l2": 0.01}, 90),
        ("sigmoid_softmax", 64, 10, {"batch_size": 32}, 90),
        ("sigmoid_softmax", 784, 10, {"batch_size": FULL}, 90),
        ("softmax_regression", 64, 1000, {"batch_size": FULL, "dtype": "float64"}, 90),
        ("linear_regression", 10, 1, {"batch_size": 1, "dtype": "float64"}, 90),
        ("linear_regression", 10, 1, {"batch_size": FULL}, 90),
        ("linear_regression", 8192, 1, {"batch_size": 1}, 90),
        ("linear_regression", 4096, 1, {"batch_size": 32}, 90),
    ],
)
def test_a_run_compiles_one_kernel_that_stays_in_registers(
    model, features, classes, keys, capability, tmp_path
):
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "TRITON_CACHE_DIR": str(tmp_path)}
    environment.pop("TRITON_INTERPRET", None)
    run = json.dumps({"model": model, "epochs": 2, **keys})
    arguments = map(str, (run, features, classes, capability, tmp_path))
    command = [sys.executable, "-c", COMPILE, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ((kernel, stack, code),) = map(json.loads, done.stdout.splitlines())
    assert kernel == ("_to_score_gradients" if keys["batch_size"] == FULL else "_steps")
    assert stack == 0
    # places are 64 bits wide: 36,000 orders of 60,000 samples have more than 2³¹ numbers
    (program,) = re.findall(r"(%\S+) = tt.get_program_id x", code)
    uses = re.findall(rf".*[ (]{program}\b(?! = ).*", code)
    assert uses
    assert all("arith.extsi" in use and "i32 to i64" in use for use in uses)
