"""Bad combinations on the command line of train.py are one clear message."""

from dataclasses import replace

import pytest

from descent.ability import check
from descent.errors import InputError
from descent.run import Run

RUN = Run("sigmoid_softmax", "plain", 0.1, 1, epochs=2, evaluate_every=9, seeds=(0,))


@pytest.mark.parametrize(
    ("engine", "changes", "says"),
    [
        ("numba", {"model": "neural_network"}, "neural_network lacks score_gradient"),
        ("numba", {"update_rule": "adam"}, "found update rule adam; allowed: plain, momentum"),
        ("numba", {"average_from": 1}, "cannot average iterates; numpy and torch can"),
        ("numpy", {"average_from": 2}, "found 2; allowed: an epoch before the last, 2"),
        ("numpy", {"model_options": {"hidden": 3}}, "found option hidden; allowed: none"),
        ("numpy", {"update_options": {"beta1": 0}}, "plain: found option beta1; allowed: none"),
        (
            "numpy",
            {"model": "linear_regression"},
            "linear_regression is for regression; found data for classification",
        ),
    ],
)
def test_what_does_not_fit_is_said(digits, engine, changes, says):
    with pytest.raises(InputError, match=says):
        check(replace(RUN, **changes), digits, engine)


def test_triton_needs_a_gpu(digits, monkeypatch):
    from descent.engines import triton

    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(triton, "device", lambda: "cpu")
    with pytest.raises(InputError, match="engine triton: needs a CUDA device"):
        check(RUN, digits, "triton")


def test_what_fits_passes(digits):
    check(RUN, digits, "numba")
    network = {"model": "neural_network", "model_options": {"hidden": 3}, "average_from": 1}
    adam = {"update_rule": "adam", "update_options": {"beta1": 0.5}}
    check(replace(RUN, **network, **adam), digits, "numpy")
