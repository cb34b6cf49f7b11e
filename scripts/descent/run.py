"""A run: one optimizer with one step size, all its seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

from descent.schedule import steps_per_epoch

FULL = "full"


@dataclass(frozen=True)
class Run:
    """Everything that decides a trajectory, but the data.

    model, update_rule: names of files in descent/models and descent/update_rules; step_size: α > 0;
    batch_size: samples a step, or "full"; epochs: passes over the training data; evaluate_every:
    steps between kept iterates; l2: λ of the objective, loss + λ/2 ‖parameters‖²; initial:
    "uniform" or "zeros"; dtype: of parameters and samples; model_options, update_options: what the
    signatures of the model and the update rule leave to choose; schedule: how the step size changes
    (descent/schedule.py); average_from: epoch from whose end on iterates are averaged, or None.
    """

    model: str
    update_rule: str
    step_size: float
    batch_size: int | str
    epochs: int
    evaluate_every: int
    seeds: tuple[int, ...]
    l2: float = 0.0
    initial: str = "uniform"
    dtype: str = "float32"
    model_options: Mapping[str, Any] = field(default_factory=dict)
    update_options: Mapping[str, Any] = field(default_factory=dict)
    schedule: str = "constant"
    average_from: int | None = None

    def samples_a_step(self, samples: int) -> int:
        """The batch size as a number, for this many training samples."""
        return samples if self.batch_size == FULL else self.batch_size

    def steps(self, samples: int) -> int:
        """Steps of the whole run, for this many training samples."""
        return self.epochs * steps_per_epoch(samples, self.samples_a_step(samples))

    def steps_before_averaging(self, samples: int) -> int:
        """Steps before the iterates that are averaged."""
        return self.average_from * steps_per_epoch(samples, self.samples_a_step(samples))


def model(name: str) -> ModuleType:
    """The file descent/models/<name>.py."""
    return import_module(f"descent.models.{name}")


def update_rule(name: str) -> ModuleType:
    """The file descent/update_rules/<name>.py."""
    return import_module(f"descent.update_rules.{name}")


def evaluator(name: str) -> ModuleType:
    """The file descent/evaluators/<name>.py."""
    return import_module(f"descent.evaluators.{name}")


def engine(name: str) -> ModuleType:
    """The file descent/engines/<name>.py."""
    return import_module(f"descent.engines.{name}")
