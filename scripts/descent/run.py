"""Run, an optimizer with one step size and all seeds, and Sweep, all runs of a study."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError
from descent.plugins import plugin, source_name

FULL = "full"
SHUFFLED, WITH_REPLACEMENT = "shuffled", "with_replacement"
OBJECTIVE = ("model", "model_options", "l2", "validation")  # keys that determine the minimiser
BLOCK = 2**20  # steps whose step sizes are checked at a time


@dataclass(frozen=True, kw_only=True)
class Run:
    """All settings that determine a trajectory, except the data.

    The fields are the keys of config.yaml (docs/configuration.md), resolved to one step size α and
    with the defaults of the options of the model, the update rule and the schedule. Raises
    InputError for invalid or contradictory values.
    """

    model: str
    seeds: tuple[int, ...]
    step_size: float
    batch_size: int | Literal["full"]
    epochs: int
    evaluate_every: int
    l2: float = 0.0
    validation: int = 0
    initial: Literal["uniform", "zeros"] = "uniform"
    dtype: Literal["float32", "float64"] = "float32"
    update_rule: str = "plain"
    sampling: Literal["shuffled", "with_replacement"] = SHUFFLED
    schedule: str = "constant"
    average_from: int | None = None
    model_options: Mapping[str, Any] = field(default_factory=dict)
    update_options: Mapping[str, Any] = field(default_factory=dict)
    schedule_options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls.from_keys(json.loads(text))

    @classmethod
    def from_keys(cls, keys: Mapping[str, Any]) -> Self:
        """Create a run from its keys; InputError if keys are unknown or missing."""
        names = {f.name for f in fields(cls)}
        required = {f.name for f in fields(cls) if f.default is f.default_factory is MISSING}
        allowed = ", ".join(sorted(names))
        mistakes = [f"{k}: unknown key; allowed: {allowed}" for k in sorted(keys.keys() - names)]
        mistakes += [f"{k}: is missing" for k in sorted(required - keys.keys())]
        if mistakes:
            raise InputError("\n".join(f"run: {line}" for line in mistakes))
        return cls(**{**keys, "seeds": tuple(keys["seeds"])})

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("epochs", "evaluate_every")}
        counts |= {} if self.batch_size == FULL else {"batch_size": self.batch_size}
        mistakes = [
            f"{name}: found {count!r}; allowed: an integer ≥ 1"
            for name, count in counts.items()
            if not isinstance(count, int) or count < 1
        ]
        if not isinstance(self.step_size, float | int) or not 0 < self.step_size < math.inf:
            mistakes.append(f"step_size: found {self.step_size!r}; allowed: a number > 0")
        if self.batch_size == FULL and self.sampling != SHUFFLED:
            allowed = f"{SHUFFLED}, since a full batch has no order"
            mistakes.append(f"sampling: found {self.sampling}; allowed: {allowed}")
        if self.average_from is not None and self.average_from >= self.epochs:
            allowed = f"less than epochs ({self.epochs})"
            mistakes.append(f"average_from: found {self.average_from}; allowed: {allowed}")
        if mistakes:
            raise InputError("\n".join(mistakes))

    @property
    def label(self) -> str:
        """The step size in canonical spelling: 0.001 for both 1e-3 and 0.001, 1.0 for 1."""
        return repr(float(self.step_size))

    @property
    def is_plain(self) -> bool:
        """Whether every step is p - α g with the same α."""
        return (self.update_rule, self.schedule) == ("plain", "constant")

    def samples_per_step(self, samples: int) -> int:
        return samples if self.batch_size == FULL else self.batch_size

    def steps_per_epoch(self, samples: int) -> int:
        return -(-samples // self.samples_per_step(samples))

    def steps(self, samples: int) -> int:
        return self.epochs * self.steps_per_epoch(samples)

    def burn_in(self, samples: int) -> int:
        """Return the number of steps before averaging starts."""
        return self.average_from * self.steps_per_epoch(samples)

    def layers(self, features: int, outputs: int) -> dict[str, Any]:
        """Return the layout of the model's parameters: shape and fan-in by name."""
        return plugin("models", self.model).layers(features, outputs, **self.model_options)

    def stored_numbers(self, samples: int, features: int, outputs: int) -> int:
        """Return an upper bound on the count of numbers in the iterates file."""
        early = self.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
        snapshots = self.steps(samples) // self.evaluate_every + early + 2
        weights = sum(math.prod(p.shape) for p in self.layers(features, outputs).values())
        return len(self.seeds) * snapshots * weights * (1 if self.average_from is None else 2)

    def evaluated_steps(self, samples: int) -> NDArray[np.int64]:
        """Return the steps whose iterates are stored, ascending: 0, every `evaluate_every`, the
        last one, and 1, 2, 4, 8, … below `evaluate_every`."""
        steps = self.steps(samples)
        first = min(steps, self.evaluate_every)
        powers = 2 ** np.arange(max(1, first).bit_length())
        every = np.arange(0, steps, self.evaluate_every)
        return np.unique(np.r_[0, powers[powers < first], every, steps])

    def step_sizes(self, first: int, last: int, steps: int) -> NDArray[np.float64]:
        """Return α · factor(t, steps) for t = first + 1, …, last.

        steps: length of the run. Raises InputError unless the schedule gives a finite factor ≥ 0
        for each step.
        """
        t = np.arange(first + 1, last + 1, dtype=np.float64)
        where = f"{source_name('schedules', self.schedule)}: factor"
        with np.errstate(all="ignore"):  # the factors are checked below
            factor = plugin("schedules", self.schedule).factor(t, steps, **self.schedule_options)
        if np.shape(factor) != t.shape:
            found = f"shape {np.shape(factor)} for t of shape {t.shape}"
            raise InputError(f"{where}: found {found}; allowed: the shape of t")
        invalid = ~np.isfinite(factor) | (factor < 0)
        if invalid.any():
            found = f"{factor[invalid][0]} in step {first + 1 + invalid.argmax()} of {steps}"
            raise InputError(f"{where}: found {found}; allowed: a finite number ≥ 0")
        return self.step_size * factor

    def check_schedule(self, steps: int) -> None:
        """Raise InputError if the schedule is invalid in any step."""
        for first in range(0, steps, BLOCK):
            self.step_sizes(first, min(first + BLOCK, steps), steps)


@dataclass(frozen=True)
class Sweep:
    """All runs of a study: {optimizer: (one of its runs, its step sizes)}."""

    optimizers: Mapping[str, tuple[Run, tuple[float, ...]]]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse {optimizer: {"run": keys of a run, "step_sizes": […]}}."""
        return cls(
            {
                name: (Run.from_keys(keys["run"]), tuple(keys["step_sizes"]))
                for name, keys in json.loads(text).items()
            }
        )

    def to_json(self) -> str:
        return json.dumps(
            {
                name: {"run": asdict(run), "step_sizes": step_sizes}
                for name, (run, step_sizes) in self.optimizers.items()
            }
        )

    def runs(self) -> list[tuple[str, Run]]:
        """Return all runs as (optimizer, run)."""
        return [
            (name, replace(run, step_size=step_size))
            for name, (run, step_sizes) in self.optimizers.items()
            for step_size in step_sizes
        ]

    def files(self, study: Path, kind: str, ending: str) -> list[Path]:
        """Return the files of all runs: <study>/<kind>/<optimizer>/<step size>.<ending>."""
        return [study / kind / name / f"{run.label}.{ending}" for name, run in self.runs()]
