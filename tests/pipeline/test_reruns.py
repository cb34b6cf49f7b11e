"""Exactly the jobs that a change calls for run again."""

import json
import shutil
import subprocess

import pytest
from conftest import figures  # pyright: ignore

RUNS = ["tiny gd 10.0", "tiny sgd 0.01", "tiny sgd 1.0"]
AFTER_EVALUATION = sorted(["aggregate tiny", *figures("tiny")])
EVALUATION_ONWARDS = sorted([*(f"evaluate {run}" for run in RUNS), *AFTER_EVALUATION])
TRAINING_ONWARDS = sorted([*(f"train {run}" for run in RUNS), *EVALUATION_ONWARDS])


def test_nothing_runs_again_without_a_change(made):
    assert made.jobs("all") == []


def test_touching_any_file_runs_nothing(made):
    for path in made.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            path.touch()
    assert made.jobs("all") == []


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
    assert made.jobs("all") == []


def test_moving_the_project_runs_nothing(made, tmp_path):
    made.folder = shutil.move(made.folder, tmp_path / "else where")
    assert made.jobs("all") == []


def test_where_data_comes_from_is_not_what_it_is(made):
    assert made.jobs("all", DATASET_MIRROR="/nowhere") == []


def test_adding_a_step_size_runs_that_step_size(made):
    made.replace("config.yaml", "[0.01, 1]", "[0.01, 1, 1e-1]")
    run = ["evaluate tiny sgd 0.1", "train tiny sgd 0.1"]
    assert made.jobs("all") == sorted([*run, *AFTER_EVALUATION])


def test_another_spelling_of_a_step_size_runs_nothing(made):
    made.replace("config.yaml", "[0.01, 1]", "[1e-2, 1.0]")
    assert made.jobs("all") == []


def test_removing_a_step_size_takes_it_out_of_the_results(made):
    made.replace("config.yaml", "[0.01, 1]", "[1]")
    assert made.jobs("all") == AFTER_EVALUATION
    for table in ("traces.csv", "summary.csv"):
        assert "sgd,0.01," not in (made.folder / "results/tiny" / table).read_text()
    # the run is still there: bringing the step size back trains nothing
    made.replace("config.yaml", "[1]", "[0.01, 1]")
    assert made.jobs("all") == AFTER_EVALUATION


def test_changing_a_figure_draws_that_figure(made):
    made.replace("scripts/descent/figures/heatmap.py", "cividis", "viridis")
    assert made.jobs("all") == ["plot tiny heatmap"]


def test_changing_the_style_of_the_figures_draws_the_figures(made):
    made.replace("scripts/descent/figures/_style.py", '"font.size": 9', '"font.size": 8')
    assert made.jobs("all") == figures("tiny")


def test_changing_a_metric_runs_evaluation_onwards(made):
    made.replace("scripts/descent/metrics.py", "train_loss + penalty", "2 * train_loss + penalty")
    assert made.jobs("all") == EVALUATION_ONWARDS


def test_evaluation_that_gives_the_same_bytes_stops_there(made):
    made.replace("scripts/descent/metrics.py", "import numpy", "# a comment\nimport numpy")
    evaluation = [f"evaluate {run}" for run in RUNS]
    assert set(made.jobs("all")) >= set(evaluation)
    assert made.jobs("all") == []


def test_changing_the_engine_or_the_model_trains_again(made):
    for file in ("engines/numba.py", "models/sigmoid_softmax.py"):
        made.replace(f"scripts/descent/{file}", '"""\n\nfrom', '"""\n\n# a comment\nfrom')
        assert made.jobs("all") == TRAINING_ONWARDS


def test_changing_the_update_rule_trains_again(made):
    made.replace("scripts/descent/update_rules/plain.py", "def update", "# a comment\ndef update")
    assert made.jobs("all") == TRAINING_ONWARDS


def test_changing_how_a_dataset_is_obtained_obtains_it_again(made):
    made.replace("scripts/descent/datasets/digits.py", "SIZE =", "# a comment\nSIZE =")
    assert "download digits" in made.jobs("all")
    assert made.jobs("all") == []


@pytest.mark.parametrize("key", ["l2: 0.1", "initial: zeros", "dtype: float64", "engine: numpy"])
def test_changing_what_is_trained_trains_again(made, key):
    made.replace("config.yaml", "    seeds:", f"    {key}\n    seeds:")
    assert {f"train {run}" for run in RUNS} <= set(made.jobs("all"))


def test_changing_the_seeds_trains_again(made):
    made.replace("config.yaml", "[0, 1]", "[0, 2]")
    assert made.jobs("all") == TRAINING_ONWARDS


def test_changing_the_engine_that_is_not_used_runs_nothing(made):
    made.replace("scripts/descent/engines/torch.py", "import torch", "import torch  # a comment")
    assert made.jobs("all") == []


def test_changing_one_optimizer_runs_that_optimizer(made):
    made.replace("config.yaml", "epochs: 4", "epochs: 5")
    expected = ["evaluate tiny gd 10.0", "train tiny gd 10.0", *AFTER_EVALUATION]
    assert made.jobs("all") == sorted(expected)


def test_adding_a_figure_draws_it(made):
    descent = made.folder / "scripts/descent/figures"
    shutil.copy(descent / "heatmap.py", descent / "another.py")
    assert made.jobs("all") == ["plot tiny another"]


@pytest.mark.parametrize("kind", ["models/softmax_regression", "datasets/digits"])
def test_adding_a_model_or_a_dataset_runs_nothing_that_was_there(made, kind):
    folder, name = kind.split("/")
    file = made.folder / f"scripts/descent/{folder}/{name}.py"
    shutil.copy(file, file.with_name("another.py"))
    assert made.jobs("all") == []
    # a study with it runs, and nothing else
    config = (made.folder / "config.yaml").read_text()
    study = config[config.index("  tiny:") :].replace("tiny", "new")
    old = "digits" if folder == "datasets" else "sigmoid_softmax"
    (made.folder / "config.yaml").write_text(config + study.replace(old, "another"))
    ran = made.jobs("all")
    assert all("new" in job or job == "download another" for job in ran)
    assert sum(job.startswith("train") for job in ran) == len(RUNS)


def test_a_further_configfile_merges_mappings_and_replaces_lists(made):
    extra = {"studies": {"tiny": {"optimizers": {"sgd": {"step_sizes": [1, 2]}}}}}
    (made.folder / "extra.yaml").write_text(json.dumps(extra))
    run = ["evaluate tiny sgd 2.0", "train tiny sgd 2.0"]
    assert made.jobs("all", "--configfile", "extra.yaml") == sorted([*run, *AFTER_EVALUATION])


def test_targets(made):
    assert made.jobs("tiny") == []
    shutil.rmtree(made.folder / "results/tiny/figures")
    assert made.jobs("figures") == figures("tiny")


def test_the_columns_of_the_tables(made):
    traces, summary = (
        (made.folder / f"results/tiny/{table}.csv").read_text().splitlines()
        for table in ("traces", "summary")
    )
    assert traces[0] == (
        "study,dataset,model,optimizer,step_size,seed,step,epoch,objective,train_loss,test_loss,"
        "train_accuracy,test_accuracy,distance_A,distance_b"
    )
    assert traces[1].startswith("tiny,digits,sigmoid_softmax,sgd,0.01,0,0,0.0,")
    assert summary[0].startswith("study,dataset,model,optimizer,step_size,seeds,final_objective_")
    assert summary[0].endswith("best_test_accuracy,best_test_accuracy_step,status")
    assert len(summary) == 1 + len(RUNS)
