"""The expected suboptimality F - F* of gradient descent, step by step.

Near w* the objective is F* + ½ Σ h v², a sum over directions with curvature h, and the iterates
follow v <- (1 - αh) v + α ξ, where the noise ξ of a single sample has variance c. With ρ = 1 - αh,
the suboptimality is the sum of a bias and a variance term,

    from the start    ½ h v_0² ρ²ᵗ
    from noise        ½ h α² c V

If batches of B samples are drawn with replacement, V = (1 - ρ²ᵗ) / (1 - ρ²) / B. For a small α and
many steps the noise terms add up to α tr C / (4B) (Mandt, Hoffman and Blei 2017); their limit for
larger α, α c / (2B (2 - αh)), is from Liu, Ziyin and Ueda 2021. If every epoch visits each of the n
samples once, the noise of an epoch nearly cancels; after s steps of the epoch it contributes

    V = n/(n-1) [S_2(s)/B - S_1(s)²/n],   S_j(s) = 1 + ρʲ + … + ρʲ⁽ˢ⁻¹⁾

(sampling without replacement). The contributions of earlier epochs, independent of each other and
multiplied by ρ² in every later step, are added. At the end of an epoch the noise term is of order
α³. Differences between the samples' Hessians H_i add a bias, α²/8 κᵀH⁻¹κ with κ = E H_i ∇ℓ_i at
batch size 1, the second order of Ying, Yuan, Vlaski and Sayed 2018. We neglect this bias, a 500th
of the other terms on diabetes. The last batch of an epoch may be smaller; its noise is that of its
actual size.

For the average of T iterates, the first of which follows t steps, and sampling with replacement,

    from the start    ½ h v_0² ρ²ᵗ [(1 - ρᵀ) / (αhT)]²
    from noise        ½ h σ²/T² [T (1 + ρ)/(1 - ρ) - 2ρ (1 - ρᵀ)/(1 - ρ)²],  σ² = αc / (Bh (2 - αh))

The limit of the noise term is ½ tr(H⁻¹C) / (BT) (Polyak and Juditsky 1992).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent.theory.spectrum import Spectrum


def from_start(start: Spectrum, step_size: float, steps: ArrayLike) -> NDArray:
    """Bias term after the given numbers of steps [S]: the decayed initial suboptimality."""
    with np.errstate(over="ignore"):
        left = _power(1 - step_size * start.curvature, np.asarray(steps))
        return left**2 @ (start.curvature * start.weight / 2)


def from_noise(
    noise: Spectrum,
    step_size: float,
    batch_size: int,
    steps: ArrayLike,
    samples: int,
    shuffled: bool = True,
) -> NDArray:
    """Variance term after the given numbers of steps [S] from w*, with epochs of `samples`."""
    a, m = 1 - step_size * noise.curvature, -(-samples // batch_size)
    epochs, within = np.divmod(np.asarray(steps), m)
    smaller = 1 / (samples - (m - 1) * batch_size) - 1 / batch_size  # the last batch of an epoch

    def variance(count: NDArray) -> NDArray:
        """V after the first steps of an epoch, [S, K]."""
        independent = _geometric(a**2, count) / batch_size + smaller * (count == m)[:, None]
        if not shuffled:
            return independent
        cancelled = _geometric(a, count) ** 2 / samples
        return np.maximum(independent - cancelled, 0) * samples / max(samples - 1, 1)

    with np.errstate(over="ignore", invalid="ignore"):
        of_epochs = _geometric(a ** (2 * m), epochs) * variance(np.array([m]))
        total = _power(a, within) ** 2 * of_epochs + variance(within)
        return total @ (noise.curvature * noise.weight / 2 * step_size**2)


def averaged(
    start: Spectrum,
    noise: Spectrum,
    step_size: float,
    batch_size: int,
    first: ArrayLike,
    count: ArrayLike,
) -> tuple[NDArray, NDArray]:
    """Bias and variance terms of averages of `count` iterates [S], from step `first` [S] on.

    Samples are drawn with replacement.
    """
    first, count = np.asarray(first), np.asarray(count)
    shrunk = _geometric(1 - step_size * start.curvature, count) / count[:, None]
    shrunk *= _power(1 - step_size * start.curvature, first)
    left = shrunk**2 @ (start.curvature * start.weight / 2)
    curved = noise.curvature > 1e-12 * noise.curvature.max()  # flat directions leave F unchanged
    h, c = noise.curvature[curved], noise.weight[curved]
    a, ah = 1 - step_size * h, step_size * h
    sums = count[:, None] * (1 + a) / ah - 2 * a * (1 - _power(a, count)) / ah**2
    return left, sums / count[:, None] ** 2 @ (step_size * c / (2 - ah) / 2 / batch_size)


def _geometric(a: NDArray, count: NDArray) -> NDArray:
    """1 + a + … + a^(count - 1), [S, K]."""
    differs = np.abs(1 - a) > 1e-12
    sums = (1 - _power(a, count)) / np.where(differs, 1 - a, 1)
    return np.where(differs, sums, count[:, None])


def _power(a: NDArray, count: NDArray) -> NDArray:
    return a ** count[:, None]
