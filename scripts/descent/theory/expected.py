"""How far above the minimum gradient descent is expected to be, step by step.

Near w* the objective is F* + ½ Σ h v², a sum over directions with curvature h, and the iterates
follow v <- (1 - αh) v + α ξ, with noise ξ of variance c in a single sample. With ρ = 1 - αh,

    from the start    ½ h v_0² ρ²ᵗ
    from noise        ½ h α² c/B (1 - ρ²ᵗ)/(1 - ρ²)  = ½ α c / (B (2 - αh)) (1 - ρ²ᵗ)

where each sample is drawn with replacement: α tr C / (4B) for a small α and many steps (Mandt,
Hoffman and Blei 2017; the denominator 2 - αh: Liu, Ziyin and Ueda 2021). Where every epoch of m
steps passes once through all samples, the noise of an epoch nearly cancels; after its first s steps

    Var Σ ρˢ⁻ᵏ ξ_k = c/B n/(n-1) [S_2(s) - S_1(s)²/m],   S_j(s) = 1 + ρʲ + … + ρʲ⁽ˢ⁻¹⁾

(sampling without replacement), to which come those of the epochs before, each independent and
shrunk since then. It is of order α² where epochs end (Ying, Yuan, Vlaski and Sayed 2018).
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
    samples: int | None = None,
) -> NDArray:
    """What noise has added after so many steps [S] from w*.

    samples: how many there are, where each epoch passes through all of them once; None: each is
    drawn with replacement.
    """
    steps, a = np.asarray(steps), 1 - step_size * noise.curvature
    scale = noise.curvature * noise.weight / 2 * step_size**2 / batch_size
    with np.errstate(over="ignore", invalid="ignore"):
        if samples is None:
            return _geometric(a**2, steps) @ scale
        m = -(-samples // batch_size)
        epochs, within = np.divmod(steps, m)
        of_epoch = _shuffled(a, np.array([m]), m)[0]
        before = _power(a, within) ** 2 * _geometric(a ** (2 * m), epochs) * of_epoch
        return (before + _shuffled(a, within, m)) @ (scale * samples / max(samples - 1, 1))


def _shuffled(a: NDArray, steps: NDArray, m: int) -> NDArray:
    """S_2 - S_1²/m [S, K], of an epoch's first steps; never below 0."""
    return np.maximum(_geometric(a**2, steps) - _geometric(a, steps) ** 2 / m, 0)


def _geometric(a: NDArray, count: NDArray) -> NDArray:
    """1 + a + … + a^(count - 1), [S, K]."""
    apart = np.abs(1 - a) > 1e-12
    sums = (1 - _power(a, count)) / np.where(apart, 1 - a, 1)
    return np.where(apart, sums, count[:, None])


def _power(a: NDArray, count: NDArray) -> NDArray:
    return a ** count[:, None]
