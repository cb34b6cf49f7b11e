"""Whether there is a GPU that torch and Triton can use, without importing them."""

import ctypes
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

# compute capabilities that torch's wheels hold code for; it runs on later ones of the same major
COMPILED = ((7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0))
MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_… in cuda.h


class Gpu(NamedTuple):
    """A device: the CUDA version of its driver, and its compute capability."""

    driver: tuple[int, int]
    capability: tuple[int, int]


def has_cuda() -> bool:
    """Whether there is a GPU, and it can be used."""
    return gpu() is not None and unusable() is None


@cache
def gpu() -> Gpu | None:
    """The first device that the CUDA driver sees (CUDA_VISIBLE_DEVICES counts); None without."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None

    def ask(function: str, *arguments: object) -> int | None:
        """What it gives; None where it fails."""
        answer = ctypes.c_int(0)
        failed = getattr(driver, function)(ctypes.byref(answer), *arguments)
        return None if failed else answer.value

    if driver.cuInit(0) or not ask("cuDeviceGetCount"):
        return None
    version, device = ask("cuDriverGetVersion"), ask("cuDeviceGet", 0)
    capability = tuple(ask("cuDeviceGetAttribute", which, device) for which in (MAJOR, MINOR))
    if version is None or None in capability:
        return None
    return Gpu((version // 1000, version % 1000 // 10), capability)


@cache
def unusable() -> str | None:
    """Why the GPU here cannot be used; None where it can, or where there is none."""
    if not (found := gpu()):
        return None
    needed = _cuda_of_torch()
    if needed is None:
        return "torch is built without CUDA"
    if found.driver[0] < needed[0]:  # within a major version, drivers run what is newer
        driver = _dotted(found.driver)
        return f"the driver of the GPU is for CUDA {driver}, torch for {_dotted(needed)}"
    major, minor = found.capability
    if not any(major == of and minor >= least for of, least in COMPILED):
        allowed = ", ".join(map(_dotted, COMPILED))
        return f"the GPU has compute capability {major}.{minor}, torch is compiled for {allowed}"
    return None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _cuda_of_torch() -> tuple[int, int] | None:
    """The version of CUDA that torch is built with; importing torch to ask takes two seconds."""
    torch = find_spec("torch")
    text = Path(torch.origin).with_name("version.py").read_text(encoding="utf-8") if torch else ""
    version = re.search(r"^cuda\b.*= '(\d+)\.(\d+)'", text, re.MULTILINE)
    return (int(version[1]), int(version[2])) if version else None
