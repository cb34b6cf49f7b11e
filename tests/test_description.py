"""What is said of a study, in words and as a page."""

import re

import numpy as np
import pandas as pd
import pytest
from test_figures import STUDIES

from descent.best import best_run, chosen_by
from descent.description import headline, page
from descent.summary import summarise

TEMPLATE = "<h1>{title}</h1><tr>{head}</tr>{rows}"


def runs(**columns) -> pd.DataFrame:
    return pd.DataFrame({"step_size": [10.0, 0.1, 1.0], **columns})


@pytest.mark.parametrize(
    ("columns", "by", "best"),
    [
        ({"final_test_accuracy_median": [0.7, 0.8, 0.9]}, "test_accuracy", 1.0),
        ({"final_test_accuracy_median": [0.9, 0.8, 0.9]}, "test_accuracy", 1.0),  # the smaller
        ({"final_test_accuracy_median": [np.nan, 0.8, 0.7]}, "test_accuracy", 0.1),
        ({"final_test_accuracy_median": [np.nan] * 3}, "test_accuracy", None),
        ({"final_test_loss_median": [0.3, 0.8, np.inf]}, "test_loss", 10.0),
        (
            {
                "final_test_accuracy_median": [1, 2, 3],
                "final_validation_accuracy_median": [2, 3, 1],
            },
            *("validation_accuracy", 0.1),
        ),
        (
            {"final_test_loss_median": [1, 2, 3], "final_validation_loss_median": [2, 3, 1]},
            *("validation_loss", 1.0),
        ),
    ],
)
def test_the_best_step_size(columns, by, best):
    table = runs(**columns)
    assert chosen_by(table) == f"final_{by}_median"
    row = best_run(table)
    assert (row is None) if best is None else (row["step_size"] == best)


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
    best = own.loc[own["final_test_accuracy_median"].idxmax()]
    said, _ = headline(summary).splitlines()
    assert said.startswith(
        f"- sgd: step size {best.step_size:g} does best of 3 on the test samples"
    )
    accuracy = [best[f"final_test_accuracy_{q}"] for q in ("median", "min", "max")]
    assert [float(n) for n in re.findall(r"0\.\d{4}", said)] == pytest.approx(accuracy, abs=1e-4)
    assert best.status in said
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
