"""How a seed's run ended, in a word, by its objective F at the evaluated steps.

F_0 is where the seed started, F_ref the objective of the optimum, or, where none is known, the
lowest of the study; the way is F_0 - F_ref, and at least a thousandth of |F_0|. m1 and m2 are the
means of F over the third and the fourth quarter of the steps.

    gap = 1 + (m2 - F_0) / way      1 at the start, 0 at the reference

m1 - m2 is a fall beyond noise where it exceeds three of its standard errors, which come from the
scatter of F about its straight line over these quarters; of batches with fewer than four evaluated
steps there, which show no scatter, where it exceeds a tenth of the way.

The first that holds:

    diverged      F is not finite somewhere, or gap > 2
    oscillating   (full batch) more than a tenth of the steps of the last two quarters raised F,
                  unless the gap to a known optimum is rounding
    converged     gap ≤ 0.01; where no optimum is known it does not fall by 1/200 of the way either
    barely moved  gap > 0.9, by a fall beyond noise, and F was never above its start
    no gain       gap > 0.9, whatever it did in between
    descending    it falls beyond noise, by 1/200 of the way or a tenth of what is left, m2 - F_ref
    plateau       none of these: it came some way, and no farther that its noise would show
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from descent.store.iterates import ROUNDING

STATUSES = (  # the worst first
    *("diverged", "no gain", "oscillating", "barely moved"),
    *("plateau", "descending", "converged"),
)


def status(
    step: NDArray,
    objective: NDArray,
    start: float,
    reference: float,
    optimum: bool = False,
    rises: NDArray | None = None,
) -> tuple[str, float]:
    """The status of one seed and its gap.

    step, objective [S]: the evaluated steps, of which averages have only the later ones; start:
    F_0; reference: F_ref; optimum: whether that is the optimum's; rises [S]: of a full batch, how
    many steps up to each raised F.
    """
    if not (np.isfinite(objective).all() and np.isfinite(start)):
        return "diverged", np.inf
    last = step[-1]
    third = objective[(step > last / 2) & (step <= 3 / 4 * last)]
    if not third.size:  # few evaluated steps
        third = objective[step <= 3 / 4 * last][-1:]
    fourth = objective[step > 3 / 4 * last]
    way = max(start - reference, abs(start) / 1000)
    with np.errstate(over="ignore"):
        gap = float(1 + (fourth.mean() - start) / way)
    if gap > 2:
        return "diverged", gap
    fall = third.mean() - fourth.mean() if third.size else 0.0
    if len(third) + len(fourth) >= 4:
        noise = 3 * _standard_error(third, fourth)
    else:
        noise = way / 10 if rises is None else 0.0
    beyond_noise = fall > max(noise, ROUNDING * abs(start))
    far = beyond_noise and fall > way / 200
    falling = beyond_noise and fall > min(way / 200, way * gap / 10)
    at_rest = optimum and gap <= ROUNDING
    if rises is not None and _share_of_rises(step, rises) > 0.1 and not at_rest:
        word = "oscillating"
    elif gap <= 0.01 and (optimum or not far):
        word = "converged"
    elif gap > 0.9 and beyond_noise and objective.max() <= start + ROUNDING * abs(start):
        word = "barely moved"
    elif gap > 0.9:
        word = "no gain"
    else:
        word = "descending" if falling else "plateau"
    return word, gap


def _standard_error(third: NDArray, fourth: NDArray) -> float:
    """Of the difference of the means, by the scatter about the straight line through both."""
    both = np.concatenate([third, fourth])
    place = np.arange(len(both))
    scatter = both - np.polyval(np.polyfit(place, both, 1), place)
    variance = np.square(scatter).sum() / (len(both) - 2)
    return float(np.sqrt(variance * (1 / len(third) + 1 / len(fourth))))


def _share_of_rises(step: NDArray, rises: NDArray) -> float:
    """The share of rises among the steps of the second half, or of what is seen of it."""
    first = np.flatnonzero(step <= step[-1] / 2)[-1:]
    since = first[0] if first.size else 0
    steps = step[-1] - step[since]
    return float((rises[-1] - rises[since]) / steps) if steps else 0.0


def in_words(statuses: Sequence[str]) -> str:
    """The statuses of all seeds: "converged", or "no gain 3/5, oscillating 2/5"."""
    counts = Counter(sorted(statuses, key=STATUSES.index)).most_common()
    if len(counts) == 1:
        return statuses[0]
    return ", ".join(f"{word} {count}/{len(statuses)}" for word, count in counts)


def of_most(words: str) -> str:
    """The status that most seeds have, of what `in_words` says."""
    return re.sub(r" \d.*", "", words)
