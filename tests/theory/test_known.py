"""The files of theory come back, and damaged ones are refused."""

import made_up
import pandas as pd
import pytest

from descent.errors import InputError
from descent.store import tables
from descent.theory import known

KNOWN = made_up.known_of(made_up.batch_sizes([0.1, 1]))


def test_theory_comes_back(tmp_path):
    paths = tmp_path / "theory.json", tmp_path / "expected.csv"
    known.write(KNOWN, paths[0])
    tables.write(KNOWN.expected, paths[1])
    read = known.read(*paths)
    assert read.numbers == KNOWN.numbers | {"versions": read.numbers["versions"]}
    pd.testing.assert_frame_equal(read.expected, KNOWN.expected)
    paths[0].write_text("{")
    with pytest.raises(InputError, match="not readable JSON"):
        known.read(*paths)


def test_limits_are_those_of_the_batch_size():
    assert KNOWN.limits("gd") == {"near the minimiser": 2.0, "from anywhere": 0.5}
    assert KNOWN.limits("mini") == {"near the minimiser": 1.2}
    assert KNOWN.limits("adam") == {}  # which is not plain
    assert made_up.NOTHING.limits("gd") == {}
