"""What the headline says of a study."""

import re

import made_up
import pytest

from descent.analysis.headline import headline


@pytest.mark.parametrize("study", made_up.STUDIES)
def test_the_headline_has_a_line_for_each_optimizer(study):
    summary = made_up.summary_of(study)
    starts = [f"- {name}: " for name in summary["optimizer"].unique()]
    lines = headline(summary).splitlines()
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts


def test_the_headline_says_what_the_summary_says():
    summary = made_up.summary_of("two optimizers")
    own = summary[summary["optimizer"] == "sgd"]
    chosen = own.loc[own["final_test_accuracy_median"].idxmax()]
    line, _ = headline(summary).splitlines()
    assert line.startswith(
        f"- sgd: step size {chosen.step_size:g} does best of 3 on the test samples"
    )
    accuracy = [chosen[f"final_test_accuracy_{q}"] for q in ("median", "min", "max")]
    assert [float(n) for n in re.findall(r"0\.\d{4}", line)] == pytest.approx(accuracy, abs=1e-4)
    assert chosen.status in line


def test_many_seeds_are_told_by_their_quantiles():
    line, *_ = headline(made_up.summary_of("validation, thirty seeds")).splitlines()
    assert re.search(r"\(median of 30 seeds, 10-90 % \S+ to \S+\)", line)


def test_where_all_diverged_no_step_size_is_best():
    line, *_ = headline(made_up.summary_of("all diverged")).splitlines()
    assert line == "- gd: no step size ends with finite numbers in most seeds."
