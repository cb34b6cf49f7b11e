"""Zeros and eights of the digits, two linearly separable classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from descent.datasets import digits
from descent.store.data import Data, Size

SIZE = Size(train=297, test=55, features=64, outputs=2, image=(8, 8))


def obtain(raw: Path, mirror: str | None) -> Data:
    """Select the zeros (class 0) and eights (class 1) of the digits, in the same order."""
    data = digits.obtain(raw, mirror)
    train, test = (np.isin(y, (0, 8)) for y in (data.y_train, data.y_test))
    return replace(
        data,
        x_train=data.x_train[train],
        y_train=(data.y_train[train] == 8).astype("int64"),
        x_test=data.x_test[test],
        y_test=(data.y_test[test] == 8).astype("int64"),
    )
