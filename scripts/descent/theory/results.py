"""What theory computes of a study before training: theory.json and expected.csv."""

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
    """Theory of an objective; None where a quantity is not known.

    why_no_minimiser: None where there is a minimiser w*, of which the others are known
    minimum: F*; test_accuracy: that of w*
    gradient_norm, gradient_rounding: ‖∇F(w*)‖, and how much of it may be rounding
    excess_bound, distance_bound: of F(w*) - F* and ‖w - w*‖, from the gradient norm
    curvature_at_zero, curvature: λ_max of the Hessian at zero, and at w*, with the residual of its
    eigenvector; smallest_curvature: the smallest eigenvalue at w*
    curvature_bound: L, which bounds the curvature everywhere
    noise_trace: tr C, C the covariance of the gradients of single samples at w*
    prediction: what expected.py takes to predict plain steps of any size: "start" and "noise", the
    curvatures and the weights of two spectra; "inflation", for each batch size but full, pairs of a
    step size and the factor by which the noise is larger; "samples", in an epoch
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
    """Theory of an optimizer; None where a limit is not known.

    rule: its update rule, with its options; is_plain: whether that is plain, and the step size
    fixed; l2: λ of its objective
    limit: the step size below which iterates stay near w*: of full batches by λ_max, of
    mini-batches that of the mean squares (stability.py), or an upper bound of it
    limit_from_anywhere: 2/L, below which plain full batches converge from any start
    constant: of a plain optimizer with a schedule, that which differs from it in nothing but a
    constant step size; step_ratio: how many times as large as there the best step size is
    (schedules.py)
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

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are known, by where they hold."""
        near = "near the minimiser" + (", at most" if self.limit_is_upper_bound else "")
        limits = {near: self.limit, "from anywhere": self.limit_from_anywhere}
        return {where: limit for where, limit in limits.items() if limit is not None}


@dataclass(frozen=True, eq=False)
class TheoryResults:
    """Theory of a study.

    objectives: by λ, as repr writes it; optimizers: by name; expected: columns EXPECTED, for each
    evaluated step of the runs below their limit of which theory knows the path.
    """

    objectives: dict[str, ObjectiveTheory] = field(default_factory=dict)
    optimizers: dict[str, OptimizerTheory] = field(default_factory=dict)
    expected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EXPECTED))

    def objective(self, optimizer: str) -> ObjectiveTheory:
        """The theory of the objective of an optimizer, or of averages of its iterates."""
        own = self.optimizers.get(optimizer) or self.optimizers.get(
            optimizer.removesuffix("_average")
        )
        return self.objectives[repr(own.l2)] if own else ObjectiveTheory()

    def limits(self, optimizer: str) -> dict[str, float]:
        """The limits of an optimizer that are known, by where they hold."""
        return self.optimizers[optimizer].limits if optimizer in self.optimizers else {}


def write(results: TheoryResults, numbers: Path, expected: Path) -> None:
    """Write theory.json and expected.csv."""
    tables.write(results.expected, expected)
    parts = {"objectives": results.objectives, "optimizers": results.optimizers}
    lines = ",\n".join(f'"{name}": {_mapping(of_it, _fields)}' for name, of_it in parts.items())
    numbers.write_text(f"{{{lines}}}\n", encoding="utf-8")


def _fields(value: Any) -> str:
    """A dataclass as JSON, with a line for each field, however long an array is."""
    return _mapping(vars(value), partial(json.dumps, default=np.ndarray.tolist))


def _mapping(values: Mapping[str, Any], text: Callable[[Any], str]) -> str:
    lines = ",\n".join(f"{json.dumps(key)}: {text(value)}" for key, value in values.items())
    return f"{{\n{lines}\n}}"


def read(numbers: Path, expected: Path) -> TheoryResults:
    """Read both files; InputError where one is missing or damaged."""
    table = tables.read(expected, EXPECTED)
    with opened(numbers) as file:
        try:
            fields = json.load(file)
            objectives = {l2: ObjectiveTheory(**keys) for l2, keys in fields["objectives"].items()}
            optimizers = {name: OptimizerTheory(**k) for name, k in fields["optimizers"].items()}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"{numbers}: not what theory.py writes ({error}){DELETE_IT}") from None
    return TheoryResults(objectives, optimizers, table)


def expected_excess(expected: pd.DataFrame) -> pd.Series:
    """The expected F - F*: what is left from the start, and what noise adds."""
    return expected["from_start"] + expected["from_noise"].fillna(0.0)
