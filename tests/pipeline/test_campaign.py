"""Random faults, alone and together: the next call has the right results after any of them.

`make campaign` runs these tests. Seeds are fixed, but the effect of a kill depends on the machine.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT, TINY, Project, copy_project  # pyright: ignore
from sklearn.datasets import load_wine

from descent.config.checks import check_yaml, read_studies
from descent.datasets import _table
from descent.errors import InputError
from descent.store import data, files, iterates, manifest

pytestmark = pytest.mark.campaign
KILLS, FULL_DISKS, DAMAGES, INPUTS = 8, 2, 1000, 200
OTHER = TINY.replace("seeds:", "l2: 0.01\n    seeds:").replace("epochs: 1,", "epochs: 4,")


@pytest.fixture(scope="module")
def undisturbed(made_once, tmp_path_factory) -> dict[str, dict[str, bytes]]:
    other = copy_project(tmp_path_factory.mktemp("other") / "project", OTHER)
    other.jobs("all")
    return {TINY: made_once.files("results"), OTHER: other.files("results")}


def session(process: subprocess.Popen) -> list[int]:
    listed = subprocess.run(["pgrep", "--session", str(process.pid)], stdout=subprocess.PIPE)
    return [int(pid) for pid in listed.stdout.split()]


def kill(process: subprocess.Popen, whom: str, draw: random.Random) -> None:
    """Kill the whole call, Snakemake alone, or one of its jobs."""
    jobs = [pid for pid in session(process) if pid != process.pid]
    if whom == "all":
        os.killpg(process.pid, draw.choice([signal.SIGKILL, signal.SIGHUP, signal.SIGINT]))
    elif whom == "Snakemake" or not jobs:
        process.kill()
    else:
        os.kill(draw.choice(jobs), signal.SIGKILL)


def make_all(project: Project) -> dict[str, bytes]:
    """Do what README.md says after a crash, and return the results."""
    project.snakemake("--unlock")
    code, output = project.snakemake("all")
    assert code == 0, output
    return project.results()


@pytest.mark.parametrize("number", range(KILLS))
def test_kills(made, undisturbed, number):
    """One to three changes of the configuration, each followed by a kill."""
    draw = random.Random(number)
    config, orphans, history = TINY, [], []
    for _ in range(draw.randint(1, 3)):
        config = draw.choice([OTHER, OTHER, TINY])
        (made.folder / "config.yaml").write_text(config)
        made.snakemake("--unlock")
        call = made.start("all")
        orphans.append(call)
        whom, after = draw.choice(["all", "Snakemake", "a job"]), draw.uniform(1, 7)
        history.append(f"{whom} after {after:.1f} s")
        time.sleep(after)
        kill(call, whom, draw)
        if whom == "a job":
            call.communicate()
        call.wait()
        call.stdout.close()
    shown, expected = make_all(made), undisturbed[config]
    assert {name: shown[name] for name in expected} == expected, history
    deadline = time.monotonic() + 120
    while any(map(session, orphans)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert made.results() == shown, history
    assert made.plan("all") == [], history
    assert "results/tiny: unaltered" in made.snakemake("verify")[1]
    print(f"kills: {', '.join(history)}: right")


@pytest.mark.parametrize("number", range(FULL_DISKS))
def test_full_disks(made, undisturbed, number):
    """A limit of the size of files makes writes fail as on a full disk."""
    size = int(10 ** random.Random(number).uniform(3, 5))
    (made.folder / "config.yaml").write_text(OTHER)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "all"]
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}
    assert subprocess.run(command, cwd=made.folder, capture_output=True, **limit).returncode != 0
    assert make_all(made) == undisturbed[OTHER]
    print(f"a disk with room for files of {size} bytes: right afterwards")


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Content with a flipped bit, with lost, repeated or replaced bytes, or without any."""
    a, b = sorted(draw.randrange(len(content) + 1) for _ in range(2))
    at = draw.randrange(len(content))
    flipped = content[at] ^ 1 << draw.randrange(8)
    inside = b"", content[a:b] * 2, draw.randbytes(b - a)
    changed = [content[:a] + new + content[b:] for new in inside]
    return draw.choice(
        [*changed, content[:at] + bytes([flipped]) + content[at + 1 :], content[:at], b""]
    )


def test_damaged_files(made, monkeypatch):
    """Every damaged file is named by verify; an npz is refused, or has the same arrays."""
    monkeypatch.chdir(made.folder)
    draw, sums = random.Random(0), Path("results/tiny/SHA256SUMS")
    listed = [path for path in Path("results/tiny").rglob("*") if path.is_file() and path != sums]
    loaders = {"iterates": iterates.load, "data": data.load}
    paths = sorted([*listed, sums, Path("data/digits.npz")])
    whole = {path: files.load_npz(path, set())[0] for path in paths if path.suffix == ".npz"}
    refused = 0
    for _ in range(DAMAGES):
        path = draw.choice(paths)
        content = path.read_bytes()
        other = damaged(content, draw)
        if other == content:
            continue
        path.write_bytes(other)
        if path in listed:
            assert manifest.altered(sums) == [f"{path}: was altered"]
        elif path == sums:
            with pytest.raises(InputError):  # truncated, or other files than those that exist
                raise InputError("\n".join(manifest.altered(sums)) or "fine")
        if path in whole:
            try:
                arrays, _ = files.load_npz(path, set(whole[path]))
                assert all(np.array_equal(arrays[n], a) for n, a in whole[path].items())
            except InputError:
                refused += 1
                with pytest.raises(InputError):
                    loaders[path.parts[-3] if path in listed else "data"](path)
        path.write_bytes(content)
    assert refused > DAMAGES / 10
    print(f"damaged files: {DAMAGES}, all named; {refused} npz files refused, the others unharmed")


def read_configuration() -> None:
    check_yaml("config.yaml")
    read_studies(yaml.safe_load(Path("config.yaml").read_text()), ["config.yaml"])


def read_table() -> None:
    table = _table.Table(file="wine.csv", target="target")
    made = _table.obtain(table)
    data.check(made, "wine.csv")
    assert made.size == _table.size(table)


@pytest.mark.parametrize(
    ("file", "content", "read"),
    [
        ("config.yaml", (ROOT / "config.yaml").read_bytes(), read_configuration),
        ("wine.csv", load_wine(as_frame=True).frame.to_csv(index=False).encode(), read_table),
    ],
    ids=["configurations", "tables"],
)
def test_damaged_inputs(tmp_path, monkeypatch, file, content, read):
    monkeypatch.chdir(tmp_path)
    draw, refused = random.Random(0), list[str]()
    for _ in range(INPUTS):
        Path(file).write_bytes(damaged(content, draw))
        try:
            read()
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > INPUTS / 3
    assert all(line.startswith(file) for said in refused for line in said.splitlines())
    print(f"damages of {file}: {INPUTS}, {len(refused)} refused")
