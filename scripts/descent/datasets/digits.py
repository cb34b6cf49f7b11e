"""Digits: 8×8 grey images of handwritten digits (Alpaydin and Kaynak 1998), from scikit-learn."""

from pathlib import Path

from descent.store.data import Data, Size

SIZE = Size(train=1_500, test=297, features=64, outputs=10, image=(8, 8))


def obtain(raw: Path, mirror: str | None) -> Data:
    """Load scikit-learn's copy; the first 1,500 samples are for training, the rest for testing."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x, y, train = x.astype("uint8"), y.astype("int64"), SIZE.train
    return Data(x[:train], y[:train], x[train:], y[train:], scale=16)
