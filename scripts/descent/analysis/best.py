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


def selection_loss(summary: pd.DataFrame) -> pd.Series:
    """What the best has least of: the median of the criterion at the end, inf if not finite."""
    values = summary[f"final_{criterion(summary).replace(' ', '_')}_median"]
    bad = 1 - values if "accuracy" in criterion(summary) else values
    return bad.where(np.isfinite(bad), np.inf)


def best(summary: pd.DataFrame) -> pd.DataFrame:
    """The best row of each optimizer that has one, indexed by optimizer.

    Of equals that with the smallest loss, and then the first.
    """
    samples, _ = criterion(summary).split()
    by = {"bad": selection_loss(summary), "loss": summary[f"final_{samples}_loss_median"]}
    runs = pd.DataFrame({"optimizer": summary["optimizer"], **by})
    ordered = runs[np.isfinite(runs["bad"])].sort_values([*by], kind="stable")
    first = ordered.drop_duplicates("optimizer").index.sort_values()
    return summary.loc[first].set_index("optimizer")


def lowest_between(values: pd.Series) -> float:
    """The step size between those of the grid where values above 0, as of F - F*, are lowest.

    The lowest point of the parabola through the logarithms of the lowest value and of its
    neighbours, against log α; nan where the lowest is the first or the last of the grid.

    values: by step size.
    """
    values = values.sort_index()
    lowest = int(np.where(np.isfinite(values), values, np.inf).argmin())
    near = values.iloc[max(lowest - 1, 0) : lowest + 2]
    if len(near) < 3 or not (np.isfinite(near) & (near > 0)).all():
        return np.nan
    second, first, _ = np.polyfit(np.log(near.index), np.log(near), 2)
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
