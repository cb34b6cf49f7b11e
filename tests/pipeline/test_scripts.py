"""The scripts as ordinary command-line programs, without Snakemake."""

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import heeding_ctrl_c  # pyright: ignore

from descent import iterates

SCRIPTS = Path(__file__).parents[2] / "scripts"
TRAIN = (
    "--data d.npz --model sigmoid_softmax --engine numpy --step-size 0.1 --batch-size 1"
    " --epochs 1 --evaluate-every 500 --seeds 0 1 --iterates sgd/0.1.npz --log log"
).split()


def command(script: str, *options: str) -> list[str]:
    return [sys.executable, str(SCRIPTS / script), *options]


@pytest.fixture
def folder(tmp_path) -> Path:
    options = ["--dataset", "digits", "--raw", "raw", "--data", "d.npz"]
    subprocess.run(command("download.py", *options), cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("script", [p.name for p in SCRIPTS.glob("*.py")])
def test_help(script):
    done = subprocess.run(command(script, "--help"), capture_output=True, text=True, check=True)
    assert len(done.stdout) > 200


def test_the_example_in_the_help_runs(folder):
    shown = subprocess.run(command("train.py", "--help"), capture_output=True, text=True).stdout
    _, script, *options = shown[shown.index("example: ") :].split()
    assert script == "scripts/train.py"
    options[options.index("data/digits.npz")] = "d.npz"
    subprocess.run(command("train.py", *options), cwd=folder, check=True)
    assert (folder / "run.npz").exists()


def test_training_shows_its_progress_on_a_terminal(folder):
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run(command("train.py", *TRAIN), cwd=folder, stderr=its, check=True)
    os.close(its)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "sgd 0.1:   0%" in shown
    assert shown.endswith(f"{' ' * 79}\r")  # and takes it back: Snakemake's line follows
    assert "/3.00k" in shown


def test_training_is_silent_elsewhere_and_writes_its_log(folder):
    done = subprocess.run(command("train.py", *TRAIN), cwd=folder, capture_output=True, check=True)
    assert done.stdout == done.stderr == b""
    log = (folder / "log").read_text().splitlines()
    assert log[1] == "numpy on cpu, 1500 steps a seed"
    assert log[-1].startswith("done in")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("sigmoid_softmax", "x", "--model: found 'x'; allowed: one of linear_regression, "),
        ("numpy", "x", "argument --engine: invalid choice: 'x' (choose from"),
        ("1", "x", "--batch-size: found 'x'; allowed: an integer ≥ 1, or full"),
        ("1", "full --sampling with_replacement", "error: --sampling: found with_replacement; al"),
        ("1", "1501", "error: --batch-size: found 1501; allowed: at most the 1500 training samp"),
        ("--epochs", "--validation 1499 --epochs", "out: y_test[0] is 1; allowed: labels 0"),
        ("--epochs", "--validation 1500 --epochs", "error: --validation: found 1500; allowed: few"),
        ("500", "0", "--evaluate-every: found 0; allowed: an integer ≥ 1"),
        ("--step-size", "--lr", "the run: found unknown key lr; did you mean step_size? allowed"),
        ("--step-size", "--lr", "--step-size: is missing"),
        ("0.1", "0.1 0.2", "the run: found 0.2; allowed: options and their values"),
        ("sigmoid_softmax", "linear_regression", "--model: found linear_regression; allowed: neu"),
        ("d.npz", "x.npz", "error: x.npz: no such file"),
    ],
)
def test_bad_options(folder, old, new, says):
    options = list(TRAIN)
    options = " ".join(options).replace(f" {old} ", f" {new} ", 1).split()
    done = subprocess.run(command("train.py", *options), cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("sgd/*"))


def test_what_is_held_out_does_not_train(folder):
    subprocess.run(command("train.py", *TRAIN, "--validation", "300"), cwd=folder, check=True)
    with np.load(folder / "d.npz") as stored:
        arrays = dict(stored)
    few = {name: array[:1200] if "train" in name else array for name, array in arrays.items()}
    np.savez(folder / "few.npz", **few)
    options = " ".join(TRAIN).replace("d.npz", "few.npz").replace("sgd/0.1", "sgd/few").split()
    subprocess.run(command("train.py", *options), cwd=folder, check=True)
    held_out, of_few = (iterates.load(folder / f"sgd/{name}.npz")[0] for name in ("0.1", "few"))
    for name, p in of_few.parameters.items():
        assert (held_out.parameters[name] == p).all()
    assert held_out.step[-1] == 1200
    assert held_out.provenance["validation"] == 300


def test_a_schedule_that_is_wrong_in_the_last_step_is_reported_before_the_first(folder):
    shutil.copytree(SCRIPTS, folder / "scripts")
    file = folder / "scripts/descent/schedules/odd.py"
    file.write_text("def factor(t, steps, most=5):\n    return steps - 0.5 - t\n")
    train = [sys.executable, "scripts/train.py", *TRAIN, "--schedule", "odd", "--most", "7"]
    done = subprocess.run(train, cwd=folder, capture_output=True, text=True)
    says = "found -0.5 in step 1500 of 1500; allowed: a finite number ≥ 0"
    assert done.stderr == f"error: scripts/descent/schedules/odd.py: factor: {says}\n"
    assert "steps a seed" not in (folder / "log").read_text()
    assert not list(folder.glob("sgd/*"))


def test_iterates_are_evaluated_on_their_own_data(folder):
    subprocess.run(command("train.py", *TRAIN), cwd=folder, check=True)
    (folder / "other.npz").write_bytes((folder / "d.npz").read_bytes() + b" ")
    options = "--iterates sgd/0.1.npz --data other.npz --study s --optimizer o --trace t.csv"
    options += " --record t.json"
    done = subprocess.run(
        command("evaluate.py", *options.split()), cwd=folder, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "error: sgd/0.1.npz: was trained on other data than other.npz" in done.stderr
    assert not (folder / "t.csv").exists()


def test_iterates_from_before_a_key_are_not_what_is_expected(folder):
    subprocess.run(command("train.py", *TRAIN), cwd=folder, check=True)
    trained, _ = iterates.load(folder / "sgd/0.1.npz")
    sampling = trained.provenance.pop("sampling")
    iterates.save(trained, folder / "old.npz")
    options = "--data d.npz --study s --optimizer o --trace t.csv --record t.json --iterates"
    options = [*options.split(), "old.npz", "--run", json.dumps({"sampling": sampling})]
    done = subprocess.run(
        command("evaluate.py", *options), cwd=folder, capture_output=True, text=True
    )
    assert done.returncode != 0
    says = "old.npz: was trained with sampling None, not shuffled. Delete it: the pipeline makes it"
    assert done.stderr == f"error: {says} again\n"


def test_ctrl_c_is_one_line_and_leaves_nothing(folder):
    options = list(TRAIN)
    options[options.index("--epochs") + 1] = "1000"
    process = subprocess.Popen(
        command("train.py", *options),
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeding_ctrl_c,
    )
    log = folder / "log"
    while not (log.exists() and "steps a seed" in log.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert errors == "error: interrupted\n"
    assert process.returncode != 0
    assert log.read_text().endswith("error: interrupted\n")
    assert not list(folder.glob("sgd/*")) + list(folder.glob("sgd/.*"))
