"""The status of a seed's run, from its objective F at the evaluated steps.

    gap = (m2 - F_ref) / (F_0 - F_ref)      1 at the start, 0 at the reference

F_0 is the median of the study's initial objectives, F_ref the minimum F*, or the lowest objective
of the study if no minimiser is known; m1 and m2 are the means of F over the third and fourth
quarter of the steps. The status is the first that applies:

    diverged      F is not finite at some step, or gap > 10
    oscillating   (full batch) F increases in more than a tenth of the steps of the second half,
                  and the gap to a known minimiser is above 10⁻⁶
    converged     the minimiser is known, and gap ≤ 0.01
    descending    the decrease m1 - m2 exceeds noise, and gap < 1
    plateau       none of these: at a noise floor if the gap is small, otherwise stuck

A decrease exceeds noise if it exceeds three standard errors, computed from the residuals of a
straight line through F in both quarters. For mini-batches with fewer than four evaluated steps in
these quarters, it must exceed a tenth of F_0 - F_ref.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from descent.store.iterates import ROUNDING

AT_REST = 1e-6  # gap below which momentum or rounding may still increase F
FAR = 10  # gap above which a run counts as diverged
STATUSES = ("diverged", "oscillating", "plateau", "descending", "converged")  # worst first


def status(
    step: NDArray,
    objective: NDArray,
    start: float,
    reference: float,
    has_minimiser: bool = False,
    rises: NDArray | None = None,
) -> tuple[str, float]:
    """The status of one seed and its gap.

    step, objective [S]: the evaluated steps, which begin after the burn-in for averages of
    iterates; start: F_0; reference: F_ref; has_minimiser: whether F_ref is F*; rises [S]: for full
    batches, the number of increases of F up to each step.
    """
    if not np.isfinite(objective).all():
        return "diverged", np.inf
    last = step[-1]
    third = objective[(step > last / 2) & (step <= 3 / 4 * last)]
    fourth = objective[step > 3 / 4 * last]
    start_gap = max(start - reference, ROUNDING * abs(start))
    with np.errstate(over="ignore"):
        gap = float((fourth.mean() - reference) / start_gap)
    at_rest = has_minimiser and gap <= AT_REST
    if not gap <= FAR:
        return "diverged", gap
    if rises is not None and not at_rest and _share_of_rises(step, rises) > 0.1:
        return "oscillating", gap
    if has_minimiser and gap <= 0.01:
        return "converged", gap
    if gap < 1 and third.size and _falls(third, fourth, start_gap, rises is not None):
        return "descending", gap
    return "plateau", gap


def _falls(third: NDArray, fourth: NDArray, start_gap: float, full_batch: bool) -> bool:
    """Whether the decrease from the third to the fourth quarter exceeds noise and rounding."""
    noise = 0.0 if full_batch else start_gap / 10
    if len(third) + len(fourth) >= 4:
        noise = 3 * _standard_error(third, fourth)
    rounding = ROUNDING * np.abs(third).max()
    return bool(third.mean() - fourth.mean() > max(noise, rounding))


def _standard_error(third: NDArray, fourth: NDArray) -> float:
    """Standard error of the difference of the means, from the residuals of a straight line."""
    values = np.concatenate([third, fourth])
    x = np.arange(len(values))
    residuals = values - np.polyval(np.polyfit(x, values, 1), x)
    variance = np.square(residuals).sum() / (len(values) - 2)
    return float(np.sqrt(variance * (1 / len(third) + 1 / len(fourth))))


def _share_of_rises(step: NDArray, rises: NDArray) -> float:
    """The share of the steps of the second half that increased F."""
    first_half = np.flatnonzero(step <= step[-1] / 2)
    start = first_half[-1] if first_half.size else 0
    steps = step[-1] - step[start]
    return float((rises[-1] - rises[start]) / steps) if steps else 0.0


def describe_statuses(statuses: Sequence[str]) -> str:
    """The statuses of all seeds in words: "converged", or "oscillating 2/5, plateau 3/5"."""
    counts = Counter(sorted(statuses, key=STATUSES.index)).most_common()
    if len(counts) == 1:
        return statuses[0]
    return ", ".join(f"{word} {count}/{len(statuses)}" for word, count in counts)


def majority_status(description: str) -> str:
    """The status of more than half of the seeds in a text of `describe_statuses`, else "mixed"."""
    word, _, rest = description.partition(" ")
    if not rest:
        return word
    count, seeds = map(int, re.match(r"(\d+)/(\d+)", rest).groups())
    return word if 2 * count > seeds else "mixed"
