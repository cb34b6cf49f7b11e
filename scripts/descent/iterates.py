"""The parameters at the evaluated steps, and their file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from descent.errors import InputError
from descent.files import AGAIN, load_npz, save_npz

_INDEX = ("step", "epoch", "seed", "provenance")


@dataclass(frozen=True)
class Iterates:
    """The iterates of a run.

    step [S] int64; epoch [S] float64, passes over the training data; seed [R] int64; parameters
    {name: [R, S, *shape]}; provenance: what made them (data and its checksum, run, engine, device,
    library versions; no times, so that the same run gives the same bytes).
    """

    step: NDArray
    epoch: NDArray
    seed: NDArray
    parameters: dict[str, NDArray]
    provenance: dict[str, Any]


def save(iterates: Iterates, path: Path) -> None:
    """Write results/<study>/iterates/<optimizer>/<step size>.npz."""
    save_npz(
        path,
        {
            "step": iterates.step,
            "epoch": iterates.epoch,
            "seed": iterates.seed,
            **iterates.parameters,
            "provenance": json.dumps(iterates.provenance, sort_keys=True),
        },
    )


def load(path: Path) -> Iterates:
    """Read what `save` wrote; InputError where the file is missing or damaged."""
    arrays = load_npz(path, set(_INDEX))
    try:
        provenance = json.loads(str(arrays["provenance"]))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: provenance is not JSON ({error}){AGAIN}") from None
    parameters = {name: array for name, array in arrays.items() if name not in _INDEX}
    return Iterates(arrays["step"], arrays["epoch"], arrays["seed"], parameters, provenance)
