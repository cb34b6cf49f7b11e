"""The files of the theory are read as they were written, and damaged ones are refused."""

import made_up
import pandas as pd
import pytest

from descent.errors import InputError
from descent.theory import results


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
