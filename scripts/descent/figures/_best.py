"""The best step size of each optimizer, and what it is chosen by."""

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
    """The best row of each optimizer that has one, indexed by optimizer; of equals the first."""
    bad = badness(summary)
    rows = bad.groupby(summary["optimizer"], sort=False).idxmin()
    return summary.loc[rows[np.isfinite(bad[rows]).to_numpy()]].set_index("optimizer")
