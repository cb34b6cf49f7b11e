"""Theory of a study, computed before training, and its files theory.json and expected.csv."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from descent.errors import InputError
from descent.store import tables
from descent.store.files import DELETE_IT, opened

EXPECTED = ["optimizer", "step_size", "step", "from_start", "from_noise"]  # columns


@dataclass(frozen=True)
class ObjectiveTheory:
    """Theory of an objective; unknown quantities are None.

    why_no_minimiser: None if the minimiser w* is known; else only curvature_at_zero may be known
    minimum: F*; test_accuracy: that of w*
    gradient_norm, gradient_rounding: ‖∇F(w*)‖, and an estimate of its rounding error
    excess_bound, distance_bound: bounds of F(w) - F* and ‖w - w*‖ for the computed minimiser w
    curvature_at_zero, curvature: λ_max of the Hessian at zero and at w*; curvature_residual: the
    residual of the eigenvector at w*; smallest_curvature: the smallest eigenvalue at w*
    curvature_bound: L, an upper bound of the curvature everywhere
    noise_trace: tr C, where C is the covariance of the gradients of single samples at w*
    prediction: input of expected.py for plain steps of any size: "start" and "noise", two spectra
    as curvatures and weights; "inflation", for each mini-batch size, pairs of a step size and the
    factor by which differences between the samples' Hessians increase the noise term; "samples",
    the number of training samples
    """

    why_no_minimiser: str | None = None
    minimum: float | None = None
    gradient_norm: float | None = None
    gradient_rounding: float | None = None
    excess_bound: float | None = None
    distance_bound: float | None = None
    test_accuracy: float | None = None
    curvature_at_zero: float | None = None
    curvature: float | None = None
    curvature_residual: float | None = None
    smallest_curvature: float | None = None
    curvature_bound: float | None = None
    noise_trace: float | None = None
    prediction: dict[str, Any] | None = None


@dataclass(frozen=True)
class OptimizerTheory:
    """Theory of an optimizer; unknown limits are None.

    rule: its update rule and options; is_plain: whether the rule is plain and the step size fixed;
    l2: λ of its objective
    limit: the step size below which iterates stay near w*, from λ_max for full batches and from
    the second moments for mini-batches (stability.py); limit_is_upper_bound: whether the true limit
    may be lower
    limit_from_anywhere: 2/L, below which full batches with plain steps converge from any start
    constant: for a plain rule with a schedule, the optimizer that differs only by a constant step
    size; step_ratio: the predicted ratio of the two best step sizes (schedules.py)
    """

    rule: str
    is_plain: bool
    l2: float
    batch_size: str
    limit: float | None = None
    limit_is_upper_bound: bool = False
    limit_from_anywhere: float | None = None
    constant: str | None = None
    step_ratio: float | None = None


@dataclass(frozen=True, eq=False)
class TheoryResults:
    """Theory of a study.

    objectives: by repr(λ); optimizers: by name; expected: a table with the columns EXPECTED, a row
    for each evaluated step of the runs whose path theory predicts (study.py).
    """

    objectives: dict[str, ObjectiveTheory] = field(default_factory=dict)
    optimizers: dict[str, OptimizerTheory] = field(default_factory=dict)
    expected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EXPECTED))

    def objective(self, optimizer: str) -> ObjectiveTheory:
        """The theory of the objective of an optimizer, or of an average of its iterates."""
        found = self.optimizers.get(optimizer) or self.optimizers.get(without_average(optimizer))
        return self.objectives[repr(found.l2)] if found else ObjectiveTheory()

    def limits(self, optimizer: str) -> dict[str, float]:
        """The known limits of an optimizer, by the region where they hold."""
        if not (found := self.optimizers.get(optimizer)):
            return {}
        near = "near the minimiser" + (", at most" if found.limit_is_upper_bound else "")
        limits = {near: found.limit, "from anywhere": found.limit_from_anywhere}
        return {where: limit for where, limit in limits.items() if limit is not None}


def without_average(optimizer: str) -> str:
    """Return the optimizer whose iterates are averaged: "sgd" for "sgd_average"."""
    return optimizer.removesuffix("_average")


def write(results: TheoryResults, numbers: Path, expected: Path) -> None:
    """Write theory.json and expected.csv."""
    tables.write(results.expected, expected)
    parts = {"objectives": results.objectives, "optimizers": results.optimizers}
    lines = ",\n".join(f'"{name}": {_mapping(part, _fields)}' for name, part in parts.items())
    numbers.write_text(f"{{{lines}}}\n", encoding="utf-8")


def _fields(value: Any) -> str:
    """A dataclass as JSON, one line per field."""
    return _mapping(vars(value), partial(json.dumps, default=np.ndarray.tolist))


def _mapping(values: Mapping[str, Any], text: Callable[[Any], str]) -> str:
    lines = ",\n".join(f"{json.dumps(key)}: {text(value)}" for key, value in values.items())
    return f"{{\n{lines}\n}}"


def read(numbers: Path, expected: Path) -> TheoryResults:
    """Read both files; InputError if one is missing or damaged."""
    table = tables.read(expected, EXPECTED)
    with opened(numbers) as file:
        try:
            fields = json.load(file)
            objectives = {l2: ObjectiveTheory(**keys) for l2, keys in fields["objectives"].items()}
            optimizers = {name: OptimizerTheory(**k) for name, k in fields["optimizers"].items()}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"{numbers}: not a file of theory.py ({error}){DELETE_IT}") from None
    return TheoryResults(objectives, optimizers, table)


def expected_excess(expected: pd.DataFrame) -> pd.Series:
    """The expected F - F*: the bias term plus the noise term."""
    return expected["from_start"] + expected["from_noise"].fillna(0.0)
