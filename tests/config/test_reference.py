"""docs/configuration.md and config.schema.json agree with the schema of the configuration."""

import json
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from test_config import GOOD, with_sgd, with_study  # pyright: ignore

from descent.config.reference import json_schema, table

ROOT = Path(__file__).parents[2]


def test_the_files_are_up_to_date():
    for file, render in (("docs/configuration.md", table), ("config.schema.json", json_schema)):
        assert (ROOT / file).read_text(encoding="utf-8") == render(), "make reference"


def test_an_editor_finds_mistakes_and_accepts_what_the_pipeline_accepts():
    schema = Draft202012Validator(json.loads(json_schema()))
    config = (ROOT / "config.yaml").read_text()
    assert config.startswith("# yaml-language-server: $schema=config.schema.json\n")
    schema.validate(yaml.safe_load(config))
    good = GOOD.replace("1e-3", "0.001")  # which YAML reads as a word
    schema.validate(yaml.safe_load(with_study("dataset: {file: a.csv, target: y}", good)))
    adam = with_sgd("update_rule: adam, beta1: 0.5, schedule: cosine", good)
    schema.validate(yaml.safe_load("gpu: true\n" + adam))
    for wrong in [
        with_study("dataset: {file: a.csv, target: y, test: 2}", good),
        with_study("l2: -1", good),
        with_study("seed: 1", good),
        with_sgd("batch_size: 0", good),
        with_sgd("step_sizes: {from: 1, to: 10}", good),
        good.replace("tiny:", "Tiny:"),
        "gpu: maybe\n" + good,
        "studies: {}",
    ]:
        assert not schema.is_valid(yaml.safe_load(wrong)), wrong
