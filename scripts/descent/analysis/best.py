"""The best step size of each optimizer, and the criterion for choosing it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def criterion(summary: pd.DataFrame) -> str:
    """The metric by which step sizes are chosen, such as "validation accuracy".

    It uses the validation samples if some are held out, else the test samples; the accuracy of a
    classifier, the loss of a regression.
    """
    samples = "validation" if "final_validation_loss_median" in summary else "test"
    return f"{samples} {'accuracy' if 'final_test_accuracy_median' in summary else 'loss'}"


def selection_loss(summary: pd.DataFrame) -> pd.Series:
    """The quantity that the best run minimises: the final median loss, or 1 - accuracy; inf if not
    finite."""
    values = summary[f"final_{criterion(summary).replace(' ', '_')}_median"]
    loss = 1 - values if "accuracy" in criterion(summary) else values
    return loss.where(np.isfinite(loss), np.inf)


def best(summary: pd.DataFrame) -> pd.DataFrame:
    """The best row of each optimizer, indexed by optimizer, without optimizers that have none.

    Ties are resolved by the smallest loss, then by order.
    """
    samples, _ = criterion(summary).split()
    by = {"selection": selection_loss(summary), "loss": summary[f"final_{samples}_loss_median"]}
    runs = pd.DataFrame({"optimizer": summary["optimizer"], **by})
    ordered = runs[np.isfinite(runs["selection"])].sort_values([*by], kind="stable")
    first = ordered.drop_duplicates("optimizer").index.sort_values()
    return summary.loc[first].set_index("optimizer")


def lowest_between(values: pd.Series) -> float:
    """Interpolate the step size at which positive values, such as F - F*, are minimal.

    It is the vertex of the parabola through the lowest value and its two neighbours, in log-log
    scale; nan if the lowest value is at an end of the grid.

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
    """The keys of a study with only the best step size of each optimizer, without optimizers that
    have none."""
    chosen = best(summary)["step_size"]
    optimizers = {
        name: {**optimizer, "step_sizes": [float(chosen[name])]}
        for name, optimizer in keys["optimizers"].items()
        if name in chosen
    }
    return {**keys, "optimizers": optimizers}
