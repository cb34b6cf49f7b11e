"""GPUs that can be used, and those that cannot, with a driver of CUDA that the tests write."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from descent.cuda import COMPILED, _cuda_of_torch

SCRIPTS = Path(__file__).parents[1] / "scripts"
DRIVER = """
#include <stdlib.h>
static int number(const char *name) { return atoi(getenv(name)); }
int cuInit(unsigned flags) { return number("FAILS"); }
int cuDeviceGetCount(int *count) { *count = number("COUNT"); return 0; }
int cuDriverGetVersion(int *version) { *version = number("DRIVER"); return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = 40 + ordinal; return ordinal != 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? number("MAJOR") : attribute == 76 ? number("MINOR") : -1;
    return device != 40 || number("ASKED");
}
"""
GOOD = {"FAILS": 0, "ASKED": 0, "COUNT": 1, "DRIVER": 13000, "MAJOR": 9, "MINOR": 0}

TORCH = ".".join(map(str, _cuda_of_torch() or ()))
FOR = ", ".join(f"{major}.{minor}" for major, minor in COMPILED)

pytestmark = pytest.mark.skipif(
    not shutil.which("gcc") or not TORCH, reason="there is no C compiler, or torch has no CUDA"
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> Path:
    """Where libcuda.so.1 lies."""
    folder = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER)
    build = ["gcc", "-shared", "-fPIC", folder / "driver.c", "-o", folder / "libcuda.so.1"]
    subprocess.run(build, check=True)
    return folder


def run(driver: Path, code: str, **said) -> subprocess.CompletedProcess:
    """Run a program that finds this driver, which says that."""
    environment = os.environ | {"LD_LIBRARY_PATH": str(driver), "PYTHONPATH": str(SCRIPTS)}
    environment |= {name: str(number) for name, number in (GOOD | said).items()}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("said", "usable", "reason"),
    [
        ({}, True, None),
        ({"MAJOR": 7, "MINOR": 5}, True, None),
        ({"MAJOR": 12}, True, None),
        ({"DRIVER": 13040}, True, None),
        ({"DRIVER": 14000}, True, None),
        ({"FAILS": 100}, False, None),
        ({"COUNT": 0}, False, None),
        (
            {"DRIVER": 12080},
            False,
            f"the driver of the GPU is for CUDA 12.8, torch for {TORCH}",
        ),
        (
            {"MAJOR": 7, "MINOR": 0},
            False,
            f"the GPU has compute capability 7.0, torch is compiled for {FOR}",
        ),
        (
            {"MAJOR": 11},
            False,
            f"the GPU has compute capability 11.0, torch is compiled for {FOR}",
        ),
        ({"MAJOR": 8, "MINOR": 9}, True, None),
        ({"ASKED": 1}, False, None),
    ],
)
def test_what_the_driver_says(driver, said, usable, reason):
    code = "from descent import cuda; print(cuda.has_cuda(), cuda.unusable())"
    assert run(driver, code, **said).stdout == f"{usable} {reason}\n"


def test_torch_does_not_complain_besides_of_a_driver_that_is_too_old(driver):
    code = "import torch; torch.ones(1, requires_grad=True).sum().backward(); print(1)"
    said = [run(driver, first + code, DRIVER=12080) for first in ("", "import descent; ")]
    assert [done.stdout for done in said] == ["1\n", "1\n"]
    assert "driver on your system is too old" in said[0].stderr
    assert said[1].stderr == ""


def test_versions_are_those_of_torch():
    import torch

    assert torch.version.cuda == TORCH
    compiled_for = (int(name.removeprefix("sm_")) for name in torch.cuda.get_arch_list())
    assert tuple(divmod(number, 10) for number in compiled_for) == COMPILED
