"""What others read to run the project: the workflow catalog, GitHub, a container builder."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def test_the_catalog_finds_what_it_looks_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["report"] is True
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda"}
    assert (ROOT / "workflow/Snakefile").read_text() == 'include: "../Snakefile"\n'
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert config == yaml.safe_load((ROOT / "config.yaml").read_text())
    schema = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert schema == json.loads((ROOT / "config.schema.json").read_text())


def test_the_example_of_the_configuration_fits_the_schema():
    jsonschema = pytest.importorskip("jsonschema")
    example = re.search(r"(?:^    .*\n)+", (ROOT / "config/README.md").read_text(), re.MULTILINE)[0]
    schema = json.loads((ROOT / "config.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(example), schema)


def test_github_runs_what_is_there_with_pinned_actions():
    (job,) = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()
    for step in job["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
        else:
            assert os.access(ROOT / step["run"], os.X_OK)


def test_the_container_copies_files_that_are_there_and_not_ignored():
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().split()
    for source in re.findall(r"^COPY (\S+)", text, re.MULTILINE):
        assert (ROOT / source).exists()
        assert source not in ignored
    assert "--require-hashes -r requirements.lock" in text
