"""Fashion-MNIST: 28×28 grey images of ten kinds of clothing (Xiao, Rasul and Vollgraf 2017)."""

from pathlib import Path

from descent.datasets import _archives
from descent.store.data import Data, Size

SIZE = Size(train=60_000, test=10_000, features=784, outputs=10, image=(28, 28))


def obtain(raw: Path, mirror: str | None) -> Data:
    """Obtain the four archives of torchvision.datasets.FashionMNIST."""
    return _archives.obtain("FashionMNIST", raw, mirror)
