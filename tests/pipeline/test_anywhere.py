"""The pipeline in another working folder, and as a module of another workflow."""

import shutil
import textwrap

import pytest
from conftest import NOTHING, TINY, Project, copy_project  # pyright: ignore

TRACE = "results/tiny/traces/gd/10.0.csv"
IMPORTER = """\
module descent:
    snakefile: "../my project/Snakefile"
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
def shipped(tmp_path) -> Project:
    return copy_project(tmp_path / "my project", TINY.replace("tiny", "shipped"))


@pytest.fixture
def elsewhere(shipped, tmp_path) -> Project:
    (tmp_path / "else where").mkdir()
    return Project(tmp_path / "else where")


def test_another_working_folder_gets_the_same_bytes(elsewhere, shipped, made_once):
    (elsewhere.folder / "config.yaml").write_text(TINY)
    given = ["--snakefile", "Snakefile", "--directory", "../else where"]
    assert len(shipped.jobs(*given, TRACE)) == 3
    found, expected = elsewhere.files("results", "data"), made_once.files("results", "data")
    assert len(found) == 4
    assert found == {name: expected[name] for name in found}
    assert shipped.files("results", "data", "logs") == {}


@pytest.mark.slow
def test_a_module_of_another_workflow_makes_the_same_bytes(elsewhere, made_once):
    (elsewhere.folder / "Snakefile").write_text(IMPORTER)
    config = "descent:\n" + textwrap.indent(TINY, "  ")
    (elsewhere.folder / "config.yaml").write_text(config)
    given = ["--configfile", "config.yaml", "--keep-going"]
    code, output = elsewhere.snakemake(*given)
    assert code == 0, output
    assert elsewhere.files("results", "data") == made_once.files("results", "data")
    assert (elsewhere.folder / "own.txt").exists()
    assert NOTHING in elsewhere.snakemake(*given)[1]

    (elsewhere.folder / "config.yaml").write_text(config.replace("[10]", "[-10]"))
    code, output = elsewhere.snakemake(*given)
    assert code == 1
    assert "studies.tiny.optimizers.gd.step_sizes" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_the_shipped_config_is_the_default_and_configfile_replaces_it(elsewhere):
    snakefile = ["--snakefile", "../my project/Snakefile", "--dry-run"]
    assert elsewhere.jobs(*snakefile, "shipped")
    (elsewhere.folder / "mine.yaml").write_text(TINY.replace("tiny", "mine"), encoding="utf-8-sig")
    given = [*snakefile, "--configfile", "mine.yaml", "--"]
    assert elsewhere.jobs(*given, "mine")
    assert elsewhere.snakemake(*given, "shipped")[0] == 1
    (elsewhere.folder / "mine.yaml").write_text("studies: {mine: {}}")
    code, output = elsewhere.snakemake(*given)
    assert code == 1
    assert "mine.yaml: studies.mine.dataset: is missing" in output


def test_a_snakefile_without_scripts_is_an_error_that_says_to_clone_the_project(empty):
    """As for a module with github(...), for which Snakemake fetches the Snakefile alone."""
    shutil.rmtree(empty.folder / "scripts")
    code, output = empty.snakemake("--dry-run")
    assert code == 1
    assert "clone the project" in output
