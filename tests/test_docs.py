"""The numbers in the documentation against the tables that they come from.

Behind a number stands its source, <!-- study optimizer step-size column -->, which a page does not
show; a table whose header names columns of the summary begins with <!-- study -->.
"""

import re
from functools import cache
from pathlib import Path

import pandas as pd

from descent.analysis.predictions import COLUMNS
from descent.store import tables
from descent.store.tables import SUMMARY

DOCS = Path(__file__).parents[1] / "docs"


@cache
def summary(study: str) -> pd.DataFrame:
    table = tables.read(DOCS / study / "summary.csv", SUMMARY)
    return table.set_index(["optimizer", "step_size"])


def tables_of(text: str) -> list[tuple[str, list[str], list[list[str]]]]:
    """Of each table with a study: the study, the head, and the rows."""
    found = []
    for study, table in re.findall(r"<!-- (\w+) -->\n((?:\|.*\n)+)", text):
        lines = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
        found.append((study, lines[0], lines[2:]))
    return found


def cell_of(run: pd.Series, optimizer: str, step_size: float, name: str) -> str:
    """What the table of results says in the column of this name."""
    words = {"optimizer": optimizer, "step size": f"{step_size:g}", "status": run["status"]}
    if name in words:
        return words[name]
    metric = f"final_{name.replace(' ', '_')}"
    median, low, high = (run[f"{metric}_{q}"] for q in ("median", "min", "max"))
    return f"{median:.4f} [{low:.4f}, {high:.4f}]"


def test_results_are_those_of_the_summaries():
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    numbers = re.findall(r"(\S+?)<!-- (\w+) (\w+) (\S+) (\w+) -->", text)
    for number, study, optimizer, step_size, column in numbers:
        value = summary(study).loc[(optimizer, float(step_size)), column]
        shown = number.strip("*([,")
        decimals = len(shown.partition(".")[2])
        assert shown == f"{value:.{decimals}f}", (study, optimizer, step_size, column)
    for study, head, rows in tables_of(text):
        expected = [
            [cell_of(run, *names, name) for name in head]
            for names, run in summary(study).iterrows()
        ]
        assert rows == expected, study
    assert len(numbers) > 20
    assert text.count("<!--") == len(numbers) + len(tables_of(text)) > len(numbers)


def four(value: float) -> str:
    """Four digits; nothing for what is not known."""
    return "" if pd.isna(value) else f"{value:.4g}"


def test_predictions_are_those_of_their_studies():
    """Of each quantity, optimizer, step size, predicted, measured with its range, ratio."""
    found = tables_of((DOCS / "theory.md").read_text(encoding="utf-8"))
    assert {study for study, *_ in found} == {"linear_regression", "softmax_l2"}
    for study, _, rows in found:
        expected = []
        for run in tables.read(DOCS / study / "predictions.csv", COLUMNS).itertuples():
            predicted, measured, error, stable, unstable, ratio = map(four, run[-6:])
            beside = f"± {error}" if error else f"[{stable}, {unstable}]"
            names = [run.quantity, run.optimizer, four(run.step_size)]
            expected.append([*names, predicted, f"{measured} {beside}".strip(), ratio])
        assert rows == expected, study
