import descent  # noqa: F401  one thread, before NumPy and torch are loaded

# isort: split
import numpy as np
import pytest

from descent.store.data import Data


@pytest.fixture(scope="session")
def digits() -> Data:
    from descent.datasets.digits import obtain

    return obtain(raw=None, mirror=None)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)
