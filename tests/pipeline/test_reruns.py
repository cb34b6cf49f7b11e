"""A change reruns exactly the jobs that depend on it."""

import os
import shutil

import pandas as pd
import pytest
from conftest import NOTHING, jobs  # pyright: ignore

RUNS = ["tiny gd 10.0", "tiny sgd 0.01", "tiny sgd 1.0"]
TABLES = ["explore tiny", "index", "manifest tiny", "plot tiny accuracy", "summarise tiny"]
EVALUATE, TRAIN = ([f"{rule} {run}" for run in RUNS] for rule in ("evaluate", "train"))
OF_GD = ["evaluate tiny gd 10.0", "train tiny gd 10.0", "theory tiny", *TABLES]
OF_A_RUN = ["evaluate tiny sgd 0.1", "train tiny sgd 0.1", "theory tiny", *TABLES]
ONWARDS_FROM_TRAINING = sorted([*TRAIN, *EVALUATE, *TABLES])


def test_touched_commented_and_moved_files_rerun_nothing(made, tmp_path):
    shutil.rmtree(made.folder / "logs")
    for path in made.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            path.touch()
    for path in (made.folder / "scripts").rglob("*.py"):
        path.write_text(path.read_text() + "# a comment\n")
    made.replace("config.yaml", "[0.01, 1]", "[1e-2, 1.0]")  # another spelling
    made.folder = shutil.move(made.folder, tmp_path / "else where")
    assert NOTHING in made.snakemake("all", "-n", DATASET_MIRROR="/nowhere")[1]


def test_an_edited_file_that_is_older_than_its_results_is_noticed(made):
    engine = made.folder / "scripts/descent/engines/numpy.py"
    page = made.folder / "report/explorer/study.js"
    of_page = ["explore tiny", "index", "manifest tiny"]
    for path, runs in ((page, of_page), (engine, ONWARDS_FROM_TRAINING)):
        path.write_text(path.read_text() + "ADDED = 1\n")
        os.utime(path, (10**9, 10**9))
        assert made.plan("all") == runs


def test_only_an_added_step_size_trains(made):
    before = made.files("results/tiny/iterates", "results/tiny/traces")
    made.replace("config.yaml", "[0.01, 1]", "[0.01, 1, 1e-1]")
    code, output = made.snakemake("all")
    assert code == 0, output
    assert sorted(jobs(output)) == sorted(OF_A_RUN)
    after = made.files("results/tiny/iterates", "results/tiny/traces")
    assert {name: after[name] for name in before} == before
    # a line for each job, and the paths of the results
    lines = output.splitlines()
    assert lines[-5:] == [
        "results/tiny/figures/accuracy.png",
        *(f"results/tiny/{table}.csv" for table in ("traces", "summary", "predictions")),
        "results/tiny/explorer.html",
    ]
    assert len(lines) < len(OF_A_RUN) + 10
    assert max(map(len, lines)) < 120
    made.replace("config.yaml", "[0.01, 1, 1e-1]", "[0.01, 1]")
    assert made.plan("all") == sorted(["theory tiny", *TABLES])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("[0, 1]", "[0, 2]", [*ONWARDS_FROM_TRAINING, "theory tiny"]),
        ("engine: numpy", "engine: torch", ONWARDS_FROM_TRAINING),
        ("    seeds:", "    evaluator: numpy\n    seeds:", []),  # as by auto
        ("    seeds:", "    evaluator: torch\n    seeds:", [*EVALUATE, *TABLES]),
        ("epochs: 4", "epochs: 5", OF_GD),
        ("[accuracy]", "[accuracy, loss]", ["index", "manifest tiny", "plot tiny loss"]),
    ],
)
def test_a_changed_key_reruns_the_jobs_that_use_it(made, old, new, runs):
    made.replace("config.yaml", old, new)
    assert made.plan("all") == sorted(runs)


@pytest.mark.slow
def test_an_added_step_size_reruns_no_minimiser_and_no_evaluation(convex):
    convex.replace("config.yaml", "[0.01, 1]", "[0.01, 1, 1e-1]")
    drawn = ["plot tiny final_by_step_size", "plot tiny weights"]
    of_tables = [job for job in OF_A_RUN if "accuracy" not in job]
    assert convex.jobs("all") == sorted([*of_tables, *drawn])
    assert convex.plan("all") == []


@pytest.mark.slow
def test_a_further_configfile_merges_mappings_and_replaces_lists(made):
    further = "studies: {tiny: {optimizers: {sgd: {step_sizes: [1, 0.1]}}}}"
    (made.folder / "further.yaml").write_text(further)
    assert made.plan("all", "--configfile", "further.yaml") == sorted(OF_A_RUN)


@pytest.mark.slow
def test_the_target_figures_makes_the_figures_alone(made):
    shutil.rmtree(made.folder / "results/tiny/figures")
    (made.folder / "results/index.html").unlink()
    assert made.plan("figures") == ["plot tiny accuracy"]


def test_the_study_with_the_best_step_sizes_can_be_run(made):
    summary = pd.read_csv(made.folder / "results/tiny/summary.csv").set_index("step_size")
    sgd = summary[summary["optimizer"] == "sgd"]["final_test_accuracy_median"]
    planned = made.plan("tiny_best", "--configfile", "results/tiny/best.yaml")
    expected = [f"train tiny_best {run}" for run in ("gd 10.0", f"sgd {sgd.idxmax()}")]
    assert [job for job in planned if job.startswith("train")] == expected
