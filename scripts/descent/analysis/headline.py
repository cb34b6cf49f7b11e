"""A study in words: the best step size of each optimizer, and how the larger ones ended."""

import numpy as np
import pandas as pd

from descent.analysis.best import best, criterion
from descent.analysis.quantiles import median_and_ends, range_name


def headline(summary: pd.DataFrame) -> str:
    """A line for each optimizer: its best step size, and how the larger ones ended."""
    chosen = best(summary)
    lines = [
        _line(runs, chosen.loc[name], criterion(summary))
        if name in chosen.index
        else "no step size ends with finite numbers in most seeds."
        for name, runs in summary.groupby("optimizer", sort=False)
    ]
    names = summary["optimizer"].unique()
    return "".join(f"- {name}: {line}\n" for name, line in zip(names, lines, strict=True))


def _line(runs: pd.DataFrame, best_run: pd.Series, chosen_by: str) -> str:
    samples, metric = chosen_by.split()
    size, seeds = best_run["step_size"], best_run["seeds"]
    of = f" does best of {len(runs)} on the {samples} samples" if len(runs) > 1 else ""
    of_seeds = (best_run[f"final_test_{metric}_{q}"] for q in median_and_ends(seeds))
    median, low, high = map(_four, of_seeds)
    over = f" (median of {seeds} seeds, {range_name(seeds)} {low} to {high})" if seeds > 1 else ""
    ended = f"with a final test {metric} of {median}{over}; {best_run['status']}."
    larger = runs[runs["step_size"] > size].sort_values("step_size")
    ends = [f"{run.step_size:g} {run.status}" for run in larger.itertuples()]
    beyond = f" Larger: {'; '.join(ends[:4])}{'; …' if len(ends) > 4 else ''}." if ends else ""
    return f"step size {size:g}{of}, {ended}{beyond}"


def _four(value: object) -> str:
    """Four digits; words and whole numbers as they are."""
    if isinstance(value, str | int | np.integer):
        return str(value)
    return f"{value:.4f}" if 0.01 <= abs(value) < 10 and value % 1 else f"{value:.4g}"
