"""The files of the theory are read as they were written, and damaged ones are refused."""

import made_up
import pandas as pd
import pytest

from descent.errors import InputError
from descent.theory import results
from descent.theory.results import ObjectiveTheory, OptimizerTheory, TheoryResults


def test_the_theory_is_read_as_it_was_written(tmp_path):
    theory = made_up.theory_of(made_up.batch_sizes([0.1, 1]))
    paths = tmp_path / "theory.json", tmp_path / "expected.csv"
    results.write(theory, *paths)
    read = results.read(*paths)
    pd.testing.assert_frame_equal(read.expected, theory.expected)
    assert vars(read) | {"expected": None} == vars(theory) | {"expected": None}
    for damaged in ("{", "[]", "{}", '{"objectives": {"0.0": {"minimun": 1}}, "optimizers": {}}'):
        paths[0].write_text(damaged)
        with pytest.raises(InputError, match=r"not a file of theory\.py"):
            results.read(*paths)


def test_an_optimizer_has_its_own_limits_and_objective():
    objectives = {"0.1": ObjectiveTheory(minimum=1.0), "0.01": ObjectiveTheory(minimum=2.0)}
    optimizers = {
        "gd": OptimizerTheory("plain", True, 0.1, "full", 2.0, limit_from_anywhere=0.5),
        "sgd": OptimizerTheory("plain", True, 0.01, "1", 1.2, limit_is_upper_bound=True),
        "adam": OptimizerTheory("plain", True, 0.01, "1"),
    }
    theory = TheoryResults(objectives, optimizers)
    assert theory.limits("gd") == {"near the minimiser": 2.0, "from anywhere": 0.5}
    assert theory.limits("sgd") == {"near the minimiser, at most": 1.2}
    assert theory.limits("adam") == theory.limits("sgd_average") == {}
    minima = [theory.objective(name).minimum for name in ("gd", "sgd", "sgd_average")]
    assert minima == [1.0, 2.0, 2.0]
