"""A failure is a clear message and a non-zero exit code, and the next call makes the same bytes."""

import os
import signal

import pytest
from conftest import TINY, jobs, training  # pyright: ignore

LONG = ("epochs: 1, evaluate_every: 500", "epochs: 150, evaluate_every: 50000")
ITERATES = "results/tiny/iterates/sgd/1.0.npz"


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("[10, -1]", "config.yaml: studies.tiny.optimizers.gd.step_sizes.1: found -1; allowed: gr"),
        ("[10", "config.yaml, line 10: is not YAML ("),
    ],
)
def test_a_mistake_in_the_config_is_found_before_anything_runs(empty, new, says):
    empty.replace("config.yaml", "[10]", new)
    code, output = empty.snakemake("all")
    assert code == 1
    assert says in output
    assert len(output.splitlines()) <= 3  # two are by Snakemake
    assert empty.files("results", "data", "logs") == {}


def test_a_mistyped_target_is_one_line_with_a_suggestion(empty):
    code, output = empty.snakemake("tny")
    assert code == 1
    says = "tny: no such study or rule; did you mean tiny? allowed: all, figures, verify, tiny"
    assert says in output.splitlines()


def test_damaged_data_are_named_at_each_call_until_they_are_deleted(made):
    good = made.files("results", "data")
    data = made.folder / "data/digits.npz"
    data.write_bytes(data.read_bytes()[:1000])
    for _ in range(2):  # a failed job must not count as done
        code, output = made.snakemake("all")
        assert code == 1
        says = "Study tiny failed: data/digits.npz: not a readable npz file ("
        (line,) = (line for line in output.splitlines() if line.startswith(says))
        assert "Delete it, and the pipeline rebuilds it (see logs/" in line
        assert "Failed: train tiny gd 10.0" in output
        assert "Traceback" not in output
    data.unlink()
    assert {"obtain digits", "train tiny sgd 1.0", "index"} <= set(made.jobs("all"))
    assert made.files("results", "data") == good


def test_a_killed_training_leaves_no_file_and_is_repeated(made):
    good = made.files("results")
    made.replace("config.yaml", *LONG)
    process = made.start(ITERATES)
    os.kill(training(process), signal.SIGKILL)
    output, _ = process.communicate()
    assert process.returncode == 1
    assert "Failed: train tiny sgd 1.0" in output
    assert made.files("results").keys() == good.keys() - {ITERATES}
    made.replace("config.yaml", *LONG[::-1])
    assert made.jobs(ITERATES) == ["train tiny sgd 1.0"]
    assert made.files("results") == good


@pytest.mark.slow
def test_code_that_fails_is_named_at_each_call_until_it_works(made):
    good, code = made.files("results"), made.folder / "scripts/descent/analysis/summary.py"
    text = code.read_text()
    code.write_text(f"{text}\n\ndef summary(*a, **k):\n    raise RuntimeError('broken')\n")
    for quiet in (["--quiet", "all"], []):
        exit_code, output = made.snakemake("all", *quiet)
        assert exit_code == 1, output
        assert "Study tiny failed: RuntimeError: broken (see logs/" in output
        left = made.files("results")
        assert left.items() <= good.items()
        assert "results/tiny/summary.csv" not in left
    code.write_text(text)
    made.jobs("all")
    assert made.files("results") == good


@pytest.mark.slow
def test_a_run_whose_code_changes_during_training_is_trained_again(made):
    made.replace("config.yaml", *LONG)
    process = made.start(ITERATES)
    training(process)
    code = made.folder / "scripts/descent/update_rules/plain.py"
    code.write_text(code.read_text() + "ADDED = 1\n")
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert made.plan(ITERATES) == ["train tiny sgd 1.0"]


@pytest.mark.slow
def test_altered_results_are_named_by_verify_and_repeated_once_deleted(made):
    good, folder = made.files("results"), made.folder / "results/tiny"
    assert "results/tiny: unaltered" in made.snakemake("verify")[1]
    altered = ["iterates/gd/10.0.npz", "traces/sgd/1.0.csv", "traces/gd/10.0.json", "summary.csv"]
    for name in altered:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-9])
    (folder / "figures/accuracy.png").unlink()
    code, output = made.snakemake("verify")
    assert code == 1
    named = {name for name in good if f"{name}: was altered" in output}
    assert named == {f"results/tiny/{name}" for name in altered}
    assert "results/tiny/figures/accuracy.png: no such file" in output
    assert "Delete the altered files and results/tiny/SHA256SUMS; the next call" in output
    for name in [*altered, "SHA256SUMS"]:
        (folder / name).unlink()
    made.jobs("all")
    assert made.files("results") == good


@pytest.mark.slow
def test_without_a_network_the_studies_on_embedded_data_are_made(made):
    far = TINY[TINY.index("  tiny:") :].replace("tiny", "far").replace("digits", "mnist")
    (made.folder / "config.yaml").write_text(TINY.replace("[0.01, 1]", "[0.01, 1, 5]") + far)
    mirror = made.folder / "mirror/mnist"
    mirror.mkdir(parents=True)
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(b"altered")
    code, output = made.snakemake("all", DATASET_MIRROR="mirror")
    assert code == 1
    assert "plot tiny accuracy" in jobs(output)
    assert "Study tiny" not in output
    says = "Study far failed: train-images-idx3-ubyte.gz of mnist could not be obtained"
    assert output.count("Study far") == output.count(says) == 1
    altered = "mirror/mnist/train-images-idx3-ubyte.gz: wrong checksum"
    for part in (altered, "https://", "Put the archives into data/raw/mnist, "):
        assert part in output
    assert made.files("data").keys() == {"data/digits.npz"}
