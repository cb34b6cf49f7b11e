"""Out of memory: seeds go in smaller stacks."""

from dataclasses import replace

import pytest
import torch
from numpy.testing import assert_array_equal

from descent.engines import numpy
from descent.errors import InputError
from descent.gpu.stacks import in_stacks
from descent.run import Run

RUN = Run(
    model="softmax_regression",
    step_size=0.1,
    batch_size=5,
    epochs=1,
    evaluate_every=4,
    seeds=(3, 1, 4, 0, 5),
)


def short_of_memory(fits):
    """An engine that holds so many seeds at most; it lists the stacks that it is asked for."""
    stacks = []

    def train(run, data, progress):
        stacks.append(run.seeds)
        if len(run.seeds) > fits:
            raise torch.OutOfMemoryError("out of memory")
        return numpy.train(run, data, progress)

    return train, stacks


@pytest.mark.parametrize("fits", [5, 3, 1])
def test_smaller_stacks_give_the_same_iterates(digits, fits):
    data = replace(digits, x_train=digits.x_train[:40], y_train=digits.y_train[:40])
    train, stacks = short_of_memory(fits)
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
