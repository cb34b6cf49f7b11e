"""A run, one optimizer with one step size and all its seeds, and what follows from its keys."""

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
OBJECTIVE = ("model", "model_options", "l2", "validation")  # the keys that decide the minimiser
BLOCK = 2**20  # steps whose step sizes are checked at a time


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that decides a trajectory, except the data.

    The keys are those of config.yaml (docs/configuration.md), resolved: one step size α, and the
    options of the model, the update rule and the schedule with their defaults. Raises InputError
    where keys contradict each other.
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
        """The run of a JSON object of its keys; InputError where keys are unknown or missing."""
        return cls.from_keys(json.loads(text))

    @classmethod
    def from_keys(cls, keys: Mapping[str, Any]) -> Self:
        """The run of its keys; InputError where keys are unknown or missing."""
        known = {f.name for f in fields(cls)}
        required = {f.name for f in fields(cls) if f.default is f.default_factory is MISSING}
        allowed = ", ".join(sorted(known))
        wrong = [f"{key}: unknown key; allowed: {allowed}" for key in sorted(keys.keys() - known)]
        wrong += [f"{key}: is missing" for key in sorted(required - keys.keys())]
        if wrong:
            raise InputError("\n".join(f"run: {line}" for line in wrong))
        return cls(**{**keys, "seeds": tuple(keys["seeds"])})

    def to_json(self) -> str:
        """The keys as JSON, for `from_json`."""
        return json.dumps(asdict(self))

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("epochs", "evaluate_every")}
        counts |= {} if self.batch_size == FULL else {"batch_size": self.batch_size}
        wrong = [
            f"{name}: found {count!r}; allowed: an integer ≥ 1"
            for name, count in counts.items()
            if not isinstance(count, int) or count < 1
        ]
        if not isinstance(self.step_size, float | int) or not 0 < self.step_size < math.inf:
            wrong.append(f"step_size: found {self.step_size!r}; allowed: a number > 0")
        if self.batch_size == FULL and self.sampling != SHUFFLED:
            allowed = f"{SHUFFLED}, since a full batch has no order"
            wrong.append(f"sampling: found {self.sampling}; allowed: {allowed}")
        if self.average_from is not None and self.average_from >= self.epochs:
            allowed = f"an epoch before the last, {self.epochs}"
            wrong.append(f"average_from: found {self.average_from}; allowed: {allowed}")
        if wrong:
            raise InputError("\n".join(wrong))

    @property
    def label(self) -> str:
        """The canonical spelling of the step size: 1e-3 and 0.001 are both 0.001, 1 is 1.0."""
        return repr(float(self.step_size))

    @property
    def itemsize(self) -> int:
        """Bytes of a parameter."""
        return np.dtype(self.dtype).itemsize

    @property
    def is_plain(self) -> bool:
        """Whether a step is p - α g with one fixed α, which theory is about."""
        return (self.update_rule, self.schedule) == ("plain", "constant")

    def samples_per_step(self, samples: int) -> int:
        """The batch size as a number, for this many training samples."""
        return samples if self.batch_size == FULL else self.batch_size

    def steps_per_epoch(self, samples: int) -> int:
        """Steps of one pass over this many training samples."""
        return -(-samples // self.samples_per_step(samples))

    def steps(self, samples: int) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch(samples)

    def burn_in(self, samples: int) -> int:
        """Steps before the iterates that are averaged."""
        return self.average_from * self.steps_per_epoch(samples)

    def layers(self, features: int, outputs: int) -> dict[str, Any]:
        """The parameters of the model: the shape of each, and the inputs of its layer."""
        return plugin("models", self.model).layers(features, outputs, **self.model_options)

    def stored_numbers(self, samples: int, features: int, outputs: int) -> int:
        """Numbers in the iterates file, at most."""
        early = self.evaluate_every.bit_length()  # 1, 2, 4, 8, … below evaluate_every
        snapshots = self.steps(samples) // self.evaluate_every + early + 2
        weights = sum(math.prod(p.shape) for p in self.layers(features, outputs).values())
        return len(self.seeds) * snapshots * weights * (1 if self.average_from is None else 2)

    def evaluated_steps(self, samples: int) -> NDArray[np.int64]:
        """The steps at which iterates are stored, ascending: 0, every `evaluate_every`, the last
        one, and 1, 2, 4, 8, … below the first `evaluate_every`."""
        steps = self.steps(samples)
        first = min(steps, self.evaluate_every)
        powers = 2 ** np.arange(max(1, first).bit_length())
        every = np.arange(0, steps, self.evaluate_every)
        return np.unique(np.r_[0, powers[powers < first], every, steps])

    def step_sizes(self, first: int, last: int, steps: int) -> NDArray[np.float64]:
        """α factor(t, steps) of the steps t = first + 1 … last of a run of so many steps.

        Raises InputError where the schedule gives anything but a finite factor ≥ 0 for each step.
        """
        t = np.arange(first + 1, last + 1, dtype=np.float64)
        where = f"{source_name('schedules', self.schedule)}: factor"
        with np.errstate(all="ignore"):  # what comes of it is checked
            factor = plugin("schedules", self.schedule).factor(t, steps, **self.schedule_options)
        if np.shape(factor) != t.shape:
            found = f"shape {np.shape(factor)} for t of shape {t.shape}"
            raise InputError(f"{where}: found {found}; allowed: the shape of t")
        wrong = ~np.isfinite(factor) | (factor < 0)
        if wrong.any():
            found = f"{factor[wrong][0]} in step {first + 1 + wrong.argmax()} of {steps}"
            raise InputError(f"{where}: found {found}; allowed: a finite number ≥ 0")
        return self.step_size * factor

    def check_schedule(self, steps: int) -> None:
        """Raise InputError where the schedule is wrong in any step."""
        for first in range(0, steps, BLOCK):
            self.step_sizes(first, min(first + BLOCK, steps), steps)


@dataclass(frozen=True)
class Sweep:
    """The runs of a study: for each optimizer one run, whatever its step size, and step sizes."""

    optimizers: Mapping[str, tuple[Run, tuple[float, ...]]]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The sweep of {optimizer: {"run": keys of a run, "step_sizes": […]}}."""
        return cls(
            {
                name: (Run.from_keys(of["run"]), tuple(of["step_sizes"]))
                for name, of in json.loads(text).items()
            }
        )

    def to_json(self) -> str:
        """As JSON, for `from_json`."""
        return json.dumps(
            {
                name: {"run": asdict(run), "step_sizes": step_sizes}
                for name, (run, step_sizes) in self.optimizers.items()
            }
        )

    def runs(self) -> list[tuple[str, Run]]:
        """Every run behind the name of its optimizer."""
        return [
            (name, replace(run, step_size=step_size))
            for name, (run, step_sizes) in self.optimizers.items()
            for step_size in step_sizes
        ]

    def files(self, study: Path, kind: str, ending: str) -> list[Path]:
        """The iterates or traces of all runs, study/kind/optimizer/step size.ending."""
        return [study / kind / name / f"{run.label}.{ending}" for name, run in self.runs()]
