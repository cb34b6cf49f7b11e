"""The pipeline in another folder than its own, and as a module of somebody's workflow."""

import shutil
import subprocess
import sys

import pytest
from conftest import TINY, Project

NOTHING = "Nothing to be done"
IMPORTER = """\
module descent:
    snakefile: "../project/Snakefile"
    config: config["descent"]

use rule * from descent as descent_*

rule everything:
    input: rules.descent_all.input, "own.txt"
    default_target: True

rule own:
    output: "own.txt"
    shell: "echo own > {output}"
"""


@pytest.fixture
def elsewhere(empty, tmp_path) -> Project:
    """An empty working folder beside the project, which has other studies."""
    empty.replace("config.yaml", "tiny", "shipped")
    (tmp_path / "elsewhere").mkdir()
    return Project(tmp_path / "elsewhere")


FROM = ["--snakefile", "../project/Snakefile"]


def test_a_folder_elsewhere_gets_the_same_bytes_and_moves_with_the_project(
    elsewhere, made_once, tmp_path
):
    (elsewhere.folder / "config.yaml").write_text(TINY)
    code, output = elsewhere.snakemake(*FROM, "all")
    assert code == 0, output
    assert elsewhere.files("results") == made_once.files("results")
    assert elsewhere.files("data") == made_once.files("data")
    assert not any(
        (tmp_path / "project" / folder).exists() for folder in ("data", "results", "logs")
    )
    (tmp_path / "moved").mkdir()
    for folder in ("project", "elsewhere"):
        shutil.move(tmp_path / folder, tmp_path / "moved" / folder)
    moved = Project(tmp_path / "moved/elsewhere")
    assert NOTHING in moved.snakemake(*FROM, "all")[1]
    assert NOTHING in moved.snakemake("-s", str(tmp_path / "moved/project/Snakefile"), "all")[1]
    shutil.move(tmp_path / "moved/project", tmp_path / "moved/my project")
    spaced = ["--snakefile", "../my project/Snakefile"]
    assert moved.jobs(*spaced, "--force", "data/digits.npz") == ["download digits"]


def test_the_standard_layout_runs_too(elsewhere, empty):
    """workflow/Snakefile, from another folder, and from the project's own."""
    code, output = elsewhere.snakemake("-s", "../project/workflow/Snakefile", "-n", "shipped")
    assert code == 0, output
    assert empty.plan("-s", "workflow/Snakefile", "shipped") == empty.plan("shipped")


def test_a_module_from_github_is_told_to_be_cloned(elsewhere, tmp_path):
    """Snakemake fetches single files of github(...), here from a repository on this disk."""
    repository = tmp_path / "hub/owner/study"
    repository.parent.mkdir(parents=True)
    shutil.move(tmp_path / "project", repository)
    git = ["git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(repository)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "."], ["tag", "v1"]):
        subprocess.run([*git, *command], check=True)
    source = 'github("owner/study", path="workflow/Snakefile", tag="v1")'
    (elsewhere.folder / "Snakefile").write_text(
        f"module m:\n    snakefile: {source}\n    config: config\nuse rule * from m\n"
    )
    given = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/hub/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    code, output = elsewhere.snakemake("--dry-run", **given)
    assert code == 1
    assert "clone the project" in output


def test_directory_is_the_working_folder(elsewhere, tmp_path):
    (elsewhere.folder / "config.yaml").write_text(TINY)
    command = ["snakemake", "--snakefile", "project/Snakefile", "--directory", "elsewhere"]
    ran = subprocess.run(
        [sys.executable, "-m", *command, "--cores", "1", "--dry-run", "tiny"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "results/tiny/SHA256SUMS" in ran.stdout + ran.stderr


def test_without_a_config_the_shipped_one_holds_and_a_named_one_alone(elsewhere):
    code, output = elsewhere.snakemake(*FROM, "--dry-run", "shipped")
    assert code == 0, output
    (elsewhere.folder / "mine.yaml").write_text(TINY.replace("tiny", "mine"))
    given = ["--configfile", "mine.yaml"]
    code, output = elsewhere.snakemake(*FROM, "--dry-run", "mine", *given)
    assert code == 0, output
    code, output = elsewhere.snakemake(*FROM, "--dry-run", "shipped", *given)
    assert code == 1
    (elsewhere.folder / "mine.yaml").write_text("studies: {mine: {}}")
    code, output = elsewhere.snakemake(*FROM, "--dry-run", *given)
    assert code == 1
    assert "mine.yaml: studies.mine.dataset" in output


def nested(text: str) -> str:
    return "descent:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def test_a_workflow_imports_it_as_a_module(elsewhere, made_once):
    (elsewhere.folder / "Snakefile").write_text(IMPORTER)
    (elsewhere.folder / "config.yaml").write_text(nested(TINY))
    given = ["--configfile", "config.yaml"]
    code, output = elsewhere.snakemake(*given)
    assert code == 0, output
    assert elsewhere.files("results") == made_once.files("results")
    assert (elsewhere.folder / "own.txt").exists()
    assert NOTHING in elsewhere.snakemake(*given)[1]
    (elsewhere.folder / "config.yaml").write_text(nested(TINY.replace("[10]", "[-10]")))
    code, output = elsewhere.snakemake(*given)
    assert code == 1
    assert "studies.tiny.optimizers.gd.step_sizes" in output
    assert "Traceback" not in output


BEGINS = """
onstart:
    print("importer begins")
"""


@pytest.mark.parametrize(
    "importer",
    [
        BEGINS + IMPORTER + "use rule train from descent as descent_train with:\n  threads: 1\n",
        IMPORTER + BEGINS + "    descent.onstart()\n",
    ],
)
def test_what_failed_in_a_module_is_not_taken_for_made(elsewhere, importer):
    (elsewhere.folder / "Snakefile").write_text(importer)
    (elsewhere.folder / "config.yaml").write_text(nested(TINY))
    given = ["--configfile", "config.yaml", "--keep-going"]
    code, output = elsewhere.snakemake(*given)
    assert code == 0, output
    assert output.count("importer begins") == 1
    before = elsewhere.files("results", "data")
    data = elsewhere.folder / "data/digits.npz"
    good = data.read_bytes()
    data.write_bytes(good[:1000])
    for _ in range(2):
        code, output = elsewhere.snakemake(*given)
        assert code == 1
        assert "error: data/digits.npz: not a readable npz file" in output
        assert "Error in rule descent_train" in output
    data.write_bytes(good)
    code, output = elsewhere.snakemake(*given)
    assert code == 0, output
    assert NOTHING not in output
    assert elsewhere.files("results", "data") == before
    assert NOTHING in elsewhere.snakemake(*given)[1]


def test_a_module_whose_importer_keeps_no_journal_says_so(elsewhere):
    (elsewhere.folder / "Snakefile").write_text(IMPORTER + BEGINS)
    (elsewhere.folder / "config.yaml").write_text(nested(TINY))
    code, output = elsewhere.snakemake("--configfile", "config.yaml")
    assert code == 1
    assert "this call of Snakemake keeps no journal" in output
    assert elsewhere.files("results", "data") == {}
