"""How a seed's run ended, in a word, by its objective F at the evaluated steps.

    gap = (m2 - F_ref) / (F_0 - F_ref)      1 at the start, 0 at the reference

F_0 is the median of the study's starts, F_ref the minimum F*, or, where no minimiser is known, the
lowest objective of the study; m1 and m2 are the means of F over the third and fourth quarter of the
steps. The first word that holds:

    diverged      F is not finite somewhere, or gap > 10
    oscillating   (full batch) more than a tenth of the steps of the second half raised F, and the
                  gap to a known minimiser is above 10⁻⁶
    converged     the minimiser is known, and gap ≤ 0.01
    descending    m1 - m2 is a fall beyond noise, and gap < 1
    plateau       none of these: a noise floor, or stuck; the gap says how far up

A fall is beyond noise where it exceeds three of its standard errors, which come from the scatter of
F about its straight line over both quarters; with mini-batches and fewer than four evaluated steps
there, which show no scatter, where it exceeds a tenth of F_0 - F_ref.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from descent.store.iterates import ROUNDING

AT_REST = 1e-6  # gap at which momentum may still swing, and rounding may raise F
FAR = 10  # times the gap of the start, where a run counts as diverged
STATUSES = ("diverged", "oscillating", "plateau", "descending", "converged")  # the worst first


def status(
    step: NDArray,
    objective: NDArray,
    start: float,
    reference: float,
    has_minimiser: bool = False,
    rises: NDArray | None = None,
) -> tuple[str, float]:
    """The status of one seed and its gap.

    step, objective [S]: the evaluated steps, of which averages have only the later ones; start:
    F_0; reference: F_ref, and whether it is F*; rises [S]: with full batches, how many steps up to
    each raised F.
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
    """Whether the objective falls beyond noise, and rounding, from one quarter to the next."""
    noise = 0.0 if full_batch else start_gap / 10
    if len(third) + len(fourth) >= 4:
        noise = 3 * _standard_error(third, fourth)
    rounding = ROUNDING * np.abs(third).max()
    return bool(third.mean() - fourth.mean() > max(noise, rounding))


def _standard_error(third: NDArray, fourth: NDArray) -> float:
    """Of the difference of the means, by the scatter about the straight line through both."""
    both = np.concatenate([third, fourth])
    place = np.arange(len(both))
    scatter = both - np.polyval(np.polyfit(place, both, 1), place)
    variance = np.square(scatter).sum() / (len(both) - 2)
    return float(np.sqrt(variance * (1 / len(third) + 1 / len(fourth))))


def _share_of_rises(step: NDArray, rises: NDArray) -> float:
    """The share of rises among the steps of the second half, or of what is evaluated of it."""
    first = np.flatnonzero(step <= step[-1] / 2)[-1:]
    since = first[0] if first.size else 0
    steps = step[-1] - step[since]
    return float((rises[-1] - rises[since]) / steps) if steps else 0.0


def describe_statuses(statuses: Sequence[str]) -> str:
    """The statuses of all seeds: "converged", or "oscillating 2/5, plateau 3/5"."""
    counts = Counter(sorted(statuses, key=STATUSES.index)).most_common()
    if len(counts) == 1:
        return statuses[0]
    return ", ".join(f"{word} {count}/{len(statuses)}" for word, count in counts)


def majority_status(description: str) -> str:
    """The status of more than half of the seeds, by what `describe_statuses` says; else "mixed"."""
    word, _, rest = description.partition(" ")
    if not rest:
        return word
    count, seeds = map(int, re.match(r"(\d+)/(\d+)", rest).groups())
    return word if 2 * count > seeds else "mixed"
