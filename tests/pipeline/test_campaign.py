"""Faults drawn at random, one and two together: whatever happened, the next call is right.

`make campaign` runs it. Seeds are fixed; what a kill hits depends on the machine.
"""

import os
import random
import resource
import shutil
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

from descent import data, files, iterates, manifest
from descent.compiled import sources
from descent.datasets import _table
from descent.errors import InputError
from pipeline.config import read_studies
from pipeline.syntax import check_syntax

pytestmark = pytest.mark.campaign

KILLS, FULL_DISKS, FULL_DISKS_OF_SCRIPTS = 10, 4, 12
DAMAGES, CONFIGURATIONS, TABLES, KERNELS = 2000, 500, 300, 100

OTHER = TINY.replace("seeds:", "l2: 0.01\n    seeds:").replace("epochs: 1,", "epochs: 4,")


@pytest.fixture(scope="module")
def undisturbed(made_once, tmp_path_factory) -> dict[str, dict[str, bytes]]:
    """What each configuration gives when nothing goes wrong."""
    other = copy_project(tmp_path_factory.mktemp("other") / "project", OTHER)
    other.jobs("all")
    return {TINY: made_once.files("results"), OTHER: other.files("results")}


def session(process: subprocess.Popen) -> list[int]:
    """The processes of a call that live."""
    listed = subprocess.run(["pgrep", "--session", str(process.pid)], stdout=subprocess.PIPE)
    return [int(pid) for pid in listed.stdout.split()]


def kill(process: subprocess.Popen, whom: str, draw: random.Random) -> None:
    """Kill the whole call, Snakemake alone, or one of its jobs."""
    living = session(process)
    jobs = [pid for pid in living if pid != process.pid]
    if whom == "all":
        os.killpg(process.pid, draw.choice([signal.SIGKILL, signal.SIGHUP, signal.SIGINT]))
    elif whom == "Snakemake" or not jobs:
        process.kill()
    else:
        os.kill(draw.choice(jobs), signal.SIGKILL)


def visible(project: Project) -> dict[str, bytes]:
    """Results, without what a killed job had begun, which goes with its next write."""
    return {n: c for n, c in project.files("results").items() if not Path(n).name.startswith(".")}


def until_done(project: Project) -> None:
    """What README.md says to do after a crash."""
    project.snakemake("--unlock")
    code, output = project.snakemake("all")
    assert code == 0, output


@pytest.mark.parametrize("number", range(KILLS))
def test_kills(made, undisturbed, number):
    """A change, and one to three kills, with or without a further change between them."""
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
    until_done(made)
    expected = undisturbed[config]
    shown = visible(made)
    assert {name: shown[name] for name in expected} == expected, history
    deadline = time.monotonic() + 120
    while any(map(session, orphans)):  # those that a killed Snakemake left
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert visible(made) == shown, history
    assert made.plan("all") == [], history
    assert "results/tiny: as it was made" in made.snakemake("verify")[1]
    print(f"kills: {', '.join(history)}: right")


def limit(size: int):
    """No file grows beyond a size: writes fail as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("number", range(FULL_DISKS))
def test_full_disks(made, undisturbed, number):
    size = int(10 ** random.Random(number).uniform(3, 5))
    (made.folder / "config.yaml").write_text(OTHER)
    before = made.files("results")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "all"]
    done = subprocess.run(
        command, cwd=made.folder, preexec_fn=limit(size), capture_output=True, text=True
    )
    assert done.returncode != 0
    assert made.files("results").keys() >= before.keys()
    until_done(made)
    assert visible(made) == undisturbed[OTHER]
    print(f"a disk with room for files of {size} bytes: right afterwards")


@pytest.mark.parametrize("number", range(FULL_DISKS_OF_SCRIPTS))
def test_a_script_on_a_full_disk_says_so_in_a_line(made, number, tmp_path):
    made_before = made.files("results")
    iterates_file = "results/tiny/iterates/sgd/1.0.npz"
    scripts = [
        f"train.py --engine numpy --model sigmoid_softmax --seeds 0 --batch-size full --epochs 9"
        f" --evaluate-every 1 --step-size 1 --data data/digits.npz --iterates {iterates_file}",
        f"evaluate.py --iterates {iterates_file} --data data/digits.npz --study tiny"
        " --optimizer sgd --trace results/tiny/traces/sgd/1.0.csv"
        " --record results/tiny/traces/sgd/1.0.json",
        "download.py --dataset bowl --raw raw --data results/d.npz",
    ]
    script, *options = scripts[number % len(scripts)].split()
    size = [0, 100, 300, 500][number // len(scripts)]
    done = subprocess.run(
        [sys.executable, made.folder / "scripts" / script, *options, "--log", "logs/x.log"],
        cwd=made.folder,
        preexec_fn=limit(size),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    error = done.stderr.splitlines()
    assert len(error) == 1, done.stderr
    assert error[0].startswith("error: results/")
    assert error[0].endswith(": File too large")
    assert made.files("results") == made_before


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Content with a bit flipped, bytes lost, repeated or exchanged, or nothing left."""
    a, b = sorted(draw.randrange(len(content) + 1) for _ in range(2))
    at = draw.randrange(len(content))
    flipped = content[at] ^ 1 << draw.randrange(8)
    return draw.choice(
        [
            content[:at] + bytes([flipped]) + content[at + 1 :],
            content[:at],
            content[:a] + content[b:],
            content[:a] + content[a:b] * 2 + content[b:],
            content[:a] + draw.randbytes(b - a) + content[b:],
            b"",
        ]
    )


def test_damaged_files(made, monkeypatch):
    """Every one is named by verify; an npz is refused, or is what it was."""
    monkeypatch.chdir(made.folder)
    draw, study = random.Random(0), Path("results/tiny")
    sums = manifest.read(study / "SHA256SUMS")
    paths = [*sums, study / "SHA256SUMS", Path("data/digits.npz")]
    loaders = {"iterates": iterates.load, "data": data.load}
    whole = {path: files.load_npz(path, set())[0] for path in paths if path.suffix == ".npz"}
    refused = 0
    for _ in range(DAMAGES):
        path = draw.choice(paths)
        content = path.read_bytes()
        other = damaged(content, draw)
        if other == content:
            continue
        path.write_bytes(other)
        if path in sums:
            assert manifest.altered({path: sums[path]}) == [f"{path}: was altered"]
        elif path.name == "SHA256SUMS":
            with pytest.raises(InputError):  # what it lists is no longer what is there
                raise InputError("\n".join(manifest.altered(manifest.read(path))) or "fine")
        if path in whole:
            try:
                arrays, _ = files.load_npz(path, set(whole[path]))
                assert all(np.array_equal(arrays[n], a) for n, a in whole[path].items())
            except InputError:
                refused += 1
                with pytest.raises(InputError):
                    loaders[path.parts[-3] if path in sums else "data"](path)
        path.write_bytes(content)
    assert refused > DAMAGES / 10
    print(f"damaged files: {DAMAGES}, all named; {refused} npz files refused, the others unharmed")


def test_damaged_configurations(tmp_path, monkeypatch):
    """Each is read, or refused in lines that name the file, and soon."""
    monkeypatch.chdir(tmp_path)
    draw, content = random.Random(0), (ROOT / "config.yaml").read_bytes()
    path, refused, slowest = Path("config.yaml"), list[str](), 0.0
    for _ in range(CONFIGURATIONS):
        path.write_bytes(damaged(content, draw))
        started = time.perf_counter()
        try:
            check_syntax(str(path))
            read_studies(yaml.safe_load(path.read_text()), [path])
        except InputError as error:
            refused.append(str(error))
        slowest = max(slowest, time.perf_counter() - started)
    assert len(refused) > CONFIGURATIONS / 3
    assert all(line.startswith("config.yaml") for said in refused for line in said.splitlines())
    print(
        f"damaged configurations: {CONFIGURATIONS}, {len(refused)} refused, {slowest:.1f} s at most"
    )


def test_damaged_tables(tmp_path, monkeypatch):
    """Each is a dataset that something can train on, or refused in lines that name the file."""
    monkeypatch.chdir(tmp_path)
    draw, refused = random.Random(0), list[str]()
    load_wine(as_frame=True).frame.to_csv("wine.csv", index=False)
    content, table = Path("wine.csv").read_bytes(), _table.Table(file="wine.csv", target="target")
    for _ in range(TABLES):
        Path("wine.csv").write_bytes(damaged(content, draw))
        try:
            made = _table.obtain(table)
            data.check(made, "wine.csv")
            assert made.size == _table.size(table)
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > TABLES / 3
    assert all(line.startswith("wine.csv") for said in refused for line in said.splitlines())
    print(f"damaged tables: {TABLES}, {len(refused)} refused")


def test_damaged_kernels(tmp_path, monkeypatch):
    sys.path.insert(0, str(ROOT / "tests"))
    from test_kernel_cache import damage_again_and_again

    monkeypatch.setattr(sources, "folder", lambda: tmp_path)
    damage_again_and_again(tmp_path, KERNELS, seed=1)
    shutil.rmtree(tmp_path)
    print(f"damaged kernels: {KERNELS}, all compiled again")
