"""Samples of a dataset and their file, data/<dataset>.npz."""

from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from descent.errors import InputError
from descent.store.files import DELETE_IT, load_npz, save_npz


@dataclass(frozen=True)
class Size:
    """Size and task of a dataset, known before it is downloaded.

    train, test: numbers of samples; features: inputs per sample; outputs: number of classes, or of
    values to predict; task: "classification" or "regression"; image: height and width if the
    features are pixels (not stored in the file, so comparisons ignore it).
    """

    train: int
    test: int
    features: int
    outputs: int
    task: str = "classification"
    image: tuple[int, int] | None = field(default=None, compare=False, repr=False)

    def without_validation(self, validation: int) -> "Size":
        return replace(self, train=self.train - validation)


_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_UNNAMED = np.array([], np.str_)


@dataclass(frozen=True)
class Data:
    """Samples and targets for training and testing.

    x_train [n, features], x_test [m, features]: samples as stored (pixels: uint8); y_train [n],
    y_test [m]: labels (integers) or values to predict (floats); scale: divisor of stored samples
    (pixels are then in [0, 1]); classes: names of the labels, or empty.
    """

    x_train: NDArray
    y_train: NDArray
    x_test: NDArray
    y_test: NDArray
    scale: float
    classes: NDArray[np.str_] = field(default_factory=lambda: _UNNAMED)

    @property
    def task(self) -> str:
        return "regression" if self.y_train.dtype.kind == "f" else "classification"

    @property
    def outputs(self) -> int:
        """The number of classes, whose labels are 0 … outputs - 1; 1 for regression."""
        if self.task == "regression":
            return 1
        return int(max(self.y_train.max(), self.y_test.max())) + 1

    @property
    def size(self) -> Size:
        n, features = self.x_train.shape
        return Size(n, len(self.y_test), features, self.outputs, self.task)

    def without_validation(self, validation: int) -> "Data":
        """Return the data without the last `validation` training samples.

        Raises InputError if a class loses all its training samples.
        """
        n = len(self.y_train) - validation
        lost = np.setdiff1d(self.y_train[n:], self.y_train[:n])
        if self.task == "classification" and lost.size:
            name = str(self.classes[lost[0]]) if self.classes.size else int(lost[0])
            found = f"found the class {name!r} only among the {validation} samples held out"
            raise InputError(f"validation: {found}; allowed: fewer, so that some remain")
        return replace(self, x_train=self.x_train[:n], y_train=self.y_train[:n])

    def inputs(self, x: NDArray, dtype: str) -> NDArray:
        """Return stored samples as inputs of a model: divided by the scale, in this dtype."""
        return np.divide(x, self.scale, dtype=dtype)

    def targets(self, y: NDArray, dtype: str) -> NDArray:
        """Return labels unchanged, and values to predict in this dtype."""
        return y.astype(dtype) if self.task == "regression" else y


def save(data: Data, path: Path) -> None:
    """Write data/<dataset>.npz."""
    arrays = {name: getattr(data, name) for name in (*_ARRAYS, "scale")}
    save_npz(path, arrays | ({"classes": data.classes} if data.classes.size else {}))


def load(path: Path) -> tuple[Data, str]:
    """Read data/<dataset>.npz and return it with its SHA-256.

    Raises InputError if the file is missing or damaged or its content fails `check`.
    """
    arrays, sha256 = load_npz(path, {*_ARRAYS, "scale"})
    scale = arrays["scale"][()]
    data = Data(
        **{name: arrays[name] for name in _ARRAYS},
        scale=float(scale) if isinstance(scale, Real) else scale,
        classes=arrays.get("classes", _UNNAMED),
    )
    check(data, str(path), DELETE_IT)
    return data, sha256


def check(data: Data, where: str, advice: str = "") -> None:
    """Raise InputError if the data cannot be used for training.

    where: source of the data, for the start of the message; advice: end of the message.
    """
    if mistake := _mistake(data):
        raise InputError(f"{where}: {mistake}{advice}")


def _mistake(data: Data) -> str | None:
    arrays = {name: getattr(data, name) for name in _ARRAYS}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif":
            found = getattr(array, "dtype", type(array).__name__)
            return f"{name} holds {found}; allowed: an array of numbers"
        if not array.size:
            return f"{name} {array.shape} is empty"
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            place = np.argwhere(~np.isfinite(array))[0].tolist()
            return f"{name}{place} is {array[tuple(place)]}; allowed: finite numbers"
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"].shape, arrays[f"y_{part}"].shape
        if len(x) != 2 or y != x[:1]:
            return f"x_{part} {x} and y_{part} {y} do not fit"
    features = data.x_train.shape[1]
    if data.x_test.shape[1] != features:
        return f"x_test has {data.x_test.shape[1]} features; allowed: {features}, as x_train has"
    if not isinstance(data.scale, Real) or not 0 < data.scale < np.inf:
        return f"scale is {data.scale!r}; allowed: a number > 0"
    if (data.y_test.dtype.kind == "f") != (data.task == "regression"):
        allowed = "floats" if data.task == "regression" else "integers"
        return f"y_test holds {data.y_test.dtype}; allowed: {allowed}, as y_train does"
    return None if data.task == "regression" else _label_mistake(data.y_train, data.y_test)


def _label_mistake(train: NDArray, test: NDArray) -> str | None:
    """Check that labels count the classes from 0 and that each class has training samples."""
    labels = np.unique(train)
    last = len(labels) - 1
    if (gaps := labels != np.arange(len(labels))).any():
        row = np.flatnonzero(train == labels[gaps][0])[0]
        return f"y_train[{row}] is {train[row]}; allowed: labels 0 … {last} of {last + 1} classes"
    if (outside := (test < 0) | (test > last)).any():
        row = np.flatnonzero(outside)[0]
        return f"y_test[{row}] is {test[row]}; allowed: labels 0 … {last}, as in y_train"
    return None
