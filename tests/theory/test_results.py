"""The files of theory come back, and damaged ones are refused."""

import made_up
import pandas as pd
import pytest

from descent.errors import InputError
from descent.theory import results
from descent.theory.results import Limits


def test_theory_comes_back(tmp_path):
    theory = made_up.theory_of(made_up.batch_sizes([0.1, 1]))
    paths = tmp_path / "theory.json", tmp_path / "expected.csv"
    results.write(theory, *paths)
    read = results.read(*paths)
    pd.testing.assert_frame_equal(read.expected, theory.expected)
    assert vars(read) | {"expected": None} == vars(theory) | {"expected": None}
    for damaged in ("{", "[]", "{}", '{"limits": {}, "minimun": 1}'):
        paths[0].write_text(damaged)
        with pytest.raises(InputError, match=r"not what theory\.py writes"):
            results.read(*paths)


def test_limits_say_where_they_hold():
    full = Limits("full", 2.0, from_anywhere=0.5)
    assert full.named() == {"near the minimiser": 2.0, "from anywhere": 0.5}
    assert Limits("32", 1.2).named() == {"near the minimiser": 1.2}
    assert Limits("32", 1.2, is_upper_bound=True).named() == {"near the minimiser, at most": 1.2}
