"""The numbers in the documentation against the tables that they come from.

Behind a number of the text stands its source, <!-- study optimizer step-size column -->, which a
page does not show; docs/render_tables.py makes the tables.
"""

import re
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from descent.store import tables
from descent.store.tables import SUMMARY

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))

from render_tables import TABLES, rendered  # noqa: E402


@cache
def summary(study: str) -> pd.DataFrame:
    table = tables.read(DOCS / study / "summary.csv", SUMMARY)
    return table.set_index(["optimizer", "step_size"])


@pytest.mark.parametrize("page", ["results.md", "theory.md"])
def test_tables_are_those_of_the_csv_files(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    assert rendered(text) == text, "python docs/render_tables.py"


@pytest.mark.parametrize("page", ["../README.md", *(page.name for page in DOCS.glob("*.md"))])
def test_every_picture_and_page_that_is_linked_is_there(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):]+?)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (DOCS / page).parent.joinpath(link).exists()] == []


def test_every_table_is_shown():
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert sorted(re.findall(r"<!-- table (\w+) -->", pages)) == sorted(TABLES)


def test_numbers_of_the_text_are_those_of_the_summaries():
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    numbers = re.findall(r"(\S+?)<!-- (\w+) (\w+) (\S+) (\w+) -->", text)
    for number, study, optimizer, step_size, column in numbers:
        value = summary(study).loc[(optimizer, float(step_size)), column]
        shown = number.strip("*([,")
        decimals = len(shown.partition(".")[2])
        assert shown == f"{value:.{decimals}f}", (study, optimizer, step_size, column)
    marks = len(re.findall(r"<!-- (table \w+|end) -->", text))
    assert text.count("<!--") == len(numbers) + marks > marks
