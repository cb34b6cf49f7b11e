"""The summary of a study, for traces whose summary is known."""

import numpy as np
import pandas as pd
import pytest
from made_up import NAMED

from descent.analysis.quantiles import QUANTILES
from descent.analysis.summary import summary

NAN = np.nan


def traces(test_accuracy: dict[int, list[float]], **columns) -> pd.DataFrame:
    """Test accuracies at the steps 0, 1, 2, … of each seed; losses are 1 - accuracy."""
    rows = [
        {"seed": seed, "step": step, "test_accuracy": accuracy}
        for seed, accuracies in test_accuracy.items()
        for step, accuracy in enumerate(accuracies)
    ]
    run = {"study": "s", "dataset": "d", "model": "m", "optimizer": "o", "step_size": 0.1}
    table = pd.DataFrame(rows).assign(**run, engine="e", batch_size="1", rises=NAN)
    loss = 1 - table["test_accuracy"]
    return table.assign(objective=loss, test_loss=loss, **columns)


def test_quantiles_over_seeds_and_the_best_of_the_median():
    table = traces({0: [0, 0.7, 0.5], 1: [0, 0.9, 0.6], 2: [0, 0.8, 0.7]})
    (row,) = summary(table).to_dict("records")
    assert row["seeds"] == 3
    for name, q in QUANTILES.items():
        for metric, values in {"accuracy": [0.5, 0.6, 0.7], "loss": [0.5, 0.4, 0.3]}.items():
            expected = np.quantile(values, q)
            assert row[f"final_test_{metric}_{name}"] == pytest.approx(expected)
    assert row["best_test_accuracy"] == pytest.approx(0.8)
    assert row["best_test_accuracy_step"] == 1
    assert row["chosen_by"] == "test"


def test_the_best_step_is_chosen_by_validation_where_samples_are_held_out():
    table = traces({0: [0, 0.9, 0.6, 0.7]}, validation_accuracy=[0, 0.5, 0.8, 0.8])
    table["validation_loss"] = 1 - table["validation_accuracy"]
    (row,) = summary(table).to_dict("records")
    assert row["best_test_accuracy"] == pytest.approx(0.6)
    assert row["best_test_accuracy_step"] == 2
    assert row["chosen_by"] == "validation"
    assert row["final_validation_accuracy_median"] == pytest.approx(0.8)


def test_diverged_seeds_count_as_the_worst():
    table = traces({0: [0, 0.9], 1: [0, NAN], 2: [0, 0.8], 3: [0, NAN], 4: [0, NAN]})
    (row,) = summary(table).to_dict("records")
    assert np.isnan(row["final_test_accuracy_median"])
    assert row["final_test_accuracy_max"] == 0.9
    assert row["final_test_loss_median"] == np.inf
    assert row["best_test_accuracy"] == 0  # the median of step 0
    assert row["gap"] == np.inf
    assert row["status"] == "diverged 3/5, plateau 2/5"


def test_a_regression_has_no_accuracies():
    table = traces({0: [0, 0.5]}).drop(columns="test_accuracy")
    assert not [column for column in summary(table) if "accuracy" in column or "chosen" in column]


def test_the_gap_is_to_the_lowest_of_the_study_or_to_the_optimum():
    one, other = traces({0: [0, 0.5, 0.5]}), traces({0: [0, 1, 1]}).assign(step_size=1.0)
    both = pd.concat([one, other])
    assert summary(both)["gap"].tolist() == pytest.approx([0.5, 0])
    over = both.assign(excess=both["objective"] + 1)
    assert summary(over)["gap"].tolist() == pytest.approx([0.75, 0.5])


def test_a_high_objective_of_other_runs_does_not_change_the_gap():
    """The optimum is not computed from F = 1e20, where F - (F - F*) is 0."""
    good, bad = traces({0: [0, 0.5, 0.9]}), traces({0: [0, 0, 0]}, step_size=9.0)
    bad = pd.concat([bad.assign(step_size=9.0 + i, objective=[1, 1e20, 1e30]) for i in range(5)])
    table = pd.concat([good, bad], ignore_index=True)
    rows = summary(table.assign(excess=table["objective"] - 0.05)).to_dict("records")
    assert rows[0]["gap"] == pytest.approx(1 - (1 - 0.1) / 0.95)


def test_averages_start_where_their_run_does():
    own, averages = traces({0: [0, 0.5, 1, 1, 1]}), traces({0: [0, 0, 0.5, 0.5, 0.5]})
    averages = averages[averages["step"] > 1].assign(optimizer="o_average")
    assert summary(pd.concat([own, averages]))["gap"].tolist() == pytest.approx([0, 0.5])


def test_each_seed_has_a_status_that_depends_on_rises():
    table = traces({0: [0.0] + 40 * [0.5], 1: [0.0] + 40 * [0.5], 2: [0.0] + 20 * [1.0, 0.9]})
    assert summary(table)["status"].item() == "plateau"
    rises = np.where(table["seed"] == 2, table["step"] // 2, 0)
    (row,) = summary(table.assign(rises=rises)).to_dict("records")
    assert row["status"] == "plateau 2/3, oscillating 1/3"


@pytest.mark.parametrize(
    ("columns", "target", "steps"),
    [
        ({"excess": [[9, 3, 0.9, 2, 1, 0.5, 0]]}, 0.1, [4]),
        ({"excess": [[2, 1, 2]]}, 0.1, [np.inf]),
        ({"excess": [[2, np.nan, 0, 0]]}, 0.1, [2]),
        ({"test_accuracy": [[0.1, 0.9, 0.8, 0.95], [0.9, 0.9, 0.9, 0.9]]}, 0.85, [3, 0]),
        ({"test_loss": [[3] * 96 + [1] * 5]}, 2.5, [96]),
        ({"test_loss": [[3] * 97 + [1] * 4]}, 2.5, [np.inf]),
    ],
)
def test_steps_to_a_target_end_where_it_is_met_until_the_end(columns, target, steps):
    ((name, values),) = columns.items()
    seeds, number = np.shape(values)
    index = {"seed": np.repeat(range(seeds), number), "step": np.tile(range(number), seeds)}
    traces = pd.DataFrame(index | {name: np.ravel(values)})
    traces["objective"] = 10 + traces["excess"] if name == "excess" else 1.0
    traces = traces.assign(**NAMED, optimizer="gd", step_size=1.0, batch_size="full", rises=np.nan)
    row = summary(traces, target).iloc[0]
    assert row["steps_to_target_min"] == min(steps)
    assert row["steps_to_target_max"] == max(steps)
