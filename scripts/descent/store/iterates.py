"""The parameters at the evaluated steps, and their file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from descent.errors import InputError
from descent.store.files import DELETE_IT, load_npz, save_npz

_INDEX = {"step", "epoch", "seed", "provenance"}
# what evaluation reads
_PROVENANCE = {"dataset", "data_sha256", "engine", "l2", "model", "model_options", "step_size"}
_PROVENANCE |= {"batch_size", "validation"}


@dataclass(frozen=True)
class Iterates:
    """The iterates of a run.

    step [S] int64; epoch [S] float64, passes over the training data; seed [R] int64; parameters
    {name: [R, S, *shape]}, averaged ones as average_<name>; provenance: what made them (data and
    its checksum, run, engine, device, library versions; no times, so that the same run gives the
    same bytes); rises [R, S] int64: of a full batch, how many of the steps before this one raised
    the objective.
    """

    step: NDArray
    epoch: NDArray
    seed: NDArray
    parameters: dict[str, NDArray]
    provenance: dict[str, Any]
    rises: NDArray | None = None


ROUNDING = 1e-7  # relative change of the objective that is rounding (float32), not a rise
AVERAGE = "average_"  # what the names of averaged parameters begin with


def variants(iterates: Iterates) -> dict[str, Iterates]:
    """The iterates as "", and their averages, from where averaging begins, as "_average"."""
    own, averaged = {}, {}
    for name, p in iterates.parameters.items():
        (averaged if name.startswith(AVERAGE) else own)[name.removeprefix(AVERAGE)] = p
    both = {"": replace(iterates, parameters=own)}
    if averaged:
        since = iterates.epoch >= iterates.provenance["average_from"]
        both["_average"] = replace(
            iterates,
            step=iterates.step[since],
            epoch=iterates.epoch[since],
            parameters={name: p[:, since] for name, p in averaged.items()},
            rises=None,
        )
    return both


def save(iterates: Iterates, path: Path) -> None:
    """Write an iterates file, results/<study>/iterates/<optimizer>/<step size>.npz."""
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
    """Read what `save` wrote, and its SHA-256; InputError where it is missing or damaged."""
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
    """The iterates of a study by optimizer and step size, each read when it is asked for."""

    def __init__(self, paths: Iterable[Path]):
        self._paths = {(path.parent.name, float(path.stem)): path for path in paths}

    def __getitem__(self, run: tuple[str, float]) -> Iterates:
        return load(self._paths[run])[0]

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
