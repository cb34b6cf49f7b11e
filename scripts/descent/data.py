"""The stored form of every dataset: data/<dataset>.npz."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError
from descent.files import AGAIN, load_npz, save_npz


@dataclass(frozen=True)
class Size:
    """How large a dataset is, known before it is downloaded.

    train, test: samples; features: inputs of a sample; outputs: classes, or numbers to predict;
    task: "classification" or "regression".
    """

    train: int
    test: int
    features: int
    outputs: int
    task: str = "classification"


@dataclass(frozen=True)
class Data:
    """Samples and targets for training and testing.

    x_train [n, features], x_test [m, features]: as stored (pixels: uint8); y_train [n], y_test [m]:
    labels (integers) or numbers to predict; scale: what a stored value is divided by before it is
    used (pixels: then in [0, 1]).
    """

    x_train: NDArray
    y_train: NDArray
    x_test: NDArray
    y_test: NDArray
    scale: float

    @property
    def task(self) -> str:
        """Labels are for "classification", numbers for "regression"."""
        return "regression" if self.y_train.dtype.kind == "f" else "classification"

    @property
    def outputs(self) -> int:
        """Classes: labels are 0 … outputs - 1; or 1, where one number is predicted."""
        if self.task == "regression":
            return 1
        return int(max(self.y_train.max(), self.y_test.max())) + 1

    @property
    def size(self) -> Size:
        """How large it is."""
        n, features = self.x_train.shape
        return Size(n, len(self.y_test), features, self.outputs, self.task)

    def inputs(self, x: NDArray, dtype: str) -> NDArray:
        """Stored samples as a model sees them: divided by the scale, in the given dtype."""
        return np.divide(x, self.scale, dtype=dtype)

    def targets(self, y: NDArray, dtype: str) -> NDArray:
        """Labels as they are; numbers to predict in the given dtype."""
        return y.astype(dtype) if self.task == "regression" else y


def save(data: Data, path: Path) -> None:
    """Write data/<dataset>.npz."""
    save_npz(path, {field.name: np.asarray(getattr(data, field.name)) for field in fields(data)})


def load(path: Path) -> Data:
    """Read data/<dataset>.npz.

    Raises InputError where the file is missing or damaged, or its arrays do not fit together.
    """
    names = [field.name for field in fields(Data)]
    arrays = load_npz(path, set(names))
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.ndim != 2 or y.shape != x.shape[:1]:
            raise InputError(f"{path}: x_{part} {x.shape} and y_{part} {y.shape} do not fit{AGAIN}")
    return Data(
        **{name: arrays[name] for name in names if name != "scale"}, scale=float(arrays["scale"])
    )
