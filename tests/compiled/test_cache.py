"""Kernels are compiled once for each version of their sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
RUN = """
import descent, sys, time
import numpy as np
from descent.compiled import cache, samples
entries, level = samples.by_sample(np.eye(3, dtype=np.uint8), 1.0, "float32")
assert entries.other[entries.start[1]] == 1 and entries.code[entries.start[2]] == 1
hits = samples._fill.compiled.stats.cache_hits
print(cache.cache_dir(), sum(hits.values()))
"""


@pytest.fixture
def scripts(tmp_path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=ignored)


def run(scripts: Path, **environment: str) -> tuple[Path, int, str]:
    """Use a kernel in a new process: the folder and the hits of the cache, and the log."""
    home = {"PYTHONPATH": str(scripts), "HOME": str(scripts.parent)}
    command, env = [sys.executable, "-c", RUN], {**os.environ, **home, **environment}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    folder, hits = done.stdout.split()
    return Path(folder), int(hits), done.stderr


def test_kernels_are_cached_until_a_source_changes_and_compiled_again_if_damaged(scripts):
    folder, hits, _ = run(scripts)
    assert folder.parent == scripts / "descent/compiled/__pycache__"
    assert hits == 0
    assert run(scripts, NUMBA_DISABLE_JIT="1") == (folder, 1, "")
    for file in folder.rglob("*.nb*"):
        file.write_bytes(b"damaged")
    assert "compiling again" in run(scripts)[2]
    assert run(scripts) == (folder, 1, "")
    source = scripts / "descent/compiled/rows.py"
    source.write_text(source.read_text() + "\n")
    other, hits, _ = run(scripts)
    assert (other != folder, hits) == (True, 0)


def test_kernels_of_read_only_sources_go_into_the_cache_of_the_user(scripts):
    (scripts / "descent/compiled/__pycache__").write_text("no folder can be made here")
    folder, *_ = run(scripts, XDG_CACHE_HOME=str(scripts.parent / "xdg"))
    assert folder.parent == scripts.parent / "xdg/descent"
    assert run(scripts, XDG_CACHE_HOME=str(scripts.parent / "xdg"))[1] == 1
    (scripts.parent / "file").write_text("")
    assert run(scripts, XDG_CACHE_HOME=str(scripts.parent / "file"))[0] == Path("None")
