"""The kernels compile for a GPU, on machines that have none: the interpreter accepts more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

# compiles both kernels as the engine calls them, on MNIST or diabetes, down to machine code
COMPILE = """
import sys
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from descent.engines.triton import TILE, _steps, _to_score_gradients
from descent.gpu.formulas import compiled
from descent.plugins import plugin

_, name, dtype, size, warps = sys.argv
classifies = plugin("models", name).TASK == "classification"
features, classes = (784, 10) if classifies else (10, 1)
y_type = "*i64" if classifies else "*" + dtype
types = {"x_at": "*u8" if classifies else "*fp64", "y_at": y_type, "order_at": "*i32"}
types |= {at: "*" + dtype for at in ("A_at", "b_at", "z_at", "losses_at", "divisor_at")}
types |= {at: "*fp64" for at in ("scale_at", "step_sizes_at", "factors_at")}
power_of_2 = triton.next_power_of_2
known = {"features": features, "classes": classes, "size": int(size), "bias": classifies}
known |= {"ROWS": power_of_2(classes), "COLUMNS": power_of_2(features), "TILE": TILE}
for formula in ("losses", "score_gradient"):
    known[formula] = compiled(getattr(plugin("models", name), formula), classes)
for kernel in (_steps, _to_score_gradients):
    names = kernel.arg_names
    signature = {n: types.get(n, "constexpr" if n in known else "i32") for n in names}
    values = {(i,): known[n] for i, n in enumerate(names) if n in known}
    made = triton.compile(
        ASTSource(kernel, signature, values),
        target=GPUTarget("cuda", 90, 32),
        options={"num_warps": int(warps)},
    )
    print(kernel.__name__, len(made.asm["cubin"]))
"""


@pytest.mark.parametrize(
    ("model", "dtype", "size", "warps"),
    [
        ("softmax_regression", "fp32", 1, 4),
        ("sigmoid_softmax", "fp32", 32, 8),
        ("linear_regression", "fp64", 1, 8),
    ],
)
def test_compiles_for_a_gpu(model, dtype, size, warps, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "TRITON_CACHE_DIR": str(tmp_path)}
    environment.pop("TRITON_INTERPRET", None)
    command = [sys.executable, "-c", COMPILE, model, dtype, str(size), str(warps)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "_steps",
        "_to_score_gradients",
    ]
