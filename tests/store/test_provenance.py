"""The record of a trace."""

import numpy as np
import pytest

from descent.errors import InputError
from descent.store import provenance


def test_a_record_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "record.json"
    provenance.write(path, {"trace": "0", "data": "1"}, evaluator="numpy", trained={"l2": 0.1})
    assert provenance.read(path) == {
        "sha256": {"trace": "0", "data": "1"},
        "evaluator": "numpy",
        "trained": {"l2": 0.1},
    }


@pytest.mark.parametrize("content", ["", "[]", '{"sha256": 1}', "[" * 9999, "\udcff"])
def test_a_damaged_record_is_refused(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content, errors="surrogateescape")
    with pytest.raises(InputError, match=r"record\.json: not the record of a trace"):
        provenance.read(path)


def test_the_provenance_names_the_device_and_the_versions():
    computed = provenance.computed_by("engines", "numpy")
    assert computed == {"device": "cpu", "versions": {"numpy": np.__version__}}
    versions = provenance.computed_by("evaluation", "numba")["versions"]
    assert versions.keys() == {"numpy", "numba"}
