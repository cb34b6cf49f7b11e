"""The pipeline in another folder than its own, and as a module of somebody's workflow.

Both folders have a space in their names.
"""

import shutil

import pytest
from conftest import NOTHING, TINY, Project, copy_project  # pyright: ignore

TRACE = "results/tiny/traces/gd/10.0.csv"
FROM = ["--snakefile", "../my project/Snakefile"]
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

onstart:
    print("importer begins")
"""


@pytest.fixture
def shipped(tmp_path) -> Project:
    """The project, with a study of its own."""
    return copy_project(tmp_path / "my project", TINY.replace("tiny", "shipped"))


@pytest.fixture
def elsewhere(shipped, tmp_path) -> Project:
    """An empty working folder beside the project."""
    (tmp_path / "else where").mkdir()
    return Project(tmp_path / "else where")


def nested(text: str) -> str:
    return "descent:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def test_a_folder_elsewhere_gets_the_same_bytes(elsewhere, shipped, made_once):
    (elsewhere.folder / "config.yaml").write_text(TINY)
    given = ["--snakefile", "Snakefile", "--directory", "../else where"]
    assert len(shipped.jobs(*given, TRACE)) == 3
    found, expected = elsewhere.files("results", "data"), made_once.files("results", "data")
    assert len(found) == 4
    assert found == {name: expected[name] for name in found}
    assert shipped.files("results", "data", "logs") == {}


@pytest.mark.slow
def test_a_module_makes_the_same_bytes_beside_the_importers_own(elsewhere, made_once):
    (elsewhere.folder / "Snakefile").write_text(IMPORTER)
    (elsewhere.folder / "config.yaml").write_text(nested(TINY))
    given = ["--configfile", "config.yaml", "--keep-going"]
    code, output = elsewhere.snakemake(*given)
    assert code == 0, output
    assert output.count("importer begins") == 1
    assert elsewhere.files("results", "data") == made_once.files("results", "data")
    assert (elsewhere.folder / "own.txt").exists()
    assert NOTHING in elsewhere.snakemake(*given)[1]

    (elsewhere.folder / "config.yaml").write_text(nested(TINY.replace("[10]", "[-10]")))
    code, output = elsewhere.snakemake(*given)
    assert code == 1
    assert "studies.tiny.optimizers.gd.step_sizes" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_without_a_config_the_shipped_one_holds_and_a_named_one_alone(elsewhere):
    code, output = elsewhere.snakemake(*FROM, "--dry-run", "shipped")
    assert code == 0, output
    (elsewhere.folder / "mine.yaml").write_text(TINY.replace("tiny", "mine"), encoding="utf-8-sig")
    given = [*FROM, "--dry-run", "--configfile", "mine.yaml", "--"]
    code, output = elsewhere.snakemake(*given, "mine")
    assert code == 0, output
    assert elsewhere.snakemake(*given, "shipped")[0] == 1
    (elsewhere.folder / "mine.yaml").write_text("studies: {mine: {}}")
    code, output = elsewhere.snakemake(*given)
    assert code == 1
    assert "mine.yaml: studies.mine.dataset: is missing" in output


def test_a_snakefile_alone_tells_to_clone_the_project(empty):
    """As Snakemake fetches it where a module names github(...)."""
    shutil.rmtree(empty.folder / "scripts")
    code, output = empty.snakemake("--dry-run")
    assert code == 1
    assert "clone the project" in output
