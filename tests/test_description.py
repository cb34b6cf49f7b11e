"""What is said of a study, in words and as a page."""

import re

import numpy as np
import pandas as pd
import pytest
from test_figures import STUDIES

from descent.best import best, criterion
from descent.description import headline, page
from descent.summary import summarise

TEMPLATE = "<h1>{title}</h1><tr>{head}</tr>{rows}"


def runs(**columns) -> pd.DataFrame:
    columns = {f"final_{name}_median": values for name, values in columns.items()}
    return pd.DataFrame({"optimizer": "o", "step_size": [10.0, 0.1, 1.0], **columns})


LOSSES = {"test_loss": [3, 2, 1]}
ACCURACIES = LOSSES | {"test_accuracy": [0.9, 0.8, 0.7]}
VALIDATED = {"validation_loss": [2, 1, 3]}


@pytest.mark.parametrize(
    ("columns", "by", "chosen"),
    [
        (ACCURACIES, "test accuracy", [10.0]),
        (ACCURACIES | {"test_accuracy": [0.7, 0.9, 0.9]}, "test accuracy", [1.0]),  # by its loss
        ({"test_loss": [2, 1, 1], "test_accuracy": [0.8, 0.9, 0.9]}, "test accuracy", [0.1]),
        (ACCURACIES | {"test_accuracy": [np.nan, 0.8, 0.7]}, "test accuracy", [0.1]),
        (ACCURACIES | {"test_accuracy": [np.nan] * 3}, "test accuracy", []),
        (LOSSES, "test loss", [1.0]),
        (LOSSES | {"test_loss": [np.inf, 1, 2]}, "test loss", [0.1]),
        (LOSSES | VALIDATED, "validation loss", [0.1]),
        (
            ACCURACIES | VALIDATED | {"validation_accuracy": [0.5, 0.6, 0.7]},
            *("validation accuracy", [1.0]),
        ),
    ],
)
def test_the_best_step_size(columns, by, chosen):
    assert criterion(runs(**columns)) == by
    assert best(runs(**columns))["step_size"].tolist() == chosen


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_has_a_headline_and_a_page(study):
    summary = summarise(STUDIES[study])
    lines = headline(summary).splitlines()
    assert len(lines) == summary["optimizer"].nunique()
    made = page(summary, TEMPLATE)
    assert made.count("<tr>") == 1 + len(summary)
    assert "{" not in made


def test_the_headline_says_what_the_summary_says():
    summary = summarise(STUDIES["two optimizers"])
    own = summary[summary["optimizer"] == "sgd"]
    chosen = own.loc[own["final_test_accuracy_median"].idxmax()]
    said, _ = headline(summary).splitlines()
    assert said.startswith(
        f"- sgd: step size {chosen.step_size:g} does best of 3 on the test samples"
    )
    accuracy = [chosen[f"final_test_accuracy_{q}"] for q in ("median", "min", "max")]
    assert [float(n) for n in re.findall(r"0\.\d{4}", said)] == pytest.approx(accuracy, abs=1e-4)
    assert chosen.status in said
    said, _ = headline(summarise(STUDIES["thirty seeds"])).splitlines()
    assert re.search(r"\(median of 30 seeds, 10-90 % \S+ to \S+\)", said)
    diverged = headline(summarise(STUDIES["all diverged"]))
    assert diverged == "- sgd: no step size ends with finite numbers in most seeds.\n"


def test_the_page_shows_medians_with_ranges_and_orders_by_numbers():
    summary = summarise(STUDIES["two optimizers"])
    made = page(summary, TEMPLATE)
    for row in summary.itertuples():
        accuracy = row.final_test_accuracy_median
        assert f'data-order="{accuracy!r}"' in made
        low, high = row.final_test_accuracy_min, row.final_test_accuracy_max
        if f"{low:.4f}" != f"{high:.4f}":
            assert f">{accuracy:.4f} [{low:.4f}, {high:.4f}]<" in made


def test_what_a_name_holds_is_no_html():
    summary = summarise(STUDIES["one run"]).assign(optimizer="<b>&")
    assert "&lt;b&gt;&amp;" in page(summary, TEMPLATE)
