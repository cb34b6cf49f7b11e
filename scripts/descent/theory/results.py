"""What theory computes of a study before training: theory.json and expected.csv."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from descent.errors import InputError
from descent.store import tables
from descent.store.files import DELETE_IT, opened

EXPECTED = ["optimizer", "step_size", "step", "from_start", "from_noise"]  # columns


@dataclass(frozen=True)
class Limits:
    """Limits of the step size of an optimizer, which is plain and has a fixed step size.

    near_minimiser: below it iterates stay near w*: 2/λ_max(H(w*)) of full batches; of mini-batches
    the limit of the mean squares (stability.py), or an upper bound of it.
    from_anywhere: 2/L, below which full batches converge from any start.
    """

    batch_size: str
    near_minimiser: float
    is_upper_bound: bool = False
    from_anywhere: float | None = None

    def named(self) -> dict[str, float]:
        """The limits that are known, by where they hold."""
        near = "near the minimiser" + (", at most" if self.is_upper_bound else "")
        known = {near: self.near_minimiser, "from anywhere": self.from_anywhere}
        return {where: limit for where, limit in known.items() if limit is not None}


@dataclass(frozen=True, eq=False)
class TheoryResults:
    """Theory of a study; None where a quantity is not known.

    why_no_minimiser: None where there is a minimiser w*, of which the others are known
    minimum: F*; test_accuracy: that of w*
    gradient_norm, gradient_rounding: ‖∇F(w*)‖, and how much of it may be rounding
    excess_bound, distance_bound: of F(w*) - F* and ‖w - w*‖, from the gradient norm
    curvature_at_zero, curvature: λ_max of the Hessian at zero, and at w*, with the residual of its
    eigenvector; smallest_curvature: the smallest eigenvalue at w*
    curvature_bound: L, which bounds the curvature everywhere
    noise_trace: tr C, C the covariance of the gradients of single samples at w*
    limits: of each plain optimizer with a fixed step size
    prediction: what expected.py takes to predict any step size: "start" and "noise", the curvatures
    and the weights of two spectra; "inflation", for each batch size but full, pairs of a step size
    and the factor by which the noise is larger; "samples", in an epoch
    expected: columns EXPECTED, for each evaluated step of the runs below their limit
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
    limits: dict[str, Limits] = field(default_factory=dict)
    prediction: dict[str, Any] | None = None
    expected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EXPECTED))


def write(results: TheoryResults, numbers: Path, expected: Path) -> None:
    """Write theory.json, a line a key, and expected.csv."""
    fields = dict(vars(results))
    tables.write(fields.pop("expected"), expected)
    lines = [f'  "{key}": {json.dumps(value, default=_plain)}' for key, value in fields.items()]
    numbers.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """A dataclass or an array as JSON has it."""
    return value.tolist() if isinstance(value, np.ndarray) else vars(value)


def read(numbers: Path, expected: Path) -> TheoryResults:
    """Read both files; InputError where one is missing or damaged."""
    table = tables.read(expected, EXPECTED)
    with opened(numbers) as file:
        try:
            fields = json.load(file)
            limits = {name: Limits(**limit) for name, limit in fields.pop("limits").items()}
            return TheoryResults(**fields, limits=limits, expected=table)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"{numbers}: not what theory.py writes ({error}){DELETE_IT}") from None


def expected_excess(expected: pd.DataFrame) -> pd.Series:
    """The expected F - F*: what is left from the start, and what noise adds."""
    return expected["from_start"] + expected["from_noise"].fillna(0.0)
