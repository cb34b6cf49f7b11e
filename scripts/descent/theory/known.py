"""What theory.py wrote of a study, as figures and tables read it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy

from descent.errors import InputError
from descent.run import FULL
from descent.store import tables
from descent.store.files import DELETE_IT, opened

EXPECTED = ["optimizer", "step_size", "step", "from_start", "from_noise"]  # columns


class Known(NamedTuple):
    """The numbers of theory.json, and the table expected.csv."""

    numbers: dict[str, Any]
    expected: pd.DataFrame

    def batch_size(self, optimizer: str) -> str | None:
        """Of an optimizer that is plain, with a fixed step size; None of others."""
        return self.numbers["optimizers"].get(optimizer)

    def limit(self, optimizer: str) -> float | None:
        """The step size up to which an optimizer stays near w*, where that is known."""
        limits, size = self.numbers["limits"], self.batch_size(optimizer)
        return limits["gd_local"] if size == FULL else limits["sgd"].get(size)

    def is_upper_bound(self, optimizer: str) -> bool:
        """Whether `limit` is an upper bound, as that of batches is where parameters are many."""
        bound = self.numbers["limits"].get("sgd_upper_bound", False)
        return bound and self.batch_size(optimizer) != FULL

    def limits(self, optimizer: str) -> dict[str, float]:
        """The limits of its step size that are known, by where they hold: near the minimiser
        2/λ_max(H(w*)) of full batches, of batches that of mean squares; from anywhere 2/L of full
        batches."""
        limits = {"near the minimiser": self.limit(optimizer)}
        if self.batch_size(optimizer) == FULL:
            limits["from anywhere"] = self.numbers["limits"]["gd_global"]
        return {where: limit for where, limit in limits.items() if limit}


def write(known: Known, numbers: Path) -> None:
    """Write theory.json, the numbers without the table."""
    versions = {library.__name__: library.__version__ for library in (np, scipy)}
    text = json.dumps({"versions": versions, **known.numbers}, indent=2)
    numbers.write_text(f"{text}\n", encoding="utf-8")


def read(numbers: Path, expected: Path) -> Known:
    """Read what theory.py wrote; InputError where a file is missing or damaged."""
    with opened(numbers) as file:
        try:
            found = json.load(file)
        except ValueError as error:
            raise InputError(f"{numbers}: not readable JSON ({error}){DELETE_IT}") from None
    return Known(found, tables.read(expected, EXPECTED))


def late(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last quarter of the steps of each run, in which floors are measured."""
    last = table.groupby(["optimizer", "step_size"])["step"].transform("max")
    return table[table["step"] > 0.75 * last]


def measured_floors(traces: pd.DataFrame) -> pd.DataFrame:
    """F - F* in the mean over the last quarter, [(optimizer, step size), seed]; what is not finite
    stays so."""
    by_seed = late(traces).groupby(["optimizer", "step_size", "seed"], sort=False)["excess"]
    return by_seed.agg(lambda excess: np.mean(excess.to_numpy())).unstack("seed")


def height(expected: pd.DataFrame) -> pd.Series:
    """The expected height above F*: what is left from the start, and what noise adds."""
    return expected["from_start"] + expected["from_noise"].fillna(0.0)
