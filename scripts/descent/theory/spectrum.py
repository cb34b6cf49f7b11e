"""Eigenvalues of a Hessian, and how vectors lie over them, from its products with vectors."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigsh

Products = Callable[[NDArray], NDArray]  # H v of each of the vectors v [k, size]

EXACT = 700  # numbers of a vector up to which all eigenvalues are computed
LANCZOS = 25  # steps, where there are more


class Eigenvalue(NamedTuple):
    """An eigenvalue with its vector v, ‖v‖ = 1, and residual ‖H v - value v‖: an eigenvalue of H is
    no farther from value than that."""

    value: float
    residual: float
    vector: NDArray


class Spectrum(NamedTuple):
    """How a vector v lies over the eigenvalues of H: vᵀ f(H) v = Σ weight f(curvature).

    curvature, weight: [...]; several vectors may share a Spectrum, their weights then add up.
    """

    curvature: NDArray
    weight: NDArray


def largest(
    products: Products, size: int, start: NDArray | None = None, precision: float = 1e-8
) -> Eigenvalue:
    """The largest eigenvalue, by Lanczos' method from a start, or a random vector, to a relative
    precision.

    The Rayleigh quotient, which is its value, is never above the largest eigenvalue.
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
    off = products(vector[None])[0] - value * vector
    return Eigenvalue(float(value), float(np.linalg.norm(off)), vector)


def spectra(products: Products, vectors: NDArray) -> Spectrum:
    """The spectra of vectors [k, size], each of them in a row [k, …].

    Exact where the vectors are short, else by LANCZOS steps, which are exact for polynomials of
    degree 2 LANCZOS - 1 (Golub and Meurant 2010, chapter 7).
    """
    k, size = vectors.shape
    if size <= EXACT:
        values, basis = np.linalg.eigh(products(np.eye(size)))
        return Spectrum(np.tile(values, (k, 1)), np.square(vectors @ basis))
    diagonals, beside, lengths = _lanczos(products, vectors)
    curvature, weight = np.zeros((k, LANCZOS)), np.zeros((k, LANCZOS))
    for i in range(k):
        matrix = np.diag(diagonals[i]) + np.diag(beside[i], 1) + np.diag(beside[i], -1)
        curvature[i], basis = np.linalg.eigh(matrix)
        weight[i] = lengths[i] ** 2 * np.square(basis[0])
    return Spectrum(curvature, weight)


def _lanczos(products: Products, vectors: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """The tridiagonal matrices of H on the Krylov spaces of vectors: diagonals [k, LANCZOS], what
    is beside them, and the lengths of the vectors. Bases stay orthogonal by projecting twice."""
    k, size = vectors.shape
    basis = np.zeros((k, LANCZOS + 1, size))
    lengths = np.linalg.norm(vectors, axis=1)
    basis[:, 0] = vectors / np.maximum(lengths, np.finfo(float).tiny)[:, None]
    diagonals, beside = np.zeros((k, LANCZOS)), np.zeros((k, LANCZOS))
    for j in range(LANCZOS):
        new, known = products(basis[:, j]), basis[:, : j + 1]
        diagonals[:, j] = (basis[:, j] * new).sum(1)
        for _ in range(2):
            new -= np.einsum("kj,kjs->ks", np.einsum("kjs,ks->kj", known, new), known)
        beside[:, j] = np.linalg.norm(new, axis=1)
        ended = beside[:, j] <= 1e-12 * np.abs(diagonals[:, : j + 1]).max(1)  # the space is whole
        basis[:, j + 1] = np.where(
            ended[:, None], 0, new / np.where(ended, 1, beside[:, j])[:, None]
        )
    return diagonals, beside[:, :-1], lengths
