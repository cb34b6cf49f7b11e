"""Eigenvalues and spectral measures of a Hessian, from its products with vectors."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigsh

Products = Callable[[NDArray], NDArray]  # H v for each of the vectors v [k, size]

MAX_DENSE = 700  # largest size for which all eigenvalues are computed
LANCZOS = 25  # Lanczos steps for larger sizes


class Eigenvalue(NamedTuple):
    """An eigenvalue with its vector v, ‖v‖ = 1, and residual ‖H v - value v‖, which bounds the
    distance of value to an eigenvalue of H."""

    value: float
    residual: float
    vector: NDArray


class Spectrum(NamedTuple):
    """Spectral measure of H for a vector v: vᵀ f(H) v = Σ weight f(curvature).

    curvature, weight: [...]. For several vectors in one Spectrum, the measures add up.
    """

    curvature: NDArray
    weight: NDArray


def largest(
    products: Products, size: int, start: NDArray | None = None, precision: float = 1e-8
) -> Eigenvalue:
    """The largest eigenvalue to a relative precision, by Lanczos' method.

    start: the first vector, by default random. The computed value is a Rayleigh quotient and so
    never above the largest eigenvalue.
    """
    if start is None:
        start = np.random.default_rng(0).normal(size=size)
    if size <= 2:
        values, vectors = np.linalg.eigh(products(np.eye(size)))
        value, vector = values[-1], vectors[:, -1]
    else:
        operator = LinearOperator(
            (size, size), matvec=lambda v: products(v.reshape(1, -1))[0], dtype=np.float64
        )
        (value,), vectors = eigsh(operator, 1, which="LA", v0=start, tol=precision)
        vector = vectors[:, 0]
    residual = products(vector[None])[0] - value * vector
    return Eigenvalue(float(value), float(np.linalg.norm(residual)), vector)


def spectra(products: Products, vectors: NDArray) -> Spectrum:
    """Spectral measures of vectors [k, size], one per row [k, …].

    Exact up to MAX_DENSE parameters, else by LANCZOS steps, which are exact for polynomials f of
    degree up to 2 LANCZOS - 1 (Golub and Meurant 2010, chapter 7).
    """
    k, size = vectors.shape
    if size <= MAX_DENSE:
        values, basis = np.linalg.eigh(products(np.eye(size)))
        return Spectrum(np.tile(values, (k, 1)), np.square(vectors @ basis))
    diagonals, off_diagonals, lengths = _lanczos(products, vectors)
    curvature, weight = np.zeros((k, LANCZOS)), np.zeros((k, LANCZOS))
    for i in range(k):
        matrix = np.diag(diagonals[i])
        matrix += np.diag(off_diagonals[i], 1) + np.diag(off_diagonals[i], -1)
        curvature[i], basis = np.linalg.eigh(matrix)
        weight[i] = lengths[i] ** 2 * np.square(basis[0])
    return Spectrum(curvature, weight)


def _lanczos(products: Products, vectors: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Tridiagonal matrices of H on the Krylov spaces of vectors: diagonals [k, LANCZOS],
    off-diagonals [k, LANCZOS - 1], and the lengths of the vectors [k].

    Bases stay orthogonal by projecting twice.
    """
    k, size = vectors.shape
    basis = np.zeros((k, LANCZOS + 1, size))
    lengths = np.linalg.norm(vectors, axis=1)
    basis[:, 0] = vectors / np.maximum(lengths, np.finfo(float).tiny)[:, None]
    diagonals, norms = np.zeros((k, LANCZOS)), np.zeros((k, LANCZOS))
    for j in range(LANCZOS):
        new, previous = products(basis[:, j]), basis[:, : j + 1]
        diagonals[:, j] = (basis[:, j] * new).sum(1)
        for _ in range(2):
            new -= np.einsum("kj,kjs->ks", np.einsum("kjs,ks->kj", previous, new), previous)
        norms[:, j] = np.linalg.norm(new, axis=1)
        complete = norms[:, j] <= 1e-12 * np.abs(diagonals[:, : j + 1]).max(1)
        length = np.where(complete, np.inf, norms[:, j])  # a complete Krylov space gains nothing
        basis[:, j + 1] = new / length[:, None]
    return diagonals, norms[:, :-1], lengths
