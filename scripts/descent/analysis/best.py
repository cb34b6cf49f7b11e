"""The best step size of each optimizer, and what it is chosen by."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def criterion(summary: pd.DataFrame) -> str:
    """What step sizes are chosen by, as in "validation accuracy".

    Of validation samples where some are held out, else of test samples; accuracy where there is
    one, else loss.
    """
    samples = "validation" if "final_validation_loss_median" in summary else "test"
    return f"{samples} {'accuracy' if 'final_test_accuracy_median' in summary else 'loss'}"


def badness(summary: pd.DataFrame) -> pd.Series:
    """What the best has least of: the median of the criterion at the end, inf if not finite."""
    values = summary[f"final_{criterion(summary).replace(' ', '_')}_median"]
    bad = 1 - values if "accuracy" in criterion(summary) else values
    return bad.where(np.isfinite(bad), np.inf)


def best(summary: pd.DataFrame) -> pd.DataFrame:
    """The best row of each optimizer that has one, indexed by optimizer.

    Of equals that with the smallest loss, and then the first.
    """
    samples, _ = criterion(summary).split()
    by = {"bad": badness(summary), "loss": summary[f"final_{samples}_loss_median"]}
    runs = pd.DataFrame({"optimizer": summary["optimizer"], **by})
    ordered = runs[np.isfinite(runs["bad"])].sort_values([*by], kind="stable")
    first = ordered.drop_duplicates("optimizer").index.sort_values()
    return summary.loc[first].set_index("optimizer")


def between_step_sizes(runs: pd.DataFrame, metric: str) -> float:
    """The step size between those of the grid where the median of a metric at the end is lowest.

    The lowest point of the parabola through the logarithms of the lowest median and of its
    neighbours, against log α; nan where the lowest is the first or the last of the grid.

    runs: summary of one optimizer; metric: above 0, as F - F*.
    """
    runs = runs.sort_values("step_size")
    values = runs[f"final_{metric}_median"].to_numpy()
    lowest = np.where(np.isfinite(values), values, np.inf).argmin()
    near = slice(lowest - 1, lowest + 2)
    if not 0 < lowest < len(values) - 1 or not np.isfinite(values[near]).all():
        return np.nan
    x, y = np.log(runs["step_size"].to_numpy()[near]), np.log(values[near])
    second, first, _ = np.polyfit(x, y, 2)
    return float(np.exp(-first / (2 * second)))


def best_study(keys: Mapping[str, Any], summary: pd.DataFrame) -> dict[str, Any]:
    """The keys of a study, each optimizer with its best step size alone; without optimizers that
    have none."""
    chosen = best(summary)["step_size"]
    optimizers = {
        name: {**optimizer, "step_sizes": [float(chosen[name])]}
        for name, optimizer in keys["optimizers"].items()
        if name in chosen
    }
    return {**keys, "optimizers": optimizers}
