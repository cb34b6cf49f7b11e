"""Eigenvalues and spectra compared with dense linear algebra."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from descent.theory import spectrum
from descent.theory.spectrum import largest, spectra

SIZE = 60


@pytest.fixture
def matrix(random):
    basis, _ = np.linalg.qr(random.normal(size=(SIZE, SIZE)))
    return basis * np.geomspace(1e-3, 2, SIZE) @ basis.T


def products(matrix):
    return lambda vectors: vectors @ matrix


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_eigenvalue_is_within_its_residual(matrix, sign):
    values = np.linalg.eigvalsh(sign * matrix)
    found = largest(products(sign * matrix), SIZE)
    assert_allclose(found.value, values[-1], rtol=1e-8)
    assert np.abs(values - found.value).min() <= found.residual + 1e-12
    assert_allclose(np.linalg.norm(found.vector), 1)


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "Lanczos"])
def test_spectra_give_functions_of_the_matrix(matrix, random, monkeypatch, exact):
    monkeypatch.setattr(spectrum, "MAX_DENSE", SIZE if exact else 0)
    vectors = random.normal(size=(4, SIZE))
    found = spectra(products(matrix), vectors)
    values, basis = np.linalg.eigh(matrix)
    for f in (np.ones_like, lambda h: h, lambda h: (1 - h / 2) ** 40, lambda h: 1 / (2 - 0.7 * h)):
        expected = np.square(vectors @ basis) @ f(values)
        assert_allclose((found.weight * f(found.curvature)).sum(1), expected, rtol=1e-4)


def test_lanczos_ends_early_if_the_krylov_space_is_complete(matrix, monkeypatch):
    """From an eigenvector, a sum of three, and 0."""
    monkeypatch.setattr(spectrum, "MAX_DENSE", 0)
    values, basis = np.linalg.eigh(matrix)
    vectors = np.array([basis[:, 5], basis[:, [1, 20, 50]].sum(1), np.zeros(SIZE)])
    found = spectra(products(matrix), vectors)
    sums = (found.weight * found.curvature**2).sum(1)
    assert_allclose(sums, [values[5] ** 2, np.square(values[[1, 20, 50]]).sum(), 0], rtol=1e-9)
