"""The scripts as command-line programs, without Snakemake."""

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, heeding_ctrl_c, wait_until_it_trains  # pyright: ignore

from descent.store import iterates

RUN = {"model": "sigmoid_softmax", "seeds": [0, 1], "step_size": 0.1, "batch_size": 1}
RUN |= {"epochs": 1, "evaluate_every": 500}


def train(data="d.npz", engine="numpy", to="sgd/0.1.npz", scripts=ROOT / "scripts", **keys):
    """The command that trains RUN with changed keys."""
    run = json.dumps({**RUN, **keys})
    options = ["--data", data, "--engine", engine, "--run", run, "--iterates", to]
    return [sys.executable, str(scripts / "train.py"), *options, "--log", "log"]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def refused(command: list[str], folder: Path) -> str:
    """The error of a command that writes nothing but this line to standard error and its log."""
    done = run(command, folder)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1, done.stderr
    assert (folder / "log").read_text() == done.stderr
    assert not list(folder.glob("sgd/*")) + list(folder.glob("sgd/.*"))
    return done.stderr.removeprefix("error: ")


@pytest.fixture
def folder(made_once, tmp_path) -> Path:
    shutil.copy(made_once.folder / "data/digits.npz", tmp_path / "d.npz")
    return tmp_path


def test_the_example_in_the_help_runs(folder):
    shown = run([sys.executable, str(ROOT / "scripts/train.py"), "--help"], folder).stdout
    script, *options = shlex.split(shown.partition("example:")[2])
    assert script == "scripts/train.py"
    options[options.index("data/digits.npz")] = "d.npz"
    assert run([sys.executable, str(ROOT / script), *options], folder).returncode == 0
    assert (folder / "run.npz").exists()


def test_training_shows_its_progress_on_a_terminal(folder):
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 80))
    subprocess.run(train(), cwd=folder, stderr=its, check=True)
    os.close(its)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "0.1:   0%" in shown
    assert "/3.00k" in shown


def test_training_is_silent_elsewhere_and_writes_its_log(folder):
    done = run(train(), folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = (folder / "log").read_text().splitlines()
    assert log[-2] == "numpy on cpu, 1500 steps per seed"
    assert log[-1].startswith("done in")


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"lr": 1}, "run: lr: unknown key; allowed: average_from, batch_size, "),
        ({"batch_size": 1501}, "batch_size: found 1501; allowed: at most 1500, or full"),
    ],
)
def test_an_invalid_run_is_one_line_and_writes_nothing(folder, keys, says):
    assert refused(train(**keys), folder).startswith(says)


def test_an_error_of_the_schedule_in_the_last_step_is_reported_before_the_first(folder):
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    file = folder / "scripts/descent/schedules/odd.py"
    file.write_text("def factor(t, steps, most=5):\n    return steps - 0.5 - t\n")
    command = train(scripts=folder / "scripts", schedule="odd", engine="none")
    found = refused(command, folder)
    says = "factor: found -0.5 in step 1500 of 1500; allowed: a finite number ≥ 0\n"
    assert found == f"scripts/descent/schedules/odd.py: {says}"


def test_validation_samples_do_not_train(folder):
    assert run(train(validation=300), folder).returncode == 0
    with np.load(folder / "d.npz") as stored:
        arrays = dict(stored)
    few = {name: array[:1200] if "train" in name else array for name, array in arrays.items()}
    np.savez(folder / "few.npz", **few)
    assert run(train("few.npz", to="few"), folder).returncode == 0
    held_out, of_few = (iterates.load(folder / name)[0] for name in ("sgd/0.1.npz", "few"))
    for name, p in of_few.parameters.items():
        assert (held_out.parameters[name] == p).all()
    assert held_out.step[-1] == 1200


@pytest.mark.parametrize(
    ("data", "keys", "says"),
    [
        ("other.npz", {}, "trained.npz: was trained with data_sha256 "),
        ("d.npz", {"epochs": 2}, "trained.npz: was trained with epochs 1, not 2. Delete it"),
    ],
)
def test_evaluation_refuses_iterates_of_other_data_or_another_run(folder, data, keys, says):
    assert run(train(to="trained.npz"), folder).returncode == 0
    (folder / "other.npz").write_bytes((folder / "d.npz").read_bytes() + b" ")
    command = f"evaluate.py --iterates trained.npz --data {data} --study s --optimizer o --trace"
    command += " sgd/t.csv --record sgd/t.json --evaluator numpy --log log --run"
    script, *options = [*command.split(), json.dumps({**RUN, **keys})]
    command = [sys.executable, str(ROOT / "scripts" / script), *options]
    assert refused(command, folder).startswith(says)


def test_ctrl_c_is_one_line_and_leaves_no_file(folder):
    options = {"stderr": subprocess.PIPE, "text": True, "preexec_fn": heeding_ctrl_c}
    process = subprocess.Popen(train(epochs=1000), cwd=folder, **options)
    wait_until_it_trains(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert errors == (folder / "log").read_text() == "error: interrupted\n"
    assert process.returncode != 0
    assert not list(folder.glob("sgd/*")) + list(folder.glob("sgd/.*"))


def test_a_job_whose_snakemake_has_ended_writes_nothing(folder, monkeypatch):
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setenv("DESCENT_CALL", f"{os.uname().nodename} {gone.pid}")
    says = "the Snakemake that started this job has ended: nothing was written\n"
    assert refused(train(), folder) == says
