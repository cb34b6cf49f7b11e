"""Minimiser of an objective and its file, results/<study>/minimisers/<λ>.npz."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from descent.errors import InputError
from descent.store.files import DELETE_IT, load_npz, save_npz


class Minimiser(NamedTuple):
    """Parameters w* that minimise an objective, and whether they are the only ones."""

    parameters: Mapping[str, NDArray]
    unique: bool


def save(found: Minimiser, objective: Mapping[str, Any], path: Path) -> None:
    """Write a minimiser with the keys of its objective and the SHA-256 of its data."""
    described = json.dumps({"unique": found.unique, "objective": objective}, sort_keys=True)
    save_npz(path, {**found.parameters, "provenance": described})


def load(path: Path, objective: Mapping[str, Any]) -> tuple[Minimiser, str]:
    """Read a minimiser and return it with the SHA-256 of the file.

    Raises InputError if the file is missing, damaged, or for another objective.
    """
    arrays, sha256 = load_npz(path, {"provenance"})
    described = json.loads(str(arrays.pop("provenance")))
    for key, value in objective.items():
        if (found := described["objective"].get(key)) != value:
            raise InputError(f"{path}: has the minimiser for {key} {found}, not {value}{DELETE_IT}")
    return Minimiser(arrays, described["unique"]), sha256
