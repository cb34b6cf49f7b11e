"""Medians, quantiles, ranges and standard errors over seeds.

In quantiles, a value that is not finite counts as the worst.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

QUANTILES = {"median": 0.5, "q10": 0.1, "q90": 0.9, "min": 0.0, "max": 1.0}  # of a summary
FEW = 10  # with fewer seeds the range is shown: 10 % quantiles would only be interpolations


def quantile(values: ArrayLike, share: float, metric: str) -> NDArray[np.float64]:
    """The quantile over the last axis, with linear interpolation.

    The worst value of an accuracy is the smallest, of other metrics the largest. A quantile that is
    not finite is nan for an accuracy, inf for other metrics.
    """
    values = np.asarray(values, np.float64)
    sign = -1 if "accuracy" in metric else 1  # so that large is bad
    ordered = np.sort(np.where(np.isfinite(values), sign * values, np.inf), axis=-1)
    rank = (share if sign > 0 else 1 - share) * (ordered.shape[-1] - 1)
    low, high = ordered[..., int(np.floor(rank))], ordered[..., int(np.ceil(rank))]
    finite = np.isfinite(high)
    difference = np.subtract(high, low, out=np.zeros_like(low), where=finite)
    return np.where(finite, sign * (low + (rank % 1) * difference), np.nan if sign < 0 else np.inf)


def range_shares(seeds: int) -> tuple[float, float]:
    """The two quantiles shown with the median, for this number of seeds."""
    return (0.0, 1.0) if seeds < FEW else (0.1, 0.9)


def over_seeds(table: pd.DataFrame, by: list[str], metric: str) -> pd.DataFrame:
    """Columns low, median and high of a metric, a row for each value of the columns `by`.

    low, high: the range of fewer than FEW seeds, the 10 % and 90 % quantiles of more.
    """
    by_seed = table.pivot(index=by, columns="seed", values=metric)
    low, high = range_shares(by_seed.shape[1])
    shares = {"low": low, "median": 0.5, "high": high}
    columns = {name: quantile(by_seed, share, metric) for name, share in shares.items()}
    return pd.DataFrame(columns, index=by_seed.index)


def mean_and_error(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean over the last axis, the seeds, and two standard errors, nan with one seed."""
    values = np.asarray(values, np.float64)
    seeds, mean = values.shape[-1], values.mean(-1)
    if seeds == 1:
        return mean, np.full_like(mean, np.nan)
    return mean, 2 * values.std(-1, ddof=1) / np.sqrt(seeds)


def jackknife(estimate: Callable[[pd.DataFrame], float], seeds: pd.DataFrame) -> float:
    """Two standard errors of an estimate from seeds, the columns, by leaving out one seed at a time
    (Tukey 1958); nan with one seed."""
    if seeds.shape[1] == 1:
        return np.nan
    estimates = [estimate(seeds.drop(columns=seed)) for seed in seeds]
    return 2 * float(np.sqrt(len(estimates) - 1) * np.std(estimates))


def range_text(seeds: int, middle: str = "median") -> str:
    """Description of what is shown of this number of seeds: "median and range of 5 seeds"."""
    if seeds == 1:
        return "one seed"
    return f"{middle} and {range_name(seeds)} of {seeds} seeds"


def range_name(seeds: int) -> str:
    """Name of the range shown with the median."""
    return "range" if seeds < FEW else "10-90 %"


def median_and_ends(seeds: int) -> tuple[str, str, str]:
    """The names in a summary (QUANTILES) of the median and the ends of the range."""
    return ("median", "min", "max") if seeds < FEW else ("median", "q10", "q90")
