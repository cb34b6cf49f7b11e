import os

import descent  # noqa: F401  one thread, before NumPy and torch are loaded
from descent.cuda import has_cuda

if not has_cuda():
    os.environ["TRITON_INTERPRET"] = "1"  # read when Triton is imported

# isort: split
import numpy as np
import pytest

from descent.data import Data


@pytest.fixture(scope="session")
def digits() -> Data:
    from descent.datasets.digits import obtain

    return obtain(raw=None, mirror=None)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)
