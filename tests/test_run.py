"""The keys of a run: what follows from them, and contradictions."""

import json
from dataclasses import asdict, replace

import pytest

from descent.errors import InputError
from descent.run import Run

RUN = {"step_size": 0.1, "batch_size": 1, "epochs": 2, "evaluate_every": 9, "seeds": (0, 3)}
RUN = Run(model="sigmoid_softmax", **RUN)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"sampling": "with_replacement", "batch_size": "full"}, ["sampling"]),
        ({"average_from": 2}, ["average_from"]),
        ({"batch_size": "fll"}, ["batch_size"]),
        ({"epochs": 0, "evaluate_every": 1.5}, ["epochs", "evaluate_every"]),
        ({"step_size": "0.1"}, ["step_size"]),
    ],
)
def test_keys_that_contradict_each_other_are_named(changes, keys):
    with pytest.raises(InputError) as error:
        replace(RUN, **changes)
    lines = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == keys
    assert all("found" in line and "allowed" in line for line in lines)


def test_a_run_is_read_from_json_as_it_was_written():
    options = {"hidden": 3}
    run = replace(RUN, model="neural_network", model_options=options, average_from=1, step_size=1)
    assert Run.from_json(run.to_json()) == run


def test_unknown_and_missing_keys_are_named():
    keys = asdict(RUN) | {"bath_size": 1}
    del keys["epochs"]
    with pytest.raises(InputError) as error:
        Run.from_json(json.dumps(keys))
    unknown, missing = str(error.value).splitlines()
    assert unknown.startswith("run: bath_size: unknown key; allowed: average_from, batch_size")
    assert missing == "run: epochs: is missing"


@pytest.mark.parametrize(
    ("steps", "evaluate_every", "expected"),
    [
        (10, 4, [0, 1, 2, 4, 8, 10]),
        (20, 9, [0, 1, 2, 4, 8, 9, 18, 20]),
        (3, 100, [0, 1, 2, 3]),
        (1, 1, [0, 1]),
    ],
)
def test_evaluated_steps(steps, evaluate_every, expected):
    run = replace(RUN, batch_size="full", epochs=steps, evaluate_every=evaluate_every)
    assert run.evaluated_steps(50).tolist() == expected


@pytest.mark.parametrize(
    ("batch_size", "samples_per_step", "steps_per_epoch"),
    [(1, 1, 20), (7, 7, 3), (20, 20, 1), ("full", 20, 1)],
)
def test_an_epoch_is_one_pass_over_the_samples(batch_size, samples_per_step, steps_per_epoch):
    run = replace(RUN, batch_size=batch_size, average_from=1)
    assert run.samples_per_step(20) == samples_per_step
    assert run.steps_per_epoch(20) == run.burn_in(20) == steps_per_epoch
    assert run.steps(20) == 2 * steps_per_epoch
