"""docs/configuration.md and config.schema.json are what the models say, and true."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from test_config import GOOD, with_sgd, with_study  # pyright: ignore

from descent.config.reference import json_schema, table

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "written"), [("docs/configuration.md", table), ("config.schema.json", json_schema)]
)
def test_the_file_is_up_to_date(file, written):
    assert (ROOT / file).read_text(encoding="utf-8") == written(), "make reference"


def test_an_editor_finds_the_mistakes_that_the_pipeline_finds_and_no_others():
    schema = Draft202012Validator(json.loads(json_schema()))
    config = (ROOT / "config.yaml").read_text()
    assert config.startswith("# yaml-language-server: $schema=config.schema.json\n")
    schema.validate(yaml.safe_load(config))
    good = GOOD.replace("1e-3", "0.001")  # which YAML reads as a word
    for right in [
        with_study("dataset: {file: a.csv, target: y, test: 0.3}", good),
        with_sgd("update_rule: adam, beta1: 0.5, schedule: cosine", good),
        "gpu: true\n" + good,
    ]:
        schema.validate(yaml.safe_load(right))
    for wrong in [
        with_study("dataset: {file: a.csv, target: y, test: 2}", good),
        with_study("l2: -1", good),
        with_study("seeds: [-1]", good),
        with_study("seed: 1", good),
        with_sgd("batch_size: 0", good),
        with_sgd("step_sizes: {from: 1, to: 10}", good),
        with_sgd("momentum: 1", good),
        with_sgd("learning_rate: 1", good),
        good.replace("tiny:", "Tiny:"),
        "gpu: maybe\n" + good,
        "studies: {}",
    ]:
        assert not schema.is_valid(yaml.safe_load(wrong)), wrong


def test_the_table_has_the_options_with_their_defaults():
    (row,) = (line for line in table().splitlines() if line.startswith("| `hidden` |"))
    assert "neural_network" in row
    assert row.endswith("| `128` |")
