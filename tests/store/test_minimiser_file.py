"""A stored minimiser is read for its own objective alone."""

import numpy as np
import pytest

from descent.errors import InputError
from descent.store.files import checksum
from descent.store.minimiser import Minimiser, load, save

OBJECTIVE = {"model": "m", "model_options": {"bias": True}, "l2": 0.1, "data_sha256": "0f"}


@pytest.fixture
def path(tmp_path):
    save(Minimiser({"A": np.eye(2)}, unique=False), OBJECTIVE, tmp_path / "theory.npz")
    return tmp_path / "theory.npz"


def test_a_minimiser_is_read_with_its_checksum(path):
    found, sha256 = load(path, OBJECTIVE)
    assert found.parameters.keys() == {"A"}
    assert (found.parameters["A"] == np.eye(2)).all()
    assert (found.unique, sha256) == (False, checksum(path))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"l2": 0.2}, "has the minimiser for l2 0.1, not 0.2. Delete it, and the pipeline"),
        ({"model_options": {"bias": False}}, "for model_options {'bias': True}, not"),
        ({"data_sha256": "1e"}, "for data_sha256 0f, not 1e"),
    ],
)
def test_the_minimiser_of_another_objective_is_refused(path, other, says):
    with pytest.raises(InputError, match=says):
        load(path, OBJECTIVE | other)
