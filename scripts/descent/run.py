"""A run: one optimizer with one step size, all its seeds. Its keys are declared here, once.

A key that a study decides stands in OfStudy, one that an optimizer decides in OfOptimizer. From
the declaration follow the checks of config.yaml, the command line of train.py, the provenance,
docs/configuration.md and config.schema.json.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal

from descent.declaration import (
    OF_DEFAULT,
    Count,
    CountOrZero,
    PositiveOrZero,
    StepSize,
    declared,
    distinct,
    key,
    kind_of_option,
    schema,
    with_options,
)
from descent.errors import InputError
from descent.formulas import arguments, options
from descent.plugins import available, place, plugin
from descent.schedule import SHUFFLED, WITH_REPLACEMENT, steps_per_epoch

FULL = "full"


@declared
class OfStudy:
    """What a study decides of its runs."""

    model: Literal[*available("models")] = key("what is trained", also=("net", "network"))
    seeds: distinct(CountOrZero) = key(
        "replicates: a seed decides the initial parameters and the order of samples",
        also=("seed", "replicates", "repeats"),
    )
    l2: PositiveOrZero = key(
        "λ of the objective: loss + λ/2 ‖parameters‖², bias included",
        0.0,
        also=("weight_decay", "lambda", "regularization", "penalty"),
    )
    validation: CountOrZero = key(
        "samples held out from the end of the training data, to choose a step size and a step by",
        0,
        also=("holdout", "hold_out", "validation_size", "val"),
    )
    initial: Literal["uniform", "zeros"] = key(
        "initial parameters: ±1/√(inputs of the layer), or zeros",
        "uniform",
        also=("init", "initialization", "start"),
    )
    dtype: Literal["float32", "float64"] = key(
        "numbers of parameters and samples", "float32", also=("precision",)
    )


@declared
class OfOptimizer:
    """What an optimizer decides of its runs."""

    update_rule: Literal[*available("update_rules")] = key(
        "how a gradient moves the parameters", "plain", also=("optimizer", "rule", "method")
    )
    batch_size: Count | Literal[FULL] = key(
        "samples a step, or all of them", also=("batch", "minibatch", "mini_batch")
    )
    sampling: Literal[SHUFFLED, WITH_REPLACEMENT] = key(
        "samples of an epoch: each once, in a fresh order; or as many independent draws from all",
        SHUFFLED,
        also=("shuffle", "replacement", "sampler", "order"),
        values={
            "replacement": WITH_REPLACEMENT,
            "iid": WITH_REPLACEMENT,
            "bootstrap": WITH_REPLACEMENT,
            "without_replacement": SHUFFLED,
            "reshuffling": SHUFFLED,
            "permutation": SHUFFLED,
        },
    )
    epochs: Count = key("passes over the training data", also=("epoch", "max_epochs", "passes"))
    evaluate_every: Count = key(
        "steps between evaluated ones; also evaluated: 0, 1, 2, 4, 8, … and the last one",
        also=("eval_every", "evaluate", "log_every"),
    )
    schedule: Literal[*available("schedules")] = key(
        "what the step size is multiplied by in step t = 1, 2, …",
        "constant",
        also=("scheduler", "decay_schedule"),
        values={"1/t": "inverse_time", "1/sqrt(t)": "inverse_sqrt", "step_decay": "halving"},
    )
    average_from: CountOrZero | None = key(
        "epochs after which the iterates are averaged; the averages get rows of their own", None
    )


@declared
class Run(OfOptimizer, OfStudy):
    """Everything that decides a trajectory, but the data.

    model_options, update_options, schedule_options: what the signatures of the model's `layers`,
    the rule's `update` and the schedule's `factor` leave to choose.
    """

    step_size: StepSize = key("the step size α", also=("lr", "learning_rate", "alpha"))
    model_options: Mapping[str, Any] = key("options of the model", {})
    update_options: Mapping[str, Any] = key("options of the update rule", {})
    schedule_options: Mapping[str, Any] = key("options of the schedule", {})

    @property
    def label(self) -> str:
        """The canonical spelling of the step size: 1e-3 and 0.001 are both 0.001, 1 is 1.0."""
        return repr(self.step_size)

    @property
    def itemsize(self) -> int:
        """Bytes of a parameter."""
        return {"float32": 4, "float64": 8}[self.dtype]

    @property
    def is_plain(self) -> bool:
        """Whether a step is p - α g, with the same α in every step: what theory is about."""
        return (self.update_rule, self.schedule) == ("plain", "constant")

    def samples_a_step(self, samples: int) -> int:
        """The batch size as a number, for this many training samples."""
        return samples if self.batch_size == FULL else self.batch_size

    def steps(self, samples: int) -> int:
        """Steps of the whole run, for this many training samples."""
        return self.epochs * steps_per_epoch(samples, self.samples_a_step(samples))

    def steps_before_averaging(self, samples: int) -> int:
        """Steps before the iterates that are averaged."""
        return self.average_from * steps_per_epoch(samples, self.samples_a_step(samples))


# keys of a run that choose a file with options: its folder, and the key of the run for its options
CHOICES = {
    "model": ("models", "model_options"),
    "update_rule": ("update_rules", "update_options"),
    "schedule": ("schedules", "schedule_options"),
}
# the function that has the options of a file, and its first arguments
SIGNATURES = {
    "models": ("layers", ["features", "outputs"]),
    "update_rules": ("update", ["p", "g", "step_size"]),
    "schedules": ("factor", ["t", "steps"]),
}

# the keys of a run that decide its objective, and so its minimiser
OBJECTIVE = ("model", "model_options", "l2", "validation")

# what no option may be called: keys of studies and optimizers, and options of train.py
TAKEN = {"dataset", "optimizers", "step_sizes", "engine", "evaluator", "figures"}
TAKEN |= {"curvature_samples", "data", "iterates", "log", "help"}


def options_of(kind: str, name: str) -> dict[str, Any]:
    """What a model, an update rule or a schedule leaves to choose, {name: default}.

    Raises InputError where the signature is not what it should be.
    """
    called, begins = SIGNATURES[kind]
    function = getattr(plugin(kind, name), called)
    where = f"{place(kind, name)}: {function.__name__}"
    if arguments(function)[: len(begins)] != begins:
        found = ", ".join(arguments(function))
        raise InputError(f"{where}: found ({found}); allowed: ({', '.join(begins)}, …)")
    chosen = options(function)
    for argument in arguments(function)[len(begins) :]:
        if argument not in chosen and kind != "update_rules":  # where it is of the state
            allowed = f"a default that is {OF_DEFAULT}"
            raise InputError(f"{where}: found {argument} without a default; allowed: {allowed}")
    for option, default in chosen.items():
        if option in TAKEN | {field.name for field in fields(Run)}:
            raise InputError(f"{where}: found the option {option}, which is the name of a key")
        if not kind_of_option(default):
            allowed = f"a default that is {OF_DEFAULT}"
            raise InputError(f"{where}: found {option}={default!r}; allowed: {allowed}")
    return chosen


def with_options_of(structure: type, values: Any) -> type:
    """A declared structure with the options of what the values choose.

    Of a file that does not exist, a mistake that is reported elsewhere, any option may be.
    """
    further: dict[str, Any] = {}
    keys = schema(structure)["properties"]
    for choice in (choice for choice in CHOICES if choice in keys):
        kind, default = CHOICES[choice][0], keys[choice].get("default")
        name = (values.get(choice) if isinstance(values, Mapping) else None) or default
        names = [name] if name in available(kind) else available(kind) if name else []
        for each in names:
            further |= options_of(kind, each)
    return with_options(structure, *further.items())
