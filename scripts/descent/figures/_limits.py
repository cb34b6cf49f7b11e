"""The limits of the step size, as vertical lines."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from descent.theory.known import Known

LIMITS = {"limit near the minimiser": "--", "limit from anywhere": "-."}
LINE = {"linewidth": 1, "zorder": 1.5}


def draw_limits(axes: Axes, known: Known, optimizer: str, colour: str) -> set[str]:
    """The limits of an optimizer that are on the axis; which of LIMITS these are."""
    low, high = axes.get_xlim()
    limits = {f"limit {where}": limit for where, limit in known.limits(optimizer).items()}
    shown = {name: limit for name, limit in limits.items() if low < limit < high}
    for name, limit in shown.items():
        axes.axvline(limit, color=colour, linestyle=LIMITS[name], **LINE)
    return set(shown)


def units_of_bound(axes: Axes, known: Known) -> None:
    """Step sizes in units of 1/L above a panel, where L is known."""
    if twice := known.numbers["limits"]["gd_global"]:  # 2/L
        above = axes.secondary_xaxis(
            "top", (lambda a: 2 * a / twice, lambda units: units * twice / 2)
        )
        above.set_xlabel("in units of 1/L")
        above.tick_params(labelsize=8)


def named_limits(shown: set[str]) -> list[Line2D]:
    """The lines of a legend."""
    return [
        Line2D([], [], color="0.4", linestyle=style, label=name, **LINE)
        for name, style in LIMITS.items()
        if name in shown
    ]
