"""Bad input: a clear message, a non-zero exit, and nothing that existed is lost."""

import os
import shutil
import signal
import subprocess
import time

import pytest
from conftest import TINY, jobs  # pyright: ignore


def test_a_mistake_in_the_config_is_found_before_anything_runs(made):
    before = made.files("results", "data")
    made.replace("config.yaml", "[10]", "[10, -1]")
    code, output = made.snakemake("all")
    assert code != 0
    says = "config.yaml: studies.tiny.optimizers.gd.step_sizes[1]: found -1; allowed: a number"
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


def wait_for(path, text=""):
    deadline = time.monotonic() + 120
    while not (path.exists() and (not text or text in path.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{9 * f'*a{i - 1}, '}]\n" for i in range(1, 40))
TAG = "studies:\n  tiny: !!python/tuple [1]\n"


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("config.yaml", BOMB, ", line 7: found more values, with those that aliases repeat; allow"),
        ("config.yaml", TAG, ", line 2: cannot be read (could not determine a constructor for"),
        (
            "config.yaml",
            "__use_yte__: true\n?1 / 0: 1",
            ", line 1: found the key __use_yte__, with",
        ),
        (
            "further.yaml",
            BOMB,
            ", line 7: found more values, with those that aliases repeat; allow",
        ),
        ("further.yaml", TAG, ", line 2: cannot be read (could not determine a constructor for"),
        (
            "further.yaml",
            "a: 1\n2020-10-10: 1",
            ", line 2: found 2020-10-10 as a key; allowed: a w",
        ),
    ],
)
def test_a_config_that_must_not_be_loaded_is_one_line(empty, file, content, says):
    (empty.folder / file).write_text(content)
    further = [] if file == "config.yaml" else ["--configfile", file]
    code, output = empty.snakemake("all", *further)
    assert code != 0
    assert f"{file}{says}" in output
    assert len(output.splitlines()) <= 3  # with what Snakemake says of itself
    assert empty.files("results", "data", "logs") == {}


def test_a_config_with_a_byte_order_mark(empty):
    config = empty.folder / "config.yaml"
    config.write_text(config.read_text(), encoding="utf-8-sig")
    assert "train tiny gd 10.0" in empty.plan("all")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_last_line(path):
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def with_other_digit(path):
    text = path.read_text()
    place = text.rindex(".") + 1
    path.write_text(f"{text[:place]}{9 - int(text[place])}{text[place + 1 :]}")


def test_damaged_data_loses_nothing_and_is_not_forgotten(made):
    good = made.files("data", "results")
    cut(made.folder / "data/digits.npz")
    before = made.files("data", "results")
    for _ in range(2):  # the second call must not take the results that are there for new ones
        code, output = made.snakemake("all")
        assert code != 0
        assert "error: data/digits.npz: not a readable npz file" in output
        assert "Delete it: the pipeline makes it again" in output
        assert "Study tiny could not be made: data/digits.npz" in output
        assert "Traceback" not in output
        assert made.files("data", "results") == before
    (made.folder / "data/digits.npz").unlink()
    made.jobs("all")
    assert made.files("data", "results") == good
    assert made.jobs("all") == []


@pytest.mark.parametrize(
    ("kind", "damage", "says"),
    [
        ("iterates/gd/10.0.npz", cut, "not a readable npz file"),
        ("traces/sgd/1.0.csv", without_last_line, "was altered: SHA-256"),
        ("traces/sgd/1.0.csv", with_other_digit, "was altered: SHA-256"),
        ("traces/gd/10.0.json", cut, "not a record of a stage"),
        ("traces.csv", with_other_digit, "was altered: SHA-256"),
        ("summary.csv", with_other_digit, "was altered: SHA-256"),
        ("predictions.csv", without_last_line, "was altered"),
        ("expected.csv", without_last_line, "was altered: SHA-256"),
        ("theory.json", cut, "not a record of a stage"),
        ("figures/heatmap.pdf", cut, "was altered"),
        ("headline.txt", cut, "was altered: SHA-256"),
        ("explorer.html", without_last_line, "was altered"),
    ],
)
def test_results_that_were_altered_are_found_and_made_again_once_deleted(made, kind, damage, says):
    good = made.files("results")
    path = made.folder / "results/tiny" / kind
    damage(path)
    code, output = made.snakemake("verify")
    assert code != 0
    assert f"results/tiny/{kind}: was altered\n" in output
    assert "Delete what was altered, and results/tiny/SHA256SUMS: what is missing" in output
    altered = made.files("results")
    code, output = made.snakemake("all")
    assert code != 0
    assert f"error: results/tiny/{kind}: {says}" in output
    assert "Delete it: the pipeline makes it again" in output
    assert "Traceback" not in output
    assert made.files("results") == altered
    path.unlink()
    made.jobs("all")
    assert made.files("results") == good
    assert "results/tiny: as it was made" in made.snakemake("verify")[1]


def test_what_was_removed_on_the_way_is_made_again_as_verify_says(made):
    good = made.files("results")
    (made.folder / "results/tiny/traces/gd/10.0.csv").unlink()
    code, output = made.snakemake("verify")
    assert code != 0
    assert "results/tiny/traces/gd/10.0.csv: no such file\n" in output
    (made.folder / "results/tiny/SHA256SUMS").unlink()
    assert "evaluate tiny gd 10.0" in made.jobs("all")
    assert made.files("results") == good


def test_the_manifest_is_one_that_sha256sum_reads(made):
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=made.folder / "results/tiny", check=True)
    listed = (made.folder / "results/tiny/SHA256SUMS").read_text().splitlines()[1:]
    there = {name.removeprefix("results/tiny/") for name in made.files("results/tiny")}
    assert {line[66:] for line in listed} == there - {"SHA256SUMS"}


@pytest.mark.parametrize("file", ["scripts/descent/update_rules/plain.py", "data/digits.npz"])
def test_code_or_data_that_change_while_they_are_used_are_used_again(made, file):
    made.replace("config.yaml", "epochs: 1,", "epochs: 60,")
    shutil.rmtree(made.folder / "logs")
    process = made.start("all")
    wait_for(made.folder / "logs/train/tiny/sgd/1.0.log", "steps a seed")
    path = made.folder / file
    path.write_bytes(path.read_bytes() + b"\n")
    output, _ = process.communicate()
    of_data = "error: results/tiny/iterates/sgd/1.0.npz: was trained on other data than data/digits"
    assert (of_data in output) == (process.returncode != 0) == (file == "data/digits.npz")
    assert {"train tiny sgd 0.01", "train tiny sgd 1.0"} <= set(made.plan("all"))
    made.jobs("all")
    assert made.plan("all") == []


def test_data_that_is_missing_is_made_again_when_a_run_needs_it(made):
    good = made.files("data", "results")
    (made.folder / "data/digits.npz").unlink()
    (made.folder / "results/tiny/predictions.csv").unlink()
    assert "download digits" not in made.jobs("all")
    (made.folder / "results/tiny/iterates/gd/10.0.npz").unlink()
    (made.folder / "results/tiny/traces/gd/10.0.csv").unlink()
    (made.folder / "results/tiny/traces.csv").unlink()
    assert "download digits" in made.jobs("all")
    assert made.files("data", "results") == good


def test_code_that_fails_keeps_the_results_until_it_works(made):
    """Snakemake records such a job as done: pipeline/journal.py makes it forget."""
    before = made.files("results")
    code = "scripts/descent/metrics.py"
    made.replace(code, "return {", "raise RuntimeError('old')\n    return {")
    for reason, quiet in (("old", ["--quiet", "all"]), ("new", [])):
        made.replace(code, "'old'", f"'{reason}'")
        exit_code, output = made.snakemake("all", *quiet)
        assert exit_code != 0
        assert f"Study tiny could not be made: RuntimeError: {reason} (see logs/eval" in output
        assert made.files("results") == before
    assert "RuntimeError: old" not in output
    made.replace(code, "raise RuntimeError('new')\n    return {", "return {")
    made.jobs("all")
    assert made.files("results") == before


def test_a_failed_job_is_not_taken_for_done_when_snakemake_is_killed_then(made):
    made.replace("config.yaml", "epochs: 1,", "epochs: 90,")  # goes on when the other has failed
    restored = made.folder / "results/tiny/iterates/gd/10.0.npz"
    old = restored.read_bytes()
    failing = "if run.step_size == 10:\n        raise RuntimeError('broken')\n    net ="
    made.replace("scripts/descent/engines/numpy.py", "net =", failing)
    process = made.start("all", "--cores", "3")
    log = made.folder / "logs/train/tiny/gd/10.0.log"
    try:
        wait_for(log, "error: ")
        wait_for(restored)
        time.sleep(1)  # Snakemake records the job
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert made.snakemake("--unlock")[0] == 0
    assert "train tiny gd 10.0" in made.plan("all")
    assert restored.read_bytes() == old


def test_what_a_job_wrote_before_it_failed_is_restored_and_not_taken_for_done(made):
    """As when the shell around a job is killed, and the job ends well before it is restored."""
    ends = "    main()\n    raise SystemExit(int(__import__('os').environ.get('FAILS', 0)))"
    made.replace("scripts/train.py", "    main()", ends)
    made.jobs("all")
    before = made.files("results")
    made.replace("config.yaml", "epochs: 4", "epochs: 5")
    assert made.snakemake("all", FAILS="1")[0] != 0
    assert "\ndone in" in (made.folder / "logs/train/tiny/gd/10.0.log").read_text()
    assert made.files("results") == before
    assert "train tiny gd 10.0" in made.jobs("all")
    assert "results/tiny: as it was made" in made.snakemake("verify")[1]


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


def test_data_of_another_size_than_is_declared(made):
    before = made.files("data")
    made.replace("scripts/descent/datasets/digits.py", "features=64", "features=63")
    code, output = made.snakemake("data/digits.npz")
    assert code != 0
    says = (
        "error: scripts/descent/datasets/digits.py: obtained Size(train=1500, test=297, features=64"
    )
    assert says in output
    assert made.files("data") == before


def test_data_that_was_there_stays_when_it_cannot_be_had(made):
    before = made.files("data")
    file = "scripts/descent/datasets/digits.py"
    made.replace(file, "    from sklearn", "    1 / 0\n    from sklearn")
    code, output = made.snakemake("data/digits.npz")
    assert code != 0
    assert "ZeroDivisionError" in output
    assert made.files("data") == before
