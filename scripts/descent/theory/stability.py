"""The step size up to which the second moments of stochastic gradient descent stay bounded.

Near w* every sample's gradient is H_i (w - w*) + noise, and a step with B samples, drawn with
replacement, changes Σ = E (w - w*)(w - w*)ᵀ by

    Σ <- Σ - α (H Σ + Σ H) + α² D(Σ) + α² p C,   D(Σ) = p E H_i Σ H_i + (1 - p) H Σ H,   p = 1/B,

where C is the covariance of the noise. Σ stays bounded for α < α* = min <Σ, HΣ + ΣH> / <Σ, D(Σ)>
over symmetric Σ (Mulayoff and Michaeli 2024). For least squares this is exact everywhere; for other
losses it holds near w*.

With few parameters Σ is any matrix. With many, Σ is diagonal in the basis u ⊗ q, where u are the
eigenvectors of the mean Hessian in the scores and q those of the samples' second moments, and HΣH
uses only the diagonal entries of H. The neglected terms are not negative, so α* is an upper bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from descent.theory.objective import BLOCK, Point
from descent.theory.spectrum import largest

MAX_EXACT = 128  # largest number of parameters for which Σ is a full matrix
FLAT = 1e-12  # × the largest curvature: smaller curvatures are rounding errors


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """The map Σ ↦ D(Σ) and the noise C.

    exact: whether Σ is a full matrix, in the eigenvectors of H, or else the array of its diagonal
    entries; curvatures: the eigenvalues of H, or else the curvature of each entry;
    single(Σ) = E H_iΣH_i; noise: C.
    """

    curvatures: NDArray
    exact: bool
    single: Callable[[NDArray], NDArray]
    noise: NDArray

    @classmethod
    def at(cls, point: Point) -> "SecondMoments":
        """The second moments near w*."""
        return _full(point) if point.w.size <= MAX_EXACT else _diagonal(point)

    @property
    def sums(self) -> NDArray:
        """h_i + h_j, the factor of each entry in HΣ + ΣH."""
        return self._row_curvatures + self.curvatures

    @property
    def products(self) -> NDArray:
        """h_i h_j, the factor of each entry in HΣH."""
        return self._row_curvatures * self.curvatures

    @property
    def _row_curvatures(self) -> NDArray:
        return self.curvatures[:, None] if self.exact else self.curvatures

    def _trace(self, moments: NDArray) -> float:
        """tr HΣ, twice the suboptimality."""
        weights = np.diag(self.curvatures) if self.exact else self.curvatures
        return float((weights * moments).sum())

    def limit(self, batch_size: int) -> float:
        """α*."""
        return 1 / largest(partial(self._scaled, batch_size=batch_size), self.sums.size).value

    def inflation(self, step_size: float, batch_size: int) -> float:
        """Ratio of the stationary suboptimality ½ tr HΣ to its value if every sample had the
        Hessian H, for α < α*."""
        scale, source = self._scale, step_size / batch_size * self.noise
        matrix = LinearOperator(
            (scale.size, scale.size),
            matvec=lambda v: v.ravel() - step_size * self._scaled(v[None], batch_size)[0],
            dtype=np.float64,
        )
        solved, _ = cg(matrix, (scale * source).ravel(), rtol=1e-6, maxiter=500)
        moments = scale * solved.reshape(scale.shape)
        with_equal_hessians = source * scale**2 / (1 - step_size * self.products * scale**2)
        return self._trace(moments) / self._trace(with_equal_hessians)

    @property
    def _scale(self) -> NDArray:
        """S^-½, where S are the sums; 0 in flat directions, where iterates do not move."""
        curved = self.sums > FLAT * self.sums.max()
        return curved / np.sqrt(np.where(curved, self.sums, 1))

    def _scaled(self, vectors: NDArray, batch_size: int) -> NDArray:
        """S^-½ D(S^-½ Σ) for several flattened Σ."""
        scale, p = self._scale, 1 / batch_size
        mapped = []
        for vector in vectors:
            moments = scale * vector.reshape(scale.shape)
            image = p * self.single(moments) + (1 - p) * self.products * moments
            mapped.append((scale * image).ravel())
        return np.array(mapped)


def _full(point: Point) -> SecondMoments:
    """Σ is a full matrix in the eigenvectors of H."""
    size, l2 = point.w.size, point.objective.l2
    values, basis = np.linalg.eigh(point.hessian(np.eye(size)))
    outputs, width = point.objective.shape
    # J_i [n, outputs, size]: derivatives of each sample's scores along the eigenvectors
    J = np.einsum("nx,oxs->nos", point.objective.x.toarray(), basis.reshape(outputs, width, -1))
    MJ = np.einsum("nop,nps->nos", point.score_hessians, J)
    gradients = np.einsum("nos,no->ns", J, point.score_gradients)
    noise = np.cov(gradients, rowvar=False, bias=True).reshape(size, size)

    def single(moments: NDArray) -> NDArray:
        inner = np.einsum("nos,st,npt->nop", J, moments, J, optimize=True)
        of_losses = np.einsum("nos,nop,npt->st", MJ, inner, MJ, optimize=True) / len(J)
        sums = (values[:, None] + values - 2 * l2) * moments
        return of_losses + l2 * sums + l2**2 * moments

    return SecondMoments(values, exact=True, single=single, noise=noise)


def _diagonal(point: Point) -> SecondMoments:
    """Σ is diagonal in the Kronecker basis: an entry for each u and q."""
    (_, U), (_, Q) = point.mean_score_hessian, point.objective.moments
    l2, n = point.objective.l2, len(point.score_hessians)
    x = point.objective.x
    x_squares = np.concatenate(  # in float32 to save memory
        [
            np.square(x[start : start + BLOCK] @ Q, dtype=np.float64).astype(np.float32)
            for start in range(0, n, BLOCK)
        ]
    )
    rotated = U.T @ point.score_hessians @ U
    diagonals = np.diagonal(rotated, axis1=1, axis2=2).astype(np.float32)
    squares = np.square(rotated).astype(np.float32)
    gradient_squares = np.square(point.score_gradients @ U).astype(np.float32)
    mean = U.T @ (point.gradient - l2 * point.w) @ Q
    of_losses = (diagonals.T @ x_squares / n).astype(np.float64)

    def single(moments: NDArray) -> NDArray:
        inner = x_squares @ moments.T.astype(np.float32)
        products = np.matmul(squares, inner[..., None])[..., 0].T @ x_squares / n
        return products + (2 * l2 * of_losses + l2**2) * moments

    noise = gradient_squares.T @ x_squares / n - np.square(mean)
    return SecondMoments(of_losses + l2, exact=False, single=single, noise=noise)
