"""How far above the minimum gradient descent is expected to be, step by step.

Near w* the objective is F* + ½ Σ h v², a sum over directions with curvature h, and the iterates
follow v <- (1 - αh) v + α ξ, with noise ξ of variance c in a single sample. With ρ = 1 - αh,

    from the start    ½ h v_0² ρ²ᵗ
    from noise        ½ h α² c V

where samples are drawn with replacement, in batches of B, V = (1 - ρ²ᵗ) / (1 - ρ²) / B. For a small
α and many steps that is α tr C / (4B) in all (Mandt, Hoffman and Blei 2017); the sum that holds for
larger ones, α c / (2B (2 - αh)), is that of Liu, Ziyin and Ueda 2021. Where every epoch passes once
through all n samples, the noise of an epoch nearly cancels; its first s steps leave

    V = n/(n-1) [S_2(s)/B - S_1(s)²/n],   S_j(s) = 1 + ρʲ + … + ρʲ⁽ˢ⁻¹⁾

(sampling without replacement), to which come those of the epochs before, each independent and
shrunk since then. Where epochs end it is of order α³; that the samples' Hessians H_i differ adds a
bias, α²/8 κᵀH⁻¹κ with κ = E H_i ∇ℓ_i at batch size 1, the second order of Ying, Yuan, Vlaski and
Sayed 2018. It is left out: a 500th of the rest on diabetes. The last batch of an epoch may be
smaller; its noise counts as that of its size.

The average of T iterates of samples drawn with replacement is

    from the start    ½ h v_0² ρ²ᵗ [(1 - ρᵀ) / (αhT)]²,  the first after t steps
    from noise        ½ h σ²/T² [T (1 + ρ)/(1 - ρ) - 2ρ (1 - ρᵀ)/(1 - ρ)²],  σ² = αc / (Bh (2 - αh))

whose limit is ½ tr(H⁻¹C) / (BT) (Polyak and Juditsky 1992).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from descent.theory.spectrum import Spectrum


def from_start(start: Spectrum, step_size: float, steps: ArrayLike) -> NDArray:
    """What is left of the way from the start after so many steps [S]."""
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
    """What noise has added after so many steps [S] from w*, with epochs of `samples` samples."""
    a, m = 1 - step_size * noise.curvature, -(-samples // batch_size)
    epochs, within = np.divmod(np.asarray(steps), m)
    smaller = 1 / (samples - (m - 1) * batch_size) - 1 / batch_size  # the last batch of an epoch

    def variance(count: NDArray) -> NDArray:
        """V after the first steps of an epoch, [S, K]."""
        alone = _geometric(a**2, count) / batch_size + smaller * (count == m)[:, None]
        if not shuffled:
            return alone
        together = _geometric(a, count) ** 2 / samples
        return np.maximum(alone - together, 0) * samples / max(samples - 1, 1)

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
    """What is left from the start, and of noise, in averages of so many iterates [S].

    first: the step of the first of them [S]. Samples are drawn with replacement.
    """
    first, count = np.asarray(first), np.asarray(count)
    shrunk = _geometric(1 - step_size * start.curvature, count) / count[:, None]
    shrunk *= _power(1 - step_size * start.curvature, first)
    left = shrunk**2 @ (start.curvature * start.weight / 2)
    bent = noise.curvature > 1e-12 * noise.curvature.max()  # elsewhere height is nothing
    h, c = noise.curvature[bent], noise.weight[bent]
    a, ah = 1 - step_size * h, step_size * h
    sums = count[:, None] * (1 + a) / ah - 2 * a * (1 - _power(a, count)) / ah**2
    return left, sums / count[:, None] ** 2 @ (step_size * c / (2 - ah) / 2 / batch_size)


def _geometric(a: NDArray, count: NDArray) -> NDArray:
    """1 + a + … + a^(count - 1), [S, K]."""
    apart = np.abs(1 - a) > 1e-12
    sums = (1 - _power(a, count)) / np.where(apart, 1 - a, 1)
    return np.where(apart, sums, count[:, None])


def _power(a: NDArray, count: NDArray) -> NDArray:
    return a ** count[:, None]
