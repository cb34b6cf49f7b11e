"""Diabetes: disease progression after one year, from ten measurements of each of 442 patients.

Efron, Hastie, Johnstone and Tibshirani, Least angle regression, Annals of Statistics 32 (2004);
distributed with scikit-learn.
"""

from pathlib import Path

from descent.store.data import Data, Size

SIZE = Size(train=342, test=100, features=10, outputs=1, task="regression")


def obtain(raw: Path, mirror: str | None) -> Data:
    """Load scikit-learn's copy; the first 342 patients are for training, the others for testing.

    Features and target are standardised with the mean and standard deviation of the training
    samples.
    """
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    train = SIZE.train
    x = (x - x[:train].mean(0)) / x[:train].std(0)
    y = (y - y[:train].mean()) / y[:train].std()
    return Data(x[:train], y[:train], x[train:], y[train:], scale=1)
