"""Bad input: a clear message, a non-zero exit, and nothing that existed is lost."""

import numpy as np
import pytest
from conftest import TINY, jobs  # pyright: ignore


def test_a_mistake_in_the_config_is_found_before_anything_runs(made):
    before = made.files("results", "data")
    made.replace("config.yaml", "[10]", "[10, -1]")
    code, output = made.snakemake("all")
    assert code != 0
    says = "config.yaml: studies.tiny.optimizers.gd.step_sizes: found [10, -1]; allowed: a finite"
    assert says in output
    assert "Traceback" not in output
    assert jobs(output) == []
    assert made.files("results", "data") == before


def test_a_config_that_is_not_yaml(made):
    made.replace("config.yaml", "studies:", "studies: [")
    code, output = made.snakemake("all")
    assert code != 0
    assert "config.yaml, line 3: is not YAML (" in output
    assert "Traceback" not in output


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def without_labels(path):
    np.savez(path, x_train=np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("damage", "says"),
    [(cut, "not a readable npz file"), (without_labels, "has no ")],
)
def test_damaged_data_loses_nothing_and_is_not_forgotten(made, damage, says):
    good = made.files("data", "results")
    damage(made.folder / "data/digits.npz")
    before = made.files("data", "results")
    for _ in range(2):  # the second call must not take the results that are there for new ones
        code, output = made.snakemake("all")
        assert code != 0
        assert f"error: data/digits.npz: {says}" in output
        assert "Delete it: the pipeline makes it again" in output
        assert "Study tiny could not be made: data/digits.npz" in output
        assert "Traceback" not in output
        assert made.files("data", "results") == before
    (made.folder / "data/digits.npz").unlink()
    made.jobs("all")
    assert made.files("data", "results") == good
    assert made.jobs("all") == []


def test_damaged_iterates_are_made_again_once_deleted(made):
    good = made.files("results")
    iterates = made.folder / "results/tiny/iterates/gd/10.0.npz"
    cut(iterates)
    code, output = made.snakemake("all")
    assert code != 0
    assert "error: results/tiny/iterates/gd/10.0.npz: not a readable npz file" in output
    iterates.unlink()
    made.jobs("all")
    assert made.files("results") == good


def test_data_that_is_missing_is_made_again_when_a_run_needs_it(made):
    good = made.files("data", "results")
    (made.folder / "data/digits.npz").unlink()
    (made.folder / "results/tiny/summary.csv").unlink()
    assert "download digits" not in made.jobs("all")
    (made.folder / "results/tiny/iterates/gd/10.0.npz").unlink()
    (made.folder / "results/tiny/traces/gd/10.0.csv").unlink()
    (made.folder / "results/tiny/traces.csv").unlink()
    assert "download digits" in made.jobs("all")
    assert made.files("data", "results") == good


def test_code_that_fails_keeps_the_results_until_it_works(made):
    before = made.files("results")
    made.replace(
        "scripts/descent/metrics.py", "return {", "raise RuntimeError('broken')\n    return {"
    )
    for _ in range(2):
        code, output = made.snakemake("all")
        assert code != 0
        assert "Study tiny could not be made: RuntimeError: broken" in output
        assert made.files("results") == before
    made.replace(
        "scripts/descent/metrics.py", "raise RuntimeError('broken')\n    return {", "return {"
    )
    made.jobs("all")
    assert made.files("results") == before


WITH_MNIST = TINY + TINY[TINY.index("  tiny:") :].replace("tiny", "far").replace("digits", "mnist")


def test_without_a_network_the_studies_on_embedded_data_are_made(made):
    (made.folder / "config.yaml").write_text(WITH_MNIST)
    mirror = made.folder / "mirror"
    (mirror / "mnist").mkdir(parents=True)
    (mirror / "mnist/train-images-idx3-ubyte.gz").write_bytes(b"altered")
    made.replace("config.yaml", "[0.01, 1]", "[0.01, 1, 5]")
    code, output = made.snakemake("all", DATASET_MIRROR=str(mirror))
    assert code != 0
    assert "train tiny sgd 5.0" in jobs(output)
    assert (made.folder / "results/tiny/figures/heatmap.png").exists()
    assert (
        "Study far could not be made: train-images-idx3-ubyte.gz of mnist could not be had"
        in output
    )
    assert "Study tiny" not in output
    message = output[output.index("error: train-images") :]
    assert output.count("error: train-images") == 1
    for part in [
        f"{mirror}/mnist/train-images-idx3-ubyte.gz: wrong checksum",
        "https://",
        "Put the archives into data/raw/mnist by hand",
        "snakemake --cores 1 digits",
    ]:
        assert part in message
    assert made.files("data").keys() == {"data/digits.npz"}


def test_data_that_was_there_stays_when_a_download_fails(made):
    (made.folder / "config.yaml").write_text(WITH_MNIST)
    (made.folder / "data/mnist.npz").write_bytes((made.folder / "data/digits.npz").read_bytes())
    before = made.files("data")
    made.replace("scripts/descent/datasets/mnist.py", "SIZE =", "# changed\nSIZE =")
    code, output = made.snakemake("data/mnist.npz", "--forcerun", "download")
    assert code != 0
    assert "could not be had" in output
    assert made.files("data") == before


@pytest.mark.parametrize("lines", [5, -1])
def test_a_damaged_trace_changes_no_table(made, lines):
    before = made.files("results")
    trace = made.folder / "results/tiny/traces/gd/10.0.csv"
    trace.write_text("".join(trace.read_text().splitlines(keepends=True)[:lines]))
    code, output = made.snakemake("all")
    assert code != 0
    assert "error: results/tiny/traces/gd/10.0.csv: has not all rows of the seeds [0, 1]" in output
    trace.unlink()
    made.jobs("all")
    assert made.files("results") == before


def test_a_reason_is_of_this_call(made):
    made.replace(
        "scripts/descent/metrics.py", "return {", "raise RuntimeError('old')\n    return {"
    )
    assert "could not be made: RuntimeError: old" in made.snakemake("all")[1]
    made.replace(
        "scripts/descent/schedule.py", "random = ", "raise RuntimeError('new')\n    random = "
    )
    assert "could not be made: RuntimeError: new" in made.snakemake("all")[1]
