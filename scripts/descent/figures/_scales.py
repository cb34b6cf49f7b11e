"""Axes of accuracies, losses, steps and step sizes, and lines at limits of the step size."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatter, MaxNLocator, NullLocator
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from descent.figures._style import spaced
from descent.theory.results import TheoryResults

TENTHS = np.outer(10.0 ** -np.arange(1, 8), [1, 2, 5])
ROUND = np.unique(np.r_[TENTHS.ravel(), 0.3, 0.7, 1 - TENTHS.ravel()])  # accuracies for ticks
APART = 1 / 11  # smallest distance of two tick labels, as a share of the axis
DEEPEST = 1e-12  # lowest value on a logarithmic axis, relative to the largest
# line styles of limits, of which only an upper bound may be known
LIMITS = {"near the minimiser": "--", "near the minimiser, at most": "--", "from anywhere": "-."}


class _Plain(LogFormatter):
    """Format 0.2 as 0.2, not as 2 × 10⁻¹."""

    def _num_to_string(self, x: float, *_: float) -> str:
        return f"{x:g}"


def _write_plain(axis: Axis, low: float, high: float) -> None:
    if 5e-5 <= low < high <= 2e4:
        axis.set_major_formatter(_Plain())
        axis.set_minor_formatter(_Plain(minor_thresholds=(1.5, 0.5)))


def step_size_axis(axes: Axes, step_sizes: ArrayLike, label: str = "step size α") -> None:
    """Make x a logarithmic axis of step sizes."""
    low, high = np.log10(np.min(step_sizes)), np.log10(np.max(step_sizes))
    margin = max(0.1, 0.03 * (high - low))
    axes.set_xscale("log")
    axes.set_xlim(10 ** max(low - margin, -300), 10 ** (high + margin))  # 0 is not on the axis
    _write_plain(axes.xaxis, *axes.get_xlim())
    axes.set_xlabel(label)


def step_axis(axes: Axes, most: float, room: int) -> None:
    """Make x a logarithmic axis of steps, from 0 to `most`, with at most `room` labels."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.6)
    decades = np.arange(int(np.log10(max(most, 1))) + 1)
    every = len(decades) // room + 1
    shown = 10.0 ** decades[every - 1 :: every]
    labels = [f"{x:g}" if x < 1e4 else f"$10^{{{np.log10(x):.0f}}}$" for x in shown]
    axes.set_xticks([0, *shown], ["0", *labels])
    axes.set_xticks(10.0**decades, minor=True)


def value_axis(axes: Axes, low: float, high: float, scale: str = "") -> None:
    """Make y an axis from low to high, logarithmic if they are far apart or `scale` is "log"."""
    if scale == "log" or (not scale and high > 10 * low > 0):
        low = max(low, DEEPEST * high)
        margin = (high / low) ** 0.04 if high > low else 2
        axes.set_yscale("log")
        axes.set_ylim(low / margin, high * margin)
        _write_plain(axes.yaxis, low, high)
    else:
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
        axes.set_ylim(low - margin, high + margin)


def accuracy_range(accuracies: ArrayLike) -> tuple[float, float]:
    """Return the limits of a logit scale of these accuracies.

    On it 98 and 99 % are about as far apart as 80 and 90 %. It does not contain 0 and 100 %, which
    are drawn at its ends.
    """
    accuracies = np.asarray(accuracies, float)
    inside = accuracies[(accuracies > 0) & (accuracies < 1)]
    if not inside.size:
        return 0.1, 0.99
    margin = 0.05 * np.ptp(logit(inside)) or 0.1
    nearest = np.minimum(inside, 1 - inside).min() / 2
    low = nearest if (accuracies == 0).any() else expit(logit(inside.min()) - margin)
    high = 1 - nearest if (accuracies == 1).any() else expit(logit(inside.max()) + margin)
    return float(low), float(high)


def accuracy_ticks(
    axis: Axis, low: float, high: float, ends_at_1: bool = False, apart: float = APART
) -> None:
    """Put round percentages on a logit axis, or colour bar, of accuracies from low to high.

    ends_at_1: whether the upper end of the axis stands for an accuracy of 1
    """
    end = [high] if ends_at_1 else []
    shown = ROUND[(low <= ROUND) & (high >= ROUND)]
    shown = np.r_[end, shown[np.argsort(np.abs(shown - 0.5))]]  # short labels have priority
    shown = shown[spaced((logit(shown) - logit(low)) / (logit(high) - logit(low)), apart)]
    if len(shown) < 3:
        shown = MaxNLocator(4).tick_values(low, high)
        top = high - APART * (high - low) if ends_at_1 else high  # space for the label of the end
        shown = np.r_[shown[(shown >= low) & (shown <= top)], end]
    labelled = np.where(ends_at_1 & (shown == high), 1, shown)
    axis.set_ticks(shown, labels=[f"{100 * share:.8g} %" for share in labelled])
    axis.set_minor_locator(NullLocator())


def accuracy_axis(axes: Axes, accuracies: ArrayLike) -> None:
    """Make y a logit axis of these accuracies, whose ends stand for 0 and 1."""
    low, high = accuracy_range(accuracies)
    axes.set_yscale("logit")
    axes.set_ylim(low, high)
    accuracy_ticks(axes.yaxis, low, high, bool((np.asarray(accuracies) == 1).any()))


def percent(share: float) -> str:
    """Format a share: 0.1 %, 20 %."""
    return f"{100 * share:.3g} %"


def draw_limits(axes: Axes, theory: TheoryResults, optimizer: str, colour: str) -> set[str]:
    """Draw vertical lines at the limits of an optimizer within the axis, and return their names."""
    low, high = axes.get_xlim()
    shown = set()
    for where, limit in theory.limits(optimizer).items():
        if low < limit < high:
            axes.axvline(limit, color=colour, linestyle=LIMITS[where], linewidth=1, zorder=1.5)
            shown.add(where)
    return shown


def name_limits(shown: set[str]) -> list[Line2D]:
    """Return legend handles of limits."""
    return [
        Line2D([], [], color="0.4", linestyle=LIMITS[where], label=f"limit {where}")
        for where in sorted(shown)
    ]


def units_of_bound(axes: Axes, theory: TheoryResults) -> None:
    """Add an axis of α L above a panel, if L is the same for all objectives and known."""
    bounds = {objective.curvature_bound for objective in theory.objectives.values()}
    if len(bounds) == 1 and (bound := bounds.pop()):
        units = (lambda a: a * bound), (lambda units: units / bound)
        above = axes.secondary_xaxis("top", units)
        above.set_xlabel("α L (step size in units of 1/L)")
        if axes.get_xscale() == "log":
            _write_plain(above.xaxis, *(bound * x for x in axes.get_xlim()))
        else:
            above.xaxis.set_major_locator(MaxNLocator(integer=True))
