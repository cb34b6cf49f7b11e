"""The numbers in docs/results.md against docs/<study>/summary.csv, the tables that they come from.

Behind a number stands its source, <!-- study optimizer step-size column -->, which a page does not
show; a table whose header names columns of the summary begins with <!-- study -->.
"""

import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from descent import tables
from descent.columns import SUMMARY
from descent.predictions import COLUMNS
from descent.status import of_most

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "results.md").read_text(encoding="utf-8")
NUMBERS = re.findall(r"(\S+?)<!-- (\w+) (\w+) (\S+) (\w+) -->", TEXT)
TABLES = re.findall(r"<!-- (\w+) -->\n((?:\|.*\n)+)", TEXT)


@cache
def summary(study: str) -> pd.DataFrame:
    table = tables.read(DOCS / study / "summary.csv", SUMMARY)
    return table.set_index(["optimizer", "step_size"])


@pytest.mark.parametrize(("number", "study", "optimizer", "step_size", "column"), NUMBERS)
def test_a_number_is_that_of_its_table(number, study, optimizer, step_size, column):
    value = summary(study).loc[(optimizer, float(step_size)), column]
    shown = number.strip("*([,")
    decimals = len(shown.partition(".")[2])
    assert shown == f"{value:.{decimals}f}"


@pytest.mark.parametrize(("study", "table"), TABLES)
def test_a_table_is_that_of_its_study(study, table):
    """Of each row the optimizer, the step size, and a median with its range for each metric."""
    head, _, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
    assert len(rows) == len(summary(study))
    for (optimizer, step_size), row in zip(summary(study).index, rows, strict=True):
        of_run = summary(study).loc[(optimizer, step_size)]
        for name, cell in zip(head, row, strict=True):
            if name in ("optimizer", "step size"):
                shown = {"optimizer": optimizer, "step size": f"{step_size:g}"}[name]
            elif name == "status":
                shown = of_run["status"]
            else:
                metric = f"final_{name.replace(' ', '_')}"
                median, low, high = (of_run[f"{metric}_{q}"] for q in ("median", "min", "max"))
                shown = f"{median:.4f} [{low:.4f}, {high:.4f}]"
            assert cell == shown


def test_the_status_of_every_run_is_the_one_that_is_read_beside_it():
    text = (DOCS / "statuses.md").read_text(encoding="utf-8")
    told = {
        (study, optimizer, float(step_size)): status
        for study, optimizer, step_sizes, status, _ in re.findall(
            r"^\| (\w+) \| (\w+) \| ([\d., e+-]+) \| ([\w ]+) \| (.+) \|$", text, re.MULTILINE
        )
        for step_size in step_sizes.split(", ")
    }
    studies = {path.parent.name for path in DOCS.glob("*/summary.csv")}
    ended = {
        (study, *run): of_most(words)
        for study in studies
        for run, words in summary(study)["status"].items()
    }
    assert told == ended


def test_numbers_and_tables_are_found():
    assert len(NUMBERS) > 20
    assert TABLES
    assert TEXT.count("<!--") == len(NUMBERS) + len(TABLES)


THEORY = (DOCS / "theory.md").read_text(encoding="utf-8")
PREDICTED = re.findall(r"<!-- (\w+) -->\n((?:\|.*\n)+)", THEORY)


@pytest.mark.parametrize(("study", "table"), PREDICTED)
def test_predictions_are_those_of_their_study(study, table):
    """Every one: quantity, optimizer, step size, predicted, measured with its range, ratio."""
    made = tables.read(DOCS / study / "predictions.csv", COLUMNS)
    _, _, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
    assert len(rows) == len(made)
    for row, of_run in zip(rows, made.itertuples(), strict=True):
        predicted, measured, low, high, ratio = map(four, of_run[-5:])
        step_size = four(of_run.step_size)
        shown = [of_run.quantity, of_run.optimizer, step_size, predicted]
        assert row == [*shown, f"{measured} [{low}, {high}]".strip(), ratio]


def four(value: float) -> str:
    """Four digits; nothing for what is not known."""
    return "" if pd.isna(value) else f"{value:.4g}"


def test_tables_of_predictions_are_found():
    assert {study for study, _ in PREDICTED} == {"linear_regression", "softmax_l2"}
