"""What the seeds of a run have in common: medians, quantiles and ranges over them.

A value that is not finite is the worst that a seed can have, and counts as that.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

QUANTILES = {"median": 0.5, "q10": 0.1, "q90": 0.9, "min": 0.0, "max": 1.0}  # of a summary
FEW = 10  # seeds; of fewer, quantiles would be interpolations: their range is told instead


def quantile(values: ArrayLike, share: float, of: str) -> NDArray[np.float64]:
    """The quantile over the last axis, between two seeds linearly.

    of: the metric; of an accuracy the smallest value is the worst, of all others the largest. Where
    the quantile is not finite it is nan of an accuracy, inf of others.
    """
    values = np.asarray(values, np.float64)
    sign = -1 if "accuracy" in of else 1  # so that large is bad
    ordered = np.sort(np.where(np.isfinite(values), sign * values, np.inf), axis=-1)
    place = (share if sign > 0 else 1 - share) * (ordered.shape[-1] - 1)
    low, high = ordered[..., int(np.floor(place))], ordered[..., int(np.ceil(place))]
    finite = np.isfinite(high)
    between = np.subtract(high, low, out=np.zeros_like(low), where=finite)
    return np.where(finite, sign * (low + (place % 1) * between), np.nan if sign < 0 else np.inf)


def range_shares(seeds: int) -> tuple[float, float]:
    """The shares whose quantiles are told beside the median of so many seeds."""
    return (0.0, 1.0) if seeds < FEW else (0.1, 0.9)


def over_seeds(table: pd.DataFrame, by: list[str], metric: str) -> pd.DataFrame:
    """Columns low, median and high of a metric, a row for each value of the columns `by`.

    low, high: the range over FEW seeds, the 10 % and 90 % quantiles over more.
    """
    by_seed = table.pivot(index=by, columns="seed", values=metric)
    low, high = range_shares(by_seed.shape[1])
    shares = {"low": low, "median": 0.5, "high": high}
    columns = {name: quantile(by_seed, share, metric) for name, share in shares.items()}
    return pd.DataFrame(columns, index=by_seed.index)


def mean_and_error(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean over the last axis, the seeds, and two of its standard errors, nan of one seed."""
    values = np.asarray(values, np.float64)
    seeds, mean = values.shape[-1], values.mean(-1)
    if seeds == 1:
        return mean, np.full_like(mean, np.nan)
    return mean, 2 * values.std(-1, ddof=1) / np.sqrt(seeds)


def jackknife(estimate: Callable[[pd.DataFrame], float], seeds: pd.DataFrame) -> float:
    """Two standard errors of an estimate from seeds, the columns, by leaving out one after the
    other (Tukey 1958); nan of one seed."""
    if seeds.shape[1] == 1:
        return np.nan
    without = [estimate(seeds.drop(columns=seed)) for seed in seeds]
    return 2 * float(np.sqrt(len(without) - 1) * np.std(without))


def range_text(seeds: int, middle: str = "median") -> str:
    """What is told of so many seeds, in words."""
    if seeds == 1:
        return "one seed"
    return f"{middle} and {range_name(seeds)} of {seeds} seeds"


def range_name(seeds: int) -> str:
    """What is told of so many seeds beside their median."""
    return "range" if seeds < FEW else "10-90 %"


def median_and_ends(seeds: int) -> tuple[str, str, str]:
    """The names in a summary (QUANTILES) of the median and what is told beside it."""
    return ("median", "min", "max") if seeds < FEW else ("median", "q10", "q90")
