"""The same bytes, however many jobs run beside each other and whatever was killed."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import CONVEX, CONVEX_FIGURES, Project, copy_project  # pyright: ignore


def test_cores_change_no_byte(convex_once, tmp_path):
    alone = copy_project(tmp_path / "project", CONVEX, CONVEX_FIGURES)
    alone.jobs("all", "--cores", "1")
    one, two = (project.files("results", "data") for project in (alone, convex_once))
    kinds = {".csv", ".json", ".npz", ".png", ".pdf", ".html", ".txt", ""}
    assert {Path(name).suffix for name in one} == kinds
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


LONG = """\
studies:
  tiny:
    dataset: digits
    model: sigmoid_softmax
    engine: numpy
    seeds: [0, 1]
    optimizers:
      sgd: {batch_size: 1, epochs: 25, evaluate_every: 1000, step_sizes: [0.1]}
"""


@pytest.fixture
def project(tmp_path) -> Project:
    """A project whose only training takes some seconds."""
    return copy_project(tmp_path / "project", LONG)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    """What it makes when nothing is killed."""
    project = copy_project(tmp_path_factory.mktemp("undisturbed"), LONG)
    project.jobs("all")
    return project.files("results")


def training(process: subprocess.Popen) -> int:
    """Wait until the training job under Snakemake runs, and give the id of its process."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = subprocess.run(
            [
                "pgrep",
                "--session",
                str(os.getsid(process.pid)),
                "--full",
                "scripts/train.py --data",
            ],
            capture_output=True,
            text=True,
        )
        for pid in map(int, found.stdout.split()):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"scripts/train.py" in command:
                time.sleep(0.5)
                return pid
        time.sleep(0.05)
    raise TimeoutError


def test_a_killed_training_is_made_again(project, undisturbed):
    process = project.start("all")
    os.kill(training(process), signal.SIGKILL)
    output, _ = process.communicate()
    assert process.returncode != 0
    assert "Study tiny could not be made: a job was stopped" in output
    whole = {name for name in project.files("results") if not Path(name).name.startswith(".")}
    assert whole <= {"results/tiny/theory.json", "results/tiny/expected.csv"}
    project.jobs("all")
    assert project.files("results") == undisturbed


def test_a_killed_snakemake_needs_one_command_while_the_orphan_goes_on(project, undisturbed):
    process = project.start("all")
    orphan = training(process)
    os.kill(orphan, signal.SIGSTOP)  # it goes on when the next training runs beside it
    process.kill()
    process.wait()
    process.stdout.close()
    code, output = project.snakemake("all")
    assert code != 0
    assert "--unlock" in output
    assert project.snakemake("--unlock")[0] == 0
    process = project.start("all")
    training(process)
    os.kill(orphan, signal.SIGCONT)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    while Path(f"/proc/{orphan}").exists():
        time.sleep(0.1)
    assert project.files("results") == undisturbed
    assert project.jobs("all") == []


def test_an_orphan_changes_nothing_that_a_newer_configuration_made(project):
    """And evaluation refuses iterates of another run."""
    process = project.start("all")
    orphan = training(process)
    os.kill(orphan, signal.SIGSTOP)
    process.kill()
    process.wait()
    process.stdout.close()
    project.replace("config.yaml", "epochs: 25", "epochs: 1")
    assert project.snakemake("--unlock")[0] == 0
    project.jobs("all")
    made = project.files("results", "logs")
    os.kill(orphan, signal.SIGCONT)
    while Path(f"/proc/{orphan}").exists():
        time.sleep(0.1)
    assert project.files("results", "logs") == made
    assert project.jobs("all") == []

    project.replace("config.yaml", "epochs: 1", "epochs: 2")
    iterates = "results/tiny/iterates/sgd/0.1.npz"
    other = (project.folder / iterates).read_bytes()
    project.jobs(iterates)
    (project.folder / iterates).write_bytes(other)
    code, output = project.snakemake("all")
    assert code != 0
    assert f"error: {iterates}: was trained with epochs 1, not 2. Delete it" in output
