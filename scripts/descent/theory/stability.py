"""Up to which step size the second moments of stochastic gradient descent stay bounded.

About w*, where every sample's gradient is H_i (w - w*) + noise, E (w - w*)(w - w*)ᵀ = Σ changes in
a step of batch size B by

    Σ <- Σ - α (H Σ + Σ H) + α² D(Σ),   D(Σ) = p E H_i Σ H_i + (1 - p) H Σ H,   p = 1/B,

(samples drawn with replacement) plus α² p C, C the covariance of the noise. It stays bounded for
α < α* = min <Σ, HΣ + ΣH> / <Σ, D(Σ)> over symmetric Σ (Mulayoff and Michaeli 2024). For least
squares that is all of stochastic gradient descent; else it holds near w*.

Few parameters: Σ is any matrix. Many: Σ is diagonal in the basis u ⊗ q of the eigenvectors of the
mean Hessian in the scores and of the samples' second moments, and of HΣH the diagonal entries of H
are taken; what is left out is not negative, so that α* is an upper bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from descent.theory.objective import BLOCK, Point
from descent.theory.spectrum import largest

FEW = 128  # parameters
FLAT = 1e-12  # of the largest curvature: less is none, by rounding


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """The map of Σ, whose numbers stand in an array of any shape.

    exact: whether Σ is any matrix; curvatures: the eigenvalues of H, of the rows of such a Σ, else
    of each number; single(Σ) = E H_iΣH_i; noise: C.
    """

    curvatures: NDArray
    exact: bool
    single: Callable[[NDArray], NDArray]
    noise: NDArray

    @classmethod
    def at(cls, point: Point) -> "SecondMoments":
        """About w*."""
        return _full(point) if point.w.size <= FEW else _diagonal(point)

    @property
    def sums(self) -> NDArray:
        """What HΣ + ΣH multiplies each number by."""
        return self._rows + self.curvatures

    @property
    def squares(self) -> NDArray:
        """What HΣH multiplies each number by."""
        return self._rows * self.curvatures

    @property
    def _rows(self) -> NDArray:
        """The curvatures of the rows of Σ, beside those of its columns."""
        return self.curvatures[:, None] if self.exact else self.curvatures

    def _suboptimality(self, moments: NDArray) -> float:
        """tr HΣ, twice the suboptimality."""
        weights = np.diag(self.curvatures) if self.exact else self.curvatures
        return float((weights * moments).sum())

    def limit(self, batch_size: int) -> float:
        """α*."""
        return 1 / largest(partial(self._scaled, batch_size=batch_size), self.sums.size).value

    def inflation(self, step_size: float, batch_size: int) -> float:
        """What the differences between samples' Hessians do to the stationary height, ½ tr HΣ: with
        them, over what it is where all are H. For α < α*."""
        scale, source = self._scale, step_size / batch_size * self.noise
        matrix = LinearOperator(
            (scale.size, scale.size),
            matvec=lambda v: v.ravel() - step_size * self._scaled(v[None], batch_size)[0],
            dtype=np.float64,
        )
        solved, _ = cg(matrix, (scale * source).ravel(), rtol=1e-6, maxiter=500)
        moments = scale * solved.reshape(scale.shape)
        of_one_hessian = source * scale**2 / (1 - step_size * self.squares * scale**2)
        return self._suboptimality(moments) / self._suboptimality(of_one_hessian)

    @property
    def _scale(self) -> NDArray:
        """S^-½, with S the sums; 0 where there is no curvature, and so nothing that moves."""
        bent = self.sums > FLAT * self.sums.max()
        return bent / np.sqrt(np.where(bent, self.sums, 1))

    def _scaled(self, vectors: NDArray, batch_size: int) -> NDArray:
        """S^-½ D(S^-½ Σ) of several Σ, flat."""
        scale, p = self._scale, 1 / batch_size
        mapped = []
        for vector in vectors:
            moments = scale * vector.reshape(scale.shape)
            image = p * self.single(moments) + (1 - p) * self.squares * moments
            mapped.append((scale * image).ravel())
        return np.array(mapped)


def _full(point: Point) -> SecondMoments:
    """Σ is a matrix, in the basis of the eigenvectors of H."""
    size, l2 = point.w.size, point.objective.l2
    values, basis = np.linalg.eigh(point.hessian(np.eye(size)))
    outputs, width = point.objective.shape
    # [n, outputs, size]: what each sample's scores gain in the directions of the basis
    along = np.einsum("nx,oxs->nos", point.objective.x.toarray(), basis.reshape(outputs, width, -1))
    of_scores = np.einsum("nop,nps->nos", point.score_hessians, along)
    slopes = np.einsum("nos,no->ns", along, point.slopes)
    noise = np.cov(slopes, rowvar=False, bias=True).reshape(size, size)

    def single(moments: NDArray) -> NDArray:
        inner = np.einsum("nos,st,npt->nop", along, moments, along, optimize=True)
        of_losses = np.einsum("nos,nop,npt->st", of_scores, inner, of_scores, optimize=True) / len(
            along
        )
        sums = (values[:, None] + values - 2 * l2) * moments
        return of_losses + l2 * sums + l2**2 * moments

    return SecondMoments(
        curvatures=values,
        exact=True,
        single=single,
        noise=noise,
    )


def _diagonal(point: Point) -> SecondMoments:
    """Σ is diagonal in the Kronecker basis: a number for each u and q."""
    (_, of_outputs), (_, of_samples) = point.mean_score_hessian, point.objective.moments
    l2, n = point.objective.l2, len(point.score_hessians)
    x = point.objective.x
    turned = np.concatenate(
        [
            np.square(x[start : start + BLOCK] @ of_samples, dtype=np.float64).astype(np.float32)
            for start in range(0, n, BLOCK)
        ]
    )
    rotated = of_outputs.T @ point.score_hessians @ of_outputs
    own = np.diagonal(rotated, axis1=1, axis2=2).astype(np.float32)
    squares = np.square(rotated).astype(np.float32)
    slopes = np.square(point.slopes @ of_outputs).astype(np.float32)
    mean = of_outputs.T @ (point.gradient - l2 * point.w) @ of_samples
    of_losses = (own.T @ turned / n).astype(np.float64)

    def single(moments: NDArray) -> NDArray:
        inner = turned @ moments.T.astype(np.float32)
        twice = np.matmul(squares, inner[..., None])[..., 0].T @ turned / n
        return twice + (2 * l2 * of_losses + l2**2) * moments

    return SecondMoments(
        curvatures=of_losses + l2,
        exact=False,
        single=single,
        noise=slopes.T @ turned / n - np.square(mean),
    )
