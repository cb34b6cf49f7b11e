"""docs/configuration.md and config.schema.json are what is declared, and true."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator
from test_config import GOOD, MISTAKES, ROOT  # pyright: ignore

from descent.run import options_of
from pipeline.reference import SCHEMA, TABLE, json_schema, table


def test_both_files_are_up_to_date():
    assert table() == TABLE.read_text(encoding="utf-8"), "make reference"
    assert json_schema() == SCHEMA.read_text(encoding="utf-8"), "make reference"


def test_the_editor_finds_nothing_wrong_with_the_shipped_config():
    config = (ROOT / "config.yaml").read_text()
    assert config.startswith("# yaml-language-server: $schema=config.schema.json\n")
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(yaml.safe_load(config))


# what one value or name is wrong for, by the line that the pipeline says
OF_VALUES = [case for case in MISTAKES if "'" in case[2] or "unknown key" in case[2]]


@pytest.mark.parametrize(("old", "new", "says"), OF_VALUES)
def test_the_editor_finds_what_the_pipeline_finds(old, new, says):
    schema = Draft202012Validator(json.loads(json_schema()))
    assert schema.is_valid(yaml.safe_load(GOOD.replace("1e-3", "0.001")))
    wrong = yaml.safe_load(GOOD.replace(old, new).replace("1e-3", "0.001"))
    # an option, but not of what is chosen
    of_another = "hidden" in new or "momentum" in new or new.startswith("t0")
    assert schema.is_valid(wrong) == of_another


def test_the_table_has_the_options_with_their_defaults():
    default = options_of("models", "neural_network")["hidden"]
    row = f"| `hidden` | option of `neural_network` | an integer ≥ 1 | {default} |"
    assert row in table().splitlines()
