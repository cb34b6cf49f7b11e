"""Iterates are read as they were stored, and inconsistent ones are refused."""

import re
from dataclasses import replace

import numpy as np
import pytest

from descent.errors import InputError
from descent.store import iterates
from descent.store.iterates import Iterates

MADE = Iterates(
    step=np.array([0, 1, 3]),
    epoch=np.array([0, 0.5, 1.5]),
    seed=np.array([4, 2]),
    parameters={"A": np.random.default_rng(0).normal(size=(2, 3, 5, 4)), "b": np.zeros((2, 3, 5))},
    provenance={
        **{"dataset": "digits", "data_sha256": "0", "engine": "e", "batch_size": "full"},
        **{"validation": 0, "model": "m", "model_options": {}, "step_size": 0.1, "l2": 0.0},
    },
    rises=np.array([[0, 0, 1], [0, 0, 2]]),
)


def test_iterates_are_read_as_they_were_stored(tmp_path):
    iterates.save(MADE, tmp_path / "x.npz")
    loaded, _ = iterates.load(tmp_path / "x.npz")
    assert loaded.provenance == MADE.provenance
    assert loaded.parameters.keys() == MADE.parameters.keys()
    for name, p in MADE.parameters.items():
        assert np.array_equal(loaded.parameters[name], p)
    for name in ("step", "epoch", "seed", "rises"):
        assert np.array_equal(getattr(loaded, name), getattr(MADE, name))
    with np.load(tmp_path / "x.npz", allow_pickle=False) as npz:
        assert set(npz) == {"step", "epoch", "seed", "A", "b", "provenance", "rises"}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"provenance": {}}, "provenance lacks batch_size, data_sha256, dataset, engine, l2, mo"),
        ({"step": np.array([0, 1])}, "A (2, 3, 5, 4) does not fit seed and step"),
    ],
)
def test_inconsistent_iterates_are_refused(tmp_path, broken, says):
    iterates.save(replace(MADE, **broken), tmp_path / "x.npz")
    with pytest.raises(InputError, match=re.escape(says)):
        iterates.load(tmp_path / "x.npz")


def test_averages_are_a_variant_of_the_iterates():
    A = MADE.parameters["A"]
    provenance = {**MADE.provenance, "average_from": 0.5}
    averaged = replace(MADE, parameters={"A": A, "average_A": 2 * A}, provenance=provenance)
    assert list(iterates.variants(MADE)) == [""]
    variants = iterates.variants(averaged)
    assert list(variants) == ["", "_average"]
    assert np.array_equal(variants[""].parameters["A"], A)
    assert np.array_equal(variants["_average"].parameters["A"], 2 * A[:, 1:])
    assert variants["_average"].step.tolist() == [1, 3]  # from epoch 0.5 on


def test_the_iterates_of_a_study_are_read_on_demand(tmp_path):
    paths = [tmp_path / f"iterates/{run}.npz" for run in ("sgd/0.001", "sgd/1e-05", "gd/1.0")]
    runs = iterates.StoredRuns(paths)
    assert list(runs) == [("sgd", 0.001), ("sgd", 1e-05), ("gd", 1.0)]
    with pytest.raises(InputError, match="no such file"):
        runs["gd", 1.0]
    paths[-1].parent.mkdir(parents=True)
    iterates.save(MADE, paths[-1])
    assert np.array_equal(runs["gd", 1.0].parameters["A"], MADE.parameters["A"])
