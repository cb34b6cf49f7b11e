"""The questions of the page, and which answers are right, for made-up studies."""

import made_up
import numpy as np
import pytest

from descent.analysis.summary import summary
from descent.explorer.questions import questions

TRACES = made_up.batch_sizes([0.1, 1, 10, 100])  # the last of which diverges
SUMMARY = summary(TRACES)


def asked(theory=made_up.NOTHING) -> dict[tuple[str, str], dict]:
    """The questions by optimizer and first word."""
    found = questions(TRACES, SUMMARY, theory, ["objective", "test_error"])
    return {(q["optimizer"], q["text"].split()[0]): q for q in found}


def test_the_first_optimizers_of_different_batch_sizes_are_asked_about():
    """mini is the third; gd has no limit to ask for, since it oscillates at all step sizes."""
    both = [("gd", "Which"), ("gd", "How"), ("sgd", "Which"), ("sgd", "From"), ("sgd", "How")]
    assert list(asked()) == both


@pytest.mark.parametrize("optimizer", ["gd", "sgd"])
def test_the_right_answer_is_the_best_step_size(optimizer):
    question, own = asked()[optimizer, "Which"], SUMMARY[SUMMARY["optimizer"] == optimizer]
    best = own["final_test_accuracy_median"].idxmax()
    inside = own["step_size"].between(question["low"], question["high"])
    assert own.index[inside].tolist() == [best] == [question["run"]]
    assert f"{own['step_size'][best]:g} is best" in question["truth"]
    assert "at 100 most seeds diverge" in question["reason"]


def test_the_right_answer_is_between_the_last_stable_and_the_first_unstable_step_size():
    question = asked(made_up.theory_of(TRACES))["sgd", "From"]
    assert question["low"] == 10
    assert question["high"] > 100
    assert "100 is the first; at 10 most seeds do not" in question["truth"]
    assert "Theory puts the limit at 0.3." in question["reason"]


def test_the_right_answer_is_within_a_factor_of_two_of_the_steps_to_the_target():
    question = asked()["gd", "How"]
    run = SUMMARY.loc[question["run"]]
    own = TRACES[(TRACES["optimizer"] == "gd") & (TRACES["step_size"] == run["step_size"])]
    medians = own.groupby("step")["objective"].median()
    steps = medians.index[np.argmax(medians <= question["target"])]
    assert (question["low"], question["high"]) == (steps / 2, steps * 2)
    start = TRACES.loc[TRACES["step"] == 0, "objective"].median()
    lowest = TRACES["objective"].min()
    assert question["target"] == pytest.approx(lowest + 0.1 * (start - lowest))


def test_a_study_whose_runs_all_diverged_has_no_questions():
    traces = made_up.STUDIES["all diverged"]
    assert questions(traces, summary(traces), made_up.NOTHING, ["objective"]) == []
