"""The surroundings of the pipeline: variables, paths, a profile, replaced and deleted files."""

import os
import shutil
from pathlib import Path

import pytest
from conftest import Project, copy_project  # pyright: ignore

MATPLOTLIBRC = "text.usetex: True\nfigure.facecolor: black\nsavefig.dpi: 7\npdf.compression: 0\n"
VARIABLES = {
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "always",
    "MPLBACKEND": "none of them",
    "OMP_NUM_THREADS": "0",
    "HOME": "/proc/cannot be written",
    "TMPDIR": "/missing",
    "TZ": "Pacific/Apia",
    "LC_ALL": "tr_TR.UTF-8",
    "NO_COLOR": "1",
}
NAME = "таблицадлинноеимятаблицыфакторов"  # the name of the dataset is _
TABLE = f"""\
studies:
  own: {{dataset: {{file: "{{x}}/{NAME}.csv", target: y}}, model: linear_regression, engine: numpy,
    seeds: [0], figures: [loss], optimizers: {{
      gd: {{batch_size: full, epochs: 2, evaluate_every: 1, step_sizes: [0.1]}}}}}}
"""
LINES = [f"{i % 7},{i % 3},{i / 10}\n" for i in range(40)]


def test_no_byte_depends_on_variables_or_the_path_of_the_clone(made, tmp_path):
    good = made.files("results")
    made.folder = shutil.move(made.folder, tmp_path / "my {clone} 'of' $HOME #1 100%\nü")
    shutil.rmtree(made.folder / "results/tiny/iterates/gd")
    shutil.rmtree(made.folder / "results/tiny/figures")
    (tmp_path / "matplotlibrc").write_text(MATPLOTLIBRC)
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    done = made.jobs("all", **VARIABLES, MATPLOTLIBRC=str(tmp_path), XDG_CACHE_HOME=cache)
    assert {"train tiny gd 10.0", "plot tiny accuracy"} <= set(done)
    assert made.files("results") == good


def test_a_users_profile_with_other_triggers_reruns_what_has_changed(made):
    (made.folder / "mine").mkdir()
    (made.folder / "mine/config.yaml").write_text("rerun-triggers: mtime\n")
    made.replace("config.yaml", "epochs: 4", "epochs: 5")
    assert "train tiny gd 10.0" in made.plan("all", "--profile", "mine")


@pytest.mark.slow
def test_results_without_records_are_rerun_or_accepted_by_touch(made):
    shutil.rmtree(made.folder / ".snakemake")
    made.replace("config.yaml", "epochs: 4", "epochs: 5")
    says = "results/tiny: Snakemake has no records of these results and will rerun them"
    assert says in made.snakemake("all", "--dry-run")[1]
    plan, runs = made.plan("all"), ("gd 10.0", "sgd 0.01", "sgd 1.0")
    assert set(plan) >= {f"train tiny {run}" for run in runs}
    made.jobs("all", "--touch")
    assert made.plan("all") == []


@pytest.fixture(scope="module")
def with_a_table(tmp_path_factory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("table") / "project", TABLE)
    (project.folder / "{x}").mkdir()
    (project.folder / f"{{x}}/{NAME}.csv").write_text("".join(["a,b,y\n", *LINES]))
    assert "prepare own _" in project.jobs("all")
    return project


@pytest.mark.slow
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(
    ("file", "rerun"),
    [(f"{{x}}/{NAME}.csv", "prepare own _"), ("scripts/descent/engines/numpy.py", "train own gd")],
)
def test_a_file_replaced_by_an_older_one_is_noticed(with_a_table, tmp_path, file, rerun, linked):
    project = Project(shutil.copytree(with_a_table.folder, tmp_path / "project"))
    path, older = project.folder / file, tmp_path / "older"
    added = "ADDED = 1\n" if path.suffix == ".py" else "1,2,3.5\n"
    older.write_text(path.read_text() + added)
    os.utime(older, (10**9, 10**9))
    path.unlink()
    if linked:
        path.symlink_to(older)
    else:
        older.rename(path)
    assert any(job.startswith(rerun) for job in project.plan("all"))
