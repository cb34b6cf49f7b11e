"""Axes of accuracies, of losses, of steps and of step sizes; and the limits of the step size."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatter, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from descent.theory.results import TheoryResults

TENTHS = np.outer(10.0 ** -np.arange(1, 8), [1, 2, 5])
SHARES = np.unique(np.r_[TENTHS.ravel(), 0.3, 0.7, 1 - TENTHS.ravel()])  # of round percents
APART = 1 / 11  # of an axis: labels are not closer
DEEPEST = 1e-12  # of the largest value: no logarithmic axis reaches lower
LIMITS = {"near the minimiser": "--", "from anywhere": "-."}


class _Plain(LogFormatter):
    """Numbers beside a logarithmic axis as a person writes them."""

    def _num_to_string(self, x: float, *_: float) -> str:
        return f"{x:g}"


def _write_plain(axis: Axis, low: float, high: float) -> None:
    """0.2 and not 2 × 10⁻¹ beside a logarithmic axis, where that is short."""
    if 5e-5 <= low < high <= 2e4:
        axis.set_major_formatter(_Plain())
        axis.set_minor_formatter(_Plain(minor_thresholds=(1.5, 0.5)))


def step_size_axis(axes: Axes, step_sizes: ArrayLike, label: str = "step size α") -> None:
    """A logarithmic axis of step sizes."""
    low, high = np.log10(np.min(step_sizes)), np.log10(np.max(step_sizes))
    margin = max(0.1, 0.03 * (high - low))
    axes.set_xscale("log")
    axes.set_xlim(10 ** max(low - margin, -300), 10 ** (high + margin))  # 0 is on no such axis
    _write_plain(axes.xaxis, *axes.get_xlim())
    if high - low > 1.5:
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label)


def step_axis(axes: Axes, most: float, room: int) -> None:
    """A logarithmic axis of numbers of steps, from 0 to `most`, with at most `room` labels."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.6)
    decades = np.arange(int(np.log10(max(most, 1))) + 1)
    every = len(decades) // room + 1
    shown = 10.0 ** decades[every - 1 :: every]
    labels = [f"{x:g}" if x < 1e4 else f"$10^{{{np.log10(x):.0f}}}$" for x in shown]
    axes.set_xticks([0, *shown], ["0", *labels])
    axes.set_xticks(10.0**decades, minor=True)


def value_axis(axes: Axes, low: float, high: float, scale: str = "") -> None:
    """An axis that holds values from low to high, logarithmic where they are far apart."""
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
    """What a scale of these accuracies shows, which is straight in the logarithm of the odds: 98
    and 99 % are as far apart as 80 and 90 %. 0 and 100 % are not on it, and stand at its ends."""
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
    axis: Axis, low: float, high: float, whole: bool = False, apart: float = APART
) -> None:
    """Round percents on an axis, or a bar, of accuracies; whole: whether its end stands for 1."""
    place = (logit(SHARES) - logit(low)) / (logit(high) - logit(low))
    ticks = {1.0: high} if whole else {}  # by their places
    for i in np.argsort(np.abs(SHARES - 0.5)):  # what is written shorter comes first
        if 0 <= place[i] <= 1 and all(abs(place[i] - other) > apart for other in ticks):
            ticks[place[i]] = SHARES[i]
    shown = np.array([*ticks.values()])
    if len(shown) < 3:
        shown = MaxNLocator(4).tick_values(low, high)
        end = low + (1 - APART) * (high - low) if whole else high  # room for the label of the end
        shown = np.r_[shown[(shown >= low) & (shown <= end)], [high] if whole else []]
    written = np.where(whole & (shown == high), 1, shown)
    axis.set_ticks(shown, labels=[f"{100 * share:.8g} %" for share in written])
    axis.set_minor_locator(NullLocator())


def accuracy_axis(axes: Axes, accuracies: ArrayLike) -> None:
    """An axis that holds these accuracies; what is drawn on it is clipped to its limits."""
    low, high = accuracy_range(accuracies)
    axes.set_yscale("logit")
    axes.set_ylim(low, high)
    accuracy_ticks(axes.yaxis, low, high, bool((np.asarray(accuracies) == 1).any()))


def percent(share: float) -> str:
    """As a person writes it: 0.1 %, 20 %."""
    return f"{100 * share:.3g} %"


def draw_limits(axes: Axes, theory: TheoryResults, optimizer: str, colour: str) -> set[str]:
    """The limits of an optimizer that are on the axis, as vertical lines; their names."""
    low, high = axes.get_xlim()
    shown = set()
    for where, limit in theory.limits(optimizer).items():
        if low < limit < high:
            axes.axvline(limit, color=colour, linestyle=_dashes(where), linewidth=1, zorder=1.5)
            shown.add(where)
    return shown


def name_limits(shown: set[str]) -> list[Line2D]:
    """The lines of a legend."""
    return [
        Line2D([], [], color="0.4", linestyle=_dashes(where), label=f"limit {where}")
        for where in sorted(shown)
    ]


def _dashes(where: str) -> str:
    """How a limit is drawn, which may be an upper bound."""
    return LIMITS[where.removesuffix(", at most")]


def units_of_bound(axes: Axes, theory: TheoryResults) -> None:
    """Step sizes in units of 1/L above a panel, where L is known."""
    bounds = {objective.curvature_bound for objective in theory.objectives.values()}
    if len(bounds) == 1 and (bound := bounds.pop()):
        units = (lambda a: a * bound), (lambda units: units / bound)
        above = axes.secondary_xaxis("top", units)
        above.set_xlabel("in units of 1/L")
        above.tick_params(labelsize=8)
