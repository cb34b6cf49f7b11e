"""The headline of a study."""

import made_up
import pandas as pd
import pytest

from descent.analysis.headline import headline


@pytest.mark.parametrize("study", made_up.STUDIES)
def test_the_headline_has_a_line_for_each_optimizer(study):
    summary = made_up.summary_of(study)
    starts = [f"- {name}: " for name in summary["optimizer"].unique()]
    lines = headline(summary).splitlines()
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts


def summary(statuses: list[str], seeds: int = 5, **columns) -> pd.DataFrame:
    """Step sizes 1, 2, … of which the first is best."""
    accuracy = [0.9 / (i + 1) for i in range(len(statuses))]
    quantiles = {"median": 1, "min": 0.9, "max": 1.1, "q10": 0.95, "q90": 1.05}
    values = {
        f"final_test_{metric}_{name}": [factor * value for value in accuracy]
        for metric in ("accuracy", "loss")
        for name, factor in quantiles.items()
    }
    if "loss" in columns:
        values = {name: sorted(value) for name, value in values.items() if "loss" in name}
    sizes = [float(i + 1) for i in range(len(statuses))]
    named = {"optimizer": "gd", "step_size": sizes, "seeds": seeds, "status": statuses}
    return pd.DataFrame(named | values)


VALIDATED = made_up.summary_of("validation, thirty seeds").iloc[:3]
DIVERGED = made_up.summary_of("all diverged").iloc[:2]
BAD = ["converged", "oscillating 3/5, plateau 2/5", "plateau", "plateau 3/5, descending 2/5"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            summary(BAD),
            "the best of 4 step sizes is α = 1, with test accuracy 90.0 % (81.0 to 99.0 % over 5"
            " seeds). The next larger step size, 2, ends with 45.0 % (most seeds"
            " oscillate); the largest, 4, ends with 22.5 %.",
        ),
        (
            summary(["descending", "diverged"], 20),
            "the best of 2 step sizes is α = 1, with test accuracy 90.0 % (85.5 to 94.5 % in the"
            " middle 80 % of 20 seeds). The only larger step size, 2, ends with 45.0 % (most seeds"
            " diverge).",
        ),
        (summary(["converged"], 1), "α = 1, with test accuracy 90.0 %. No larger step size was"),
        (
            summary(["converged", "diverged"], 1),
            "the best of 2 step sizes is α = 1, with test accuracy 90.0 %. The only larger step"
            " size, 2, ends with 45.0 % (diverged).",
        ),
        (VALIDATED, "the best of 3 step sizes by validation is α = 0.1"),
        (DIVERGED, "no step size ends with finite numbers in most seeds."),
        (
            summary(["converged", "plateau"], loss=True),
            "the best of 2 step sizes is α = 1, with test loss 0.45 (0.405 to 0.495 over 5 seeds).",
        ),
    ],
)
def test_the_headline_has_the_best_step_size_and_the_outcome_of_larger_ones(table, says):
    assert headline(table).startswith(f"- gd: {says}")
