"""Axes of accuracies, of losses and of step sizes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogFormatter, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from descent.theory.known import Known

TENTHS = np.r_[1, 2, 5] / np.array([[1e6], [1e5], [1e4], [1e3], [1e2], [10]])
SHARES = np.unique(np.r_[TENTHS.ravel(), 0.3, 0.7, 1 - TENTHS.ravel()])  # of round percents
APART = 1 / 11  # of an axis: labels are not closer
LIMITS = {"limit near the minimiser": "--", "limit from anywhere": "-."}
LINE = {"linewidth": 1, "zorder": 1.5}


class _Plain(LogFormatter):
    """Numbers beside a logarithmic axis as a person writes them."""

    def _num_to_string(self, x: float, *_: float) -> str:
        return f"{x:g}"


def plain(axis: Axis, low: float, high: float) -> None:
    """0.2 and not 2 × 10⁻¹ beside a logarithmic axis, where that is short."""
    if 5e-5 <= low < high <= 2e4:
        axis.set_major_formatter(_Plain())
        axis.set_minor_formatter(_Plain(minor_thresholds=(1.5, 0.5)))


def count_axis(axes: Axes, most: float, room: int) -> None:
    """A logarithmic axis of numbers of steps, from 0 to `most`, with at most `room` labels."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.6)
    decades = np.arange(int(np.log10(max(most, 1))) + 1)
    every = len(decades) // room + 1
    shown = 10.0 ** decades[(every - 1) :: every]
    labels = [f"{x:g}" if x < 1e4 else f"$10^{{{np.log10(x):.0f}}}$" for x in shown]
    axes.set_xticks([0, *shown], ["0", *labels])
    axes.xaxis.set_minor_locator(FixedLocator(10.0**decades))


def value_axis(axes: Axes, low: float, high: float, scale: str = "") -> None:
    """An axis that holds values from low to high, logarithmic where they are far apart."""
    if scale == "log" or (not scale and high > 10 * low > 0):
        margin = (high / low) ** 0.04 if high > low else 2
        axes.set_yscale("log")
        axes.set_ylim(low / margin, high * margin)
        plain(axes.yaxis, low, high)
    else:
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
        axes.set_ylim(low - margin, high + margin)


def step_size_axis(axes: Axes, step_sizes: ArrayLike) -> None:
    """A logarithmic axis of step sizes."""
    low, high = np.log10(np.min(step_sizes)), np.log10(np.max(step_sizes))
    margin = max(0.1, 0.03 * (high - low))
    axes.set_xscale("log")
    axes.set_xlim(10 ** max(low - margin, -300), 10 ** (high + margin))  # 0 is on no such axis
    plain(axes.xaxis, *axes.get_xlim())
    if high - low > 1.5:
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("step size α")


def accuracy_range(accuracies: ArrayLike) -> tuple[float, float]:
    """What an axis of these accuracies shows.

    It is straight in the logarithm of the odds, where 98 and 99 % are as far apart as 80 and 90 %;
    0 and 100 % are not on it, and stand at its edge, a bit farther than what comes nearest.
    """
    accuracies = np.asarray(accuracies, float)
    shares = accuracies[np.isfinite(accuracies)]
    inside = shares[(shares > 0) & (shares < 1)]
    if not inside.size:
        return 0.1, 0.99
    margin = 0.05 * np.ptp(logit(inside)) or 0.1
    nearest = np.minimum(inside, 1 - inside).min() / 2
    low = nearest if (shares == 0).any() else expit(logit(inside.min()) - margin)
    high = 1 - nearest if (shares == 1).any() else expit(logit(inside.max()) + margin)
    return float(low), float(high)


def accuracy_ticks(axis: Axis, low: float, high: float, whole: bool, apart: float = APART) -> None:
    """Round percents on an axis, or a bar, of accuracies; whole: whether its end stands for 1."""
    place = (logit(SHARES) - logit(low)) / (logit(high) - logit(low))
    ticks: list[float] = [high] if whole else []
    taken: list[float] = [1.0] if whole else []
    for i in np.argsort(np.abs(SHARES - 0.5)):  # what is written shorter comes first
        if 0 <= place[i] <= 1 and all(abs(place[i] - other) > apart for other in taken):
            ticks.append(SHARES[i])
            taken.append(place[i])
    if len(ticks) < 3:
        inside: NDArray = MaxNLocator(4).tick_values(low, high)
        ticks = [*inside[(inside >= low) & (inside <= high)]]
    axis.set_major_locator(FixedLocator(sorted(ticks)))
    axis.set_minor_locator(FixedLocator([]))
    axis.set_major_formatter(
        lambda share, _: f"{100 * (1.0 if whole and share == high else share):.8g} %"
    )


def accuracy_axis(axes: Axes, accuracies: ArrayLike) -> None:
    """An axis that holds these accuracies; values to draw are clipped to its limits."""
    low, high = accuracy_range(accuracies)
    axes.set_yscale("logit")
    axes.set_ylim(low, high)
    accuracy_ticks(axes.yaxis, low, high, bool((np.asarray(accuracies) == 1).any()))


def percent(share: float) -> str:
    """As a person writes it: 0.1 %, 20 %."""
    return f"{100 * share:.3g} %"


def draw_limits(axes: Axes, known: Known, optimizer: str, colour: str) -> set[str]:
    """The limits of an optimizer that are on the axis, as vertical lines; their names."""
    low, high = axes.get_xlim()
    shown = set()
    for where, limit in known.limits(optimizer).items():
        if low < limit < high:
            name = f"limit {where}"
            axes.axvline(limit, color=colour, linestyle=LIMITS[name], **LINE)
            bound = where == "near the minimiser" and known.is_upper_bound(optimizer)
            shown.add(f"{name}, at most" if bound else name)
    return shown


def name_limits(shown: set[str]) -> list[Line2D]:
    """The lines of a legend."""
    return [
        Line2D([], [], color="0.4", linestyle=LIMITS[name.removesuffix(", at most")], label=name)
        for name in sorted(shown)
    ]


def units_of_bound(axes: Axes, known: Known) -> None:
    """Step sizes in units of 1/L above a panel, where L is known."""
    if twice := known.numbers["limits"]["gd_global"]:  # 2/L
        above = axes.secondary_xaxis(
            "top", (lambda a: 2 * a / twice, lambda units: units * twice / 2)
        )
        above.set_xlabel("in units of 1/L")
        above.tick_params(labelsize=8)
