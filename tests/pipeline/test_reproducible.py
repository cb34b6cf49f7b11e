"""The same bytes with any number of cores, and after any kill."""

import os
import signal
import time
from pathlib import Path

import pytest
from conftest import CONVEX, NOTHING, Project, copy_project, training  # pyright: ignore

pytestmark = pytest.mark.slow
ITERATES = "results/tiny/iterates/sgd/0.1.npz"
LONG = """\
studies:
  tiny: {dataset: digits, model: sigmoid_softmax, engine: numpy, seeds: [0, 1], optimizers: {
    sgd: {batch_size: 1, epochs: 120, evaluate_every: 10000, step_sizes: [0.1]}}}
"""


def test_cores_change_no_byte(convex_once, tmp_path):
    alone = copy_project(tmp_path / "project", CONVEX)
    alone.jobs("all", "--cores", "1")
    one, two = (project.files("results", "data") for project in (alone, convex_once))
    kinds = {".csv", ".json", ".npz", ".png", ".pdf", ".html", ".txt", ".yaml", ""}
    assert {Path(name).suffix for name in one} == kinds
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


@pytest.fixture
def project(tmp_path) -> Project:
    return copy_project(tmp_path / "project", LONG)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> bytes:
    project = copy_project(tmp_path_factory.mktemp("undisturbed"), LONG)
    project.jobs(ITERATES)
    return (project.folder / ITERATES).read_bytes()


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_the_call_after_a_killed_or_interrupted_one_makes_the_same_bytes(
    project, undisturbed, kill
):
    process = project.start(ITERATES)
    training(process)
    os.killpg(process.pid, kill)
    output, _ = process.communicate()
    assert process.returncode != 0
    assert "Traceback" not in output
    assert project.results() == {}
    if kill == signal.SIGKILL:
        code, output = project.snakemake(ITERATES)
        assert code != 0
        assert "--unlock" in output
        assert project.snakemake("--unlock")[0] == 0
    assert project.jobs(ITERATES) == ["train tiny sgd 0.1"]
    assert (project.folder / ITERATES).read_bytes() == undisturbed


def orphan_of(project: Project) -> int:
    """Kill Snakemake alone while it trains, and return the id of the stopped training process."""
    process = project.start(ITERATES)
    orphan = training(process)
    os.kill(orphan, signal.SIGSTOP)
    process.kill()
    process.wait()
    process.stdout.close()
    assert project.snakemake("--unlock")[0] == 0
    return orphan


def go_on_to_the_end(process: int) -> None:
    os.kill(process, signal.SIGCONT)
    while Path(f"/proc/{process}").exists():
        time.sleep(0.1)


def test_an_orphan_does_not_disturb_a_simultaneous_training(project, undisturbed):
    orphan = orphan_of(project)
    process = project.start(ITERATES)
    training(process)
    go_on_to_the_end(orphan)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert (project.folder / ITERATES).read_bytes() == undisturbed


def test_an_orphan_changes_no_results_of_a_newer_configuration(project):
    orphan = orphan_of(project)
    project.replace("config.yaml", "epochs: 120", "epochs: 1")
    project.jobs("all")
    made = project.files("results")
    go_on_to_the_end(orphan)
    assert project.files("results") == made
    assert NOTHING in project.snakemake("all")[1]
