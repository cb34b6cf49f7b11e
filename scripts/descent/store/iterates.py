"""Iterates of a run, the parameters at its evaluated steps, and their file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from descent.errors import InputError
from descent.store.files import DELETE_IT, load_npz, save_npz

_INDEX = {"step", "epoch", "seed", "provenance"}
# keys of the provenance that evaluation reads
_PROVENANCE = {"dataset", "data_sha256", "engine", "l2", "model", "model_options", "step_size"}
_PROVENANCE |= {"batch_size", "validation"}


@dataclass(frozen=True)
class Iterates:
    """The iterates of a run.

    step [S] int64; epoch [S] float64, passes over the training data; seed [R] int64; parameters
    {name: [R, S, *shape]}, averaged ones as average_<name>; provenance: data and its checksum, run,
    engine, device and library versions (no times, so that equal runs give equal bytes); rises
    [R, S] int64: number of earlier steps that increased the objective, only for full batches.
    """

    step: NDArray
    epoch: NDArray
    seed: NDArray
    parameters: dict[str, NDArray]
    provenance: dict[str, Any]
    rises: NDArray | None = None


ROUNDING = 1e-7  # relative increase of the objective up to which it counts as rounding (float32)
AVERAGE = "average_"  # prefix of the names of averaged parameters


def variants(iterates: Iterates) -> dict[str, Iterates]:
    """Split iterates by the suffix of their optimizer: "", and "_average" if there are averages.

    The averages begin at the epoch `average_from`.
    """
    plain, averaged = {}, {}
    for name, p in iterates.parameters.items():
        (averaged if name.startswith(AVERAGE) else plain)[name.removeprefix(AVERAGE)] = p
    by_suffix = {"": replace(iterates, parameters=plain)}
    if averaged:
        after = iterates.epoch >= iterates.provenance["average_from"]
        by_suffix["_average"] = replace(
            iterates,
            step=iterates.step[after],
            epoch=iterates.epoch[after],
            parameters={name: p[:, after] for name, p in averaged.items()},
            rises=None,
        )
    return by_suffix


def save(iterates: Iterates, path: Path) -> None:
    """Write results/<study>/iterates/<optimizer>/<step size>.npz."""
    save_npz(
        path,
        {
            "step": iterates.step,
            "epoch": iterates.epoch,
            "seed": iterates.seed,
            **iterates.parameters,
            **({} if iterates.rises is None else {"rises": iterates.rises}),
            "provenance": json.dumps(iterates.provenance, sort_keys=True),
        },
    )


def load(path: Path) -> tuple[Iterates, str]:
    """Read an iterates file and return it with its SHA-256; InputError if missing or damaged."""
    arrays, sha256 = load_npz(path, _INDEX)
    try:
        provenance = json.loads(str(arrays.pop("provenance")))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: provenance is not JSON ({error}){DELETE_IT}") from None
    if not isinstance(provenance, dict) or not provenance.keys() >= _PROVENANCE:
        raise InputError(f"{path}: provenance lacks {', '.join(sorted(_PROVENANCE))}{DELETE_IT}")
    step, epoch, seed = (arrays.pop(name) for name in ("step", "epoch", "seed"))
    for name, p in arrays.items():
        if p.shape[:2] != (len(seed), len(step)):
            raise InputError(f"{path}: {name} {p.shape} does not fit seed and step{DELETE_IT}")
    rises = arrays.pop("rises", None)
    return Iterates(step, epoch, seed, arrays, provenance, rises), sha256


class StoredRuns(Mapping):
    """The iterates of a study by (optimizer, step size); each access reads the file."""

    def __init__(self, paths: Iterable[Path]):
        self._paths = {(path.parent.name, float(path.stem)): path for path in paths}

    def __getitem__(self, run: tuple[str, float]) -> Iterates:
        return load(self._paths[run])[0]

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
