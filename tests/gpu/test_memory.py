"""Out of memory: seeds, and snapshots, go in smaller stacks."""

from dataclasses import replace

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from descent.engines import numpy
from descent.errors import InputError
from descent.evaluators import torch as evaluator
from descent.gpu.memory import in_stacks
from descent.plugins import plugin
from descent.run import Run

RUN = Run(
    model="softmax_regression",
    step_size=0.1,
    batch_size=5,
    epochs=1,
    evaluate_every=4,
    seeds=(3, 1, 4, 0, 5),
)


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("Triton Error [CUDA]: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


def short_of_memory(fits, error=ERRORS[0]):
    """An engine that holds so many seeds at most; it lists the stacks that it is asked for."""
    stacks = []

    def train(run, data, progress):
        stacks.append(run.seeds)
        if len(run.seeds) > fits:
            raise error
        return numpy.train(run, data, progress)

    return train, stacks


@pytest.mark.parametrize(("fits", "error"), [(5, None), (3, ERRORS[0]), *((1, e) for e in ERRORS)])
def test_smaller_stacks_give_the_same_iterates(digits, fits, error):
    data = replace(digits, x_train=digits.x_train[:40], y_train=digits.y_train[:40])
    train, stacks = short_of_memory(fits, error)
    made = in_stacks(train, RUN, data, lambda steps: None)
    alone = [numpy.train(replace(RUN, seeds=(s,)), data, lambda steps: None) for s in RUN.seeds]
    assert made.seed.tolist() == [3, 1, 4, 0, 5]
    assert_array_equal(made.step, alone[0].step)
    for name, p in made.parameters.items():
        for i, of_seed in enumerate(alone):
            assert_array_equal(p[i], of_seed.parameters[name][0])
    assert stacks[0] == RUN.seeds
    assert sum(len(s) for s in stacks if len(s) <= fits) == len(RUN.seeds)


def test_a_seed_that_does_not_fit_is_said_so(digits):
    train, _ = short_of_memory(0)
    with pytest.raises(InputError, match="a single seed does not fit the memory of the GPU"):
        in_stacks(train, RUN, digits, lambda steps: None)


def test_other_errors_are_not_taken_for_it(digits):
    train, stacks = short_of_memory(0, RuntimeError("CUDA error: an illegal memory access"))
    with pytest.raises(RuntimeError, match="illegal memory access"):
        in_stacks(train, RUN, digits, lambda steps: None)
    assert len(stacks) == 1


@pytest.mark.parametrize("error", ERRORS)
def test_an_evaluation_goes_on_with_fewer_snapshots_at_once(random, digits, monkeypatch, error):
    given = {"A": random.normal(size=(20, 10, 64)), "b": random.normal(size=(20, 10))}
    given = plugin("models", "softmax_regression"), given, digits.x_test, 16.0, digits.y_test, 0.1
    whole, means_of, sizes = evaluator.means(*given), evaluator._means, []

    def holding(fits):
        def means(net, parameters, *further):
            sizes.append(len(parameters["A"]))
            if sizes[-1] > fits:
                raise error
            return means_of(net, parameters, *further)

        monkeypatch.setattr(evaluator, "_means", means)

    holding(1000)
    evaluator.means(*given)
    assert sizes == [2**22 // (8192 * 10)]  # always: the bytes do not depend on how many there are
    holding(3)
    for found, expected in zip(evaluator.means(*given), whole, strict=True):
        assert_allclose(found, expected, rtol=1e-12)
    assert sizes[-7:] == [3] * 7
    holding(0)
    with pytest.raises(InputError, match="a single snapshot does not fit the memory of the GPU"):
        evaluator.means(*given)
