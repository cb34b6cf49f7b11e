"""The machine on which something is measured."""

import platform
from pathlib import Path


def machine() -> str:
    """Return the processor, its widest vectors, the operating system and the version of Python."""
    processor, cpuinfo = platform.processor(), Path("/proc/cpuinfo")
    if cpuinfo.exists():
        pairs = (line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines())
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        widest = [flag for flag in ("avx512f", "avx2") if flag in fields.get("flags", "").split()]
        processor = ", ".join(
            [f"{fields.get('model name')}, family {fields.get('cpu family')}", *widest[:1]]
        )
    return f"{processor}, {platform.system()}, Python {platform.python_version()}"
