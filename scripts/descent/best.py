"""The best step size of an optimizer, and by what it was chosen."""

import numpy as np
import pandas as pd


def chosen_by(summary: pd.DataFrame) -> str:
    """The column by whose median one chooses: of the validation samples where some are held out.

    The largest final accuracy, or, of a regression, the smallest final loss.
    """
    columns = [
        f"final_{part}_{metric}_median"
        for part in ("validation", "test")
        for metric in ("accuracy", "loss")
    ]
    return next(column for column in columns if column in summary)


def best_run(runs: pd.DataFrame) -> pd.Series | None:
    """The row of the best step size among the rows of an optimizer; None if none ends finite.

    Of equal ones the smallest step size.
    """
    column = chosen_by(runs)
    ranked = runs.sort_values("step_size", kind="stable")
    values = ranked[column].where(np.isfinite(ranked[column])).dropna()
    if values.empty:
        return None
    return runs.loc[values.idxmax() if "accuracy" in column else values.idxmin()]
