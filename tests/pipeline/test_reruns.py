"""Exactly the jobs that a change calls for run again."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import figures, jobs  # pyright: ignore

from descent.iterates import load

RUNS = ["tiny gd 10.0", "tiny sgd 0.01", "tiny sgd 1.0"]
DRAWING_ONWARDS = sorted([*figures("tiny"), "manifest tiny"])
EXPLORING_ONWARDS = ["explore tiny", "manifest tiny"]
OF_TABLES = ["aggregate tiny", "compare tiny", "describe tiny", "explore tiny", "index"]
AFTER_EVALUATION = sorted([*OF_TABLES, *DRAWING_ONWARDS])
EVALUATION_ONWARDS = sorted([*(f"evaluate {run}" for run in RUNS), *AFTER_EVALUATION])
TRAINING_ONWARDS = sorted([*(f"train {run}" for run in RUNS), *EVALUATION_ONWARDS])
GD_ONWARDS = sorted(["evaluate tiny gd 10.0", "train tiny gd 10.0", *AFTER_EVALUATION])
THEORY = ["theory tiny"]  # which reads all keys of all runs
WITH_THEORY = TRAINING_ONWARDS + THEORY


def test_nothing_runs_again_without_a_change_however_files_are_touched_and_moved(made, tmp_path):
    assert made.plan("all") == []
    shutil.rmtree(made.folder / "logs")
    for path in made.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            path.touch()
    made.replace("config.yaml", "[0.01, 1]", "[1e-2, 1.0]")  # another spelling
    made.folder = shutil.move(made.folder, tmp_path / "else where")
    assert made.plan("all", DATASET_MIRROR="/nowhere") == []


def test_jobs_are_chosen_once_for_each_that_ends(empty):
    empty.replace("config.yaml", "[0.01, 1]", "{from: 0.01, to: 1, per_decade: 10}")
    code, output = empty.snakemake("all", "--until", "train", "--verbose")
    assert code == 0, output
    assert 0 < output.count("Ready jobs: ") <= len(jobs(output)) + 3  # the targets, and the end


def test_of_many_jobs_that_are_ready_some_are_weighed(empty):
    empty.replace("config.yaml", "[0.01, 1]", "{from: 0.01, to: 1, per_decade: 60}")
    head = empty.start("all", "--verbose")
    weighed = next(line for line in head.stdout if "Ready " in line and "jobs: 1\n" not in line)
    os.killpg(head.pid, signal.SIGKILL)
    head.communicate()
    assert "Ready subsampled jobs: 100 (out of 12" in weighed


def test_checking_out_another_branch_and_coming_back_runs_nothing(made):
    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=made.folder, check=True)

    git("init", "--quiet", "--initial-branch", "main")
    (made.folder / ".gitignore").write_text("/data/\n/results/\n/logs/\n/.snakemake/\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "main")
    git("checkout", "--quiet", "-b", "other")
    made.replace("scripts/descent/functions.py", "import numpy", "# changed\nimport numpy")
    made.replace("config.yaml", "[10]", "[20]")
    git("commit", "--quiet", "--all", "--message", "other")
    git("checkout", "--quiet", "main")
    assert made.plan("all") == []


@pytest.mark.parametrize(
    ("file", "old", "new", "runs"),
    [
        ("descent/figures/heatmap.py", "cividis", "viridis", DRAWING_ONWARDS),
        (
            "descent/figures/_style.py",
            '"font.size": 9',
            '"font.size": 8',
            ["explore tiny", *DRAWING_ONWARDS],
        ),
        ("descent/explorer/thinned.py", "MOST = 100", "MOST = 80", EXPLORING_ONWARDS),
        ("descent/pictures/weights.py", "MOMENTS = 12", "MOMENTS = 9", EXPLORING_ONWARDS),
        ("descent/pictures/path.py", "NEEDS =", "# new\nNEEDS =", []),
        ("descent/explorer/index.py", "def index", "# new\ndef index", ["index"]),
        ("descent/metrics.py", "import numpy", "# a comment\nimport numpy", EVALUATION_ONWARDS),
        ("descent/engines/numpy.py", '"""\n\nfrom', '"""\n\n# new\nfrom', TRAINING_ONWARDS),
        ("descent/models/sigmoid_softmax.py", '"""\n\nfrom', '"""\n\n# n\nfrom', WITH_THEORY),
        ("descent/update_rules/plain.py", "def update", "# new\ndef update", TRAINING_ONWARDS),
        ("descent/engines/torch.py", "import torch", "import torch  # a comment", []),
        (
            "descent/datasets/digits.py",
            "SIZE =",
            "# new\nSIZE =",
            ["download digits", *TRAINING_ONWARDS, *THEORY],
        ),
        ("descent/update_rules/adam.py", "def update", "# new\ndef update", []),
        ("descent/schedules/constant.py", "def factor", "# new\ndef factor", TRAINING_ONWARDS),
        ("descent/schedules/cosine.py", "def factor", "# new\ndef factor", []),
    ],
)
def test_changing_code_runs_what_imports_it(made, file, old, new, runs):
    made.replace(f"scripts/{file}", old, new)
    assert made.plan("all") == sorted(runs)


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        ("explorer/explorer.html", EXPLORING_ONWARDS),
        ("explorer/explorer.css", EXPLORING_ONWARDS),
        ("explorer/main.js", EXPLORING_ONWARDS),
        ("explorer/columns.js", EXPLORING_ONWARDS),
        ("index.html", ["index"]),
    ],
)
def test_changing_a_page_makes_that_page_again(made, file, runs):
    path = made.folder / "report" / file
    path.write_text(path.read_text() + "\n")
    assert made.jobs("all") == runs
    assert made.plan("all") == []


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("[0.01, 1]", "[1]", AFTER_EVALUATION + THEORY),
        ("[0, 1]", "[0, 2]", WITH_THEORY),
        ("    seeds:", "    l2: 0.1\n    seeds:", WITH_THEORY),
        ("engine: numpy", "engine: torch", TRAINING_ONWARDS),
        ("    seeds:", "    evaluator: numpy\n    seeds:", []),  # what auto takes
        ("    seeds:", "    evaluator: torch\n    seeds:", EVALUATION_ONWARDS),
        ("    seeds:", "    curvature_samples: 9\n    seeds:", EVALUATION_ONWARDS),
        ("epochs: 4", "epochs: 5", GD_ONWARDS + THEORY),
        ("epochs: 4", "epochs: 4, update_rule: momentum", GD_ONWARDS + THEORY),
    ],
)
def test_changing_a_study_runs_what_it_decides(made, old, new, runs):
    made.replace("config.yaml", old, new)
    assert made.plan("all") == sorted(runs)


def test_adding_a_step_size_runs_that_step_size(made):
    made.replace("config.yaml", "[0.01, 1]", "[0.01, 1, 1e-1]")
    run = ["evaluate tiny sgd 0.1", "train tiny sgd 0.1"]
    assert made.jobs("all") == sorted([*run, *AFTER_EVALUATION, *THEORY])
    assert made.plan("all") == []


def test_removing_a_step_size_takes_it_out_of_the_results(made):
    made.replace("config.yaml", "[0.01, 1]", "[1]")
    assert made.jobs("all") == sorted(AFTER_EVALUATION + THEORY)
    for table in ("traces.csv", "summary.csv"):
        assert "sgd,0.01," not in (made.folder / "results/tiny" / table).read_text()
    # the run is still there: bringing the step size back trains nothing
    made.replace("config.yaml", "[1]", "[0.01, 1]")
    assert made.plan("all") == sorted(AFTER_EVALUATION + THEORY)


def test_what_gives_the_same_bytes_is_not_done_twice(made):
    made.replace("scripts/descent/metrics.py", "import numpy", "# a comment\nimport numpy")
    assert made.jobs("all") == EVALUATION_ONWARDS
    assert made.plan("all") == []


@pytest.mark.parametrize("kind", ["models/softmax_regression", "datasets/digits"])
def test_adding_a_file_runs_nothing_that_was_there(made, kind):
    folder, name = kind.split("/")
    file = made.folder / f"scripts/descent/{folder}/{name}.py"
    shutil.copy(file, file.with_name("another.py"))
    assert made.plan("all") == []
    # a study with it runs, and nothing else
    config = (made.folder / "config.yaml").read_text()
    study = config[config.index("  tiny:") :].replace("tiny", "new")
    old = "digits" if folder == "datasets" else "sigmoid_softmax"
    (made.folder / "config.yaml").write_text(config + study.replace(old, "another"))
    ran = made.plan("all")
    assert all("new" in job or job in ("download another", "index") for job in ran)
    assert sum(job.startswith("train") for job in ran) == len(RUNS)


def test_adding_a_figure_draws_it(made):
    figures_folder = made.folder / "scripts/descent/figures"
    shutil.copy(figures_folder / "heatmap.py", figures_folder / "another.py")
    assert made.plan("all") == ["index", "manifest tiny", "plot tiny another"]


def test_a_further_configfile_merges_mappings_and_replaces_lists(made):
    extra = {"studies": {"tiny": {"optimizers": {"sgd": {"step_sizes": [1, 2]}}}}}
    (made.folder / "extra.yaml").write_text(json.dumps(extra))
    run = ["evaluate tiny sgd 2.0", "train tiny sgd 2.0"]
    jobs_of_it = sorted([*run, *AFTER_EVALUATION, *THEORY])
    assert made.plan("all", "--configfile", "extra.yaml") == jobs_of_it


OF_THEORY = ["compare tiny", *EXPLORING_ONWARDS, "plot tiny final_by_step_size", "theory tiny"]
ALL_FIGURES = ["plot tiny final_by_step_size"]
FROM_MINIMISER = ["minimise tiny", "theory tiny", *EVALUATION_ONWARDS, *ALL_FIGURES]


def test_a_further_step_size_changes_no_minimiser_and_evaluates_no_run_again(convex):
    before = convex.files("results")
    convex.replace("config.yaml", "[0.01, 1]", "[0.01, 1, 1e-1]")
    run = ["evaluate tiny sgd 0.1", "train tiny sgd 0.1"]
    expected = sorted({*run, *OF_THEORY, *AFTER_EVALUATION})
    assert convex.jobs("all") == expected
    assert convex.plan("all") == []
    after = convex.files("results")
    for file in before:
        changes = (
            "traces/" not in file and "iterates/" not in file and file != "results/tiny/theory.npz"
        )
        assert (before[file] == after[file]) != changes, file


@pytest.mark.parametrize(
    ("file", "old", "new", "runs"),
    [
        ("scripts/descent/theory/stability.py", "FEW = 128", "FEW = 129", OF_THEORY),
        ("scripts/descent/theory/expected.py", "import numpy", "# new\nimport numpy", OF_THEORY),
        ("scripts/descent/theory/minimiser.py", "SMALL = 1e-11", "SMALL = 1e-12", FROM_MINIMISER),
        (
            "scripts/descent/theory/path.py",
            "PRECISION = 1e-3",
            "PRECISION = 1e-4",
            [*EVALUATION_ONWARDS, *ALL_FIGURES],
        ),
        (
            "scripts/descent/predictions.py",
            "import numpy",
            "# new\nimport numpy",
            ["compare tiny", "manifest tiny"],
        ),
        ("config.yaml", "l2: 0.1", "l2: 0.2", [*FROM_MINIMISER, *(f"train {run}" for run in RUNS)]),
    ],
)
def test_what_of_theory_a_change_runs_again(convex, file, old, new, runs):
    convex.replace(file, old, new)
    assert convex.plan("all") == sorted(runs)


def test_targets(made):
    assert made.plan("tiny") == []
    shutil.rmtree(made.folder / "results/tiny/figures")
    assert made.plan("figures") == figures("tiny")


def test_the_columns_of_the_tables(made_once):
    traces, summary = (
        (made_once.folder / f"results/tiny/{table}.csv").read_text().splitlines()
        for table in ("traces", "summary")
    )
    assert traces[0] == (
        "study,dataset,model,optimizer,step_size,engine,batch_size,seed,step,epoch,objective,"
        "train_loss,test_loss,train_accuracy,test_accuracy,gradient_norm,rises,"
        "distance_A,distance_b"
    )
    assert traces[1].startswith("tiny,digits,sigmoid_softmax,sgd,0.01,numpy,1,0,0,0.0,")
    begins = "study,dataset,model,optimizer,step_size,engine,batch_size,seeds,final_obj"
    assert summary[0].startswith(begins)
    assert summary[0].endswith("best_test_accuracy,best_test_accuracy_step,chosen_by,gap,status")
    assert len(summary) == 1 + len(RUNS)


def test_what_trained_and_evaluated_a_trace_stands_beside_it(made_once):
    trace = made_once.folder / "results/tiny/traces/gd/10.0.csv"
    provenance = json.loads(trace.with_suffix(".json").read_text())
    assert provenance["evaluator"] == "numpy"
    assert provenance["device"] == "cpu"
    assert [Path(file).name for file in provenance["sha256"]] == [
        "10.0.npz",
        "digits.npz",
        "10.0.csv",
    ]
    iterates = made_once.folder / "results/tiny/iterates/gd/10.0.npz"
    assert provenance["trained"] == load(iterates)[0].provenance
    log = (made_once.folder / "logs/evaluate/tiny/gd/10.0.log").read_text()
    assert "\nnumpy on cpu\n" in log
