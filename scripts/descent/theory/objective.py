"""The objective of a model whose scores are linear in its parameters, in float64.

    F(w) = mean loss(z_i, y_i) + λ/2 ‖w‖²,   z_i = w x̃_i

w [outputs, width] is A with b as its last column, and x̃ a sample with a one appended; without bias,
w = A and x̃ = x. Samples are stored sparse: four fifths of MNIST's pixels are zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from descent.store.data import Data

BLOCK = 4096  # samples converted to dense arrays at a time


@dataclass(frozen=True)
class Objective:
    """F of a model on samples x [n, width], y [n].

    outputs: rows of w; l2: λ; bias: whether the last column of x is ones.
    """

    model: ModuleType
    x: csr_array
    y: NDArray
    outputs: int
    l2: float
    bias: bool

    @classmethod
    def of(cls, model: ModuleType, data: Data, l2: float, names: Mapping) -> "Objective":
        """F on the training samples; names: the names of the model's parameters."""
        x, bias = csr_array(data.inputs(data.x_train, "float64")), "b" in names
        if bias:
            x = hstack([x, np.ones((x.shape[0], 1))], format="csr")
        y = data.targets(data.y_train, "float64")
        return cls(model, x, y, data.outputs, l2, bias)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of w."""
        return self.outputs, self.x.shape[1]

    @cached_property
    def moments(self) -> tuple[NDArray, NDArray]:
        """Eigenvalues and eigenvectors of G = X̃ᵀX̃/n."""
        n, width = self.x.shape
        G = np.zeros((width, width))
        for start in range(0, n, BLOCK):
            block = self.x[start : start + BLOCK].toarray()
            G += block.T @ block
        return _eigen(G / n)

    def flat(self, parameters: Mapping[str, NDArray]) -> NDArray:
        """A [..., outputs, features] and b [..., outputs] as w [..., outputs, width]."""
        A = np.asarray(parameters["A"], np.float64)
        return np.concatenate([A, parameters["b"][..., None]], -1) if self.bias else A

    def parameters(self, w: NDArray) -> dict[str, NDArray]:
        """w as A and b."""
        return {"A": w[:, :-1], "b": w[:, -1]} if self.bias else {"A": w}

    def at(self, w: NDArray) -> "Point":
        return Point(self, w)


@dataclass(frozen=True)
class Point:
    """F and its derivatives at a point w [outputs, width]."""

    objective: Objective
    w: NDArray

    @cached_property
    def z(self) -> NDArray:
        """The scores [outputs, n]."""
        return np.ascontiguousarray((self.objective.x @ self.w.T).T)

    @property
    def value(self) -> float:
        """F."""
        losses = self.objective.model.losses(self.z, self.objective.y)
        return float(losses.mean() + self.objective.l2 / 2 * np.square(self.w).sum())

    @cached_property
    def score_gradients(self) -> NDArray:
        """g_i = ∂loss/∂z of each sample, [n, outputs]; the gradient of its loss is g_i x̃_iᵀ."""
        return self.objective.model.score_gradient(self.z, self.objective.y).T

    @cached_property
    def gradient(self) -> NDArray:
        """∇F, [outputs, width]."""
        of_losses = (self.objective.x.T @ self.score_gradients).T / len(self.score_gradients)
        return of_losses + self.objective.l2 * self.w

    @cached_property
    def rounding(self) -> float:
        """Estimate of the rounding error of the gradient, in norm.

        The error of a sum of n terms grows as √n u times their size, with u = 2⁻⁵³ (Higham and Mary
        2019, for independent rounding errors); it is doubled, since the terms are rounded as well.
        """
        n, width = self.objective.x.shape
        lengths = np.sqrt(self.objective.x.power(2).sum(1))
        size = (np.linalg.norm(self.score_gradients, axis=1) * lengths).mean()
        error_of_scores = np.sqrt(width) * np.linalg.norm(self.w) * np.square(lengths).mean()
        return float(np.finfo(np.float64).eps * (np.sqrt(n) * size + error_of_scores))

    @cached_property
    def score_hessians(self) -> NDArray:
        """M_i = ∂²loss/∂z² of each sample, [n, outputs, outputs]."""
        return self.objective.model.score_hessian(self.z)

    @cached_property
    def mean_score_hessian(self) -> tuple[NDArray, NDArray]:
        """Eigenvalues and eigenvectors of the mean of the M_i."""
        return _eigen(self.score_hessians.mean(0))

    def hessian(self, v: NDArray) -> NDArray:
        """H v = (1/n) Σ M_i v x̃_i x̃_iᵀ + λ v, for vectors v [k, outputs × width]."""
        k, (outputs, width) = len(v), self.objective.shape
        x = self.objective.x
        dz = (x @ v.reshape(k * outputs, width).T).reshape(-1, k, outputs)
        M_dz = np.matmul(dz, self.score_hessians)  # M is symmetric
        product = (x.T @ M_dz.reshape(-1, k * outputs)).T / len(M_dz)
        return product.reshape(k, -1) + self.objective.l2 * v

    @cached_property
    def noise_trace(self) -> float:
        """tr C, where C = Cov(∇ℓ_i) over single samples: E‖∇ℓ_i‖² - ‖E ∇ℓ_i‖²."""
        squares = np.square(self.score_gradients).sum(1) * self.objective.x.power(2).sum(1)
        mean = self.gradient - self.objective.l2 * self.w
        return float(squares.mean() - np.square(mean).sum())


def _eigen(matrix: NDArray) -> tuple[NDArray, NDArray]:
    """Eigenvalues and eigenvectors of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.maximum(values, 0), vectors
