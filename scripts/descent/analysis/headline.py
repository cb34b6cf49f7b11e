"""A study in words: the best step size of each optimizer, and what larger ones do."""

import pandas as pd

from descent.analysis.best import best, criterion
from descent.analysis.quantiles import FEW, median_and_ends
from descent.analysis.status import majority_status

# what a run does, by the status of most of its seeds
DO = {
    "diverged": "most seeds diverge",
    "oscillating": "most seeds oscillate",
    "plateau": "most seeds stop improving",
    "mixed": "the outcome depends on the seed",
    "descending": "most seeds still descend",
    "converged": "most seeds converge",
}


def headline(summary: pd.DataFrame) -> str:
    """A line for each optimizer: its best step size, and what the largest ones do."""
    chosen, chosen_by, lines = best(summary), criterion(summary), []
    for name, runs in summary.groupby("optimizer", sort=False):
        line = "no step size ends with finite numbers in most seeds."
        if name in chosen.index:
            line = f"{_best(runs, chosen.loc[name], chosen_by)} "
            larger = runs[runs["step_size"] > chosen.loc[name, "step_size"]]
            line += _largest(larger.sort_values("step_size", ascending=False), chosen_by)
        lines.append(f"- {name}: {line}\n")
    return "".join(lines)


def _best(runs: pd.DataFrame, run: pd.Series, chosen_by: str) -> str:
    metric, seeds = f"test {chosen_by.split()[1]}", run["seeds"]
    values = (run[_column(chosen_by, quantile)] for quantile in median_and_ends(seeds))
    median, low, high = (_in_unit(value, metric) for value in values)
    of_seeds = f"over {seeds}" if seeds < FEW else f"in the middle 80 % of {seeds}"
    over = f" ({low.removesuffix(' %')} to {high} {of_seeds} seeds)" if seeds > 1 else ""
    by = " by validation" if chosen_by.startswith("validation") else ""
    of = f"the best of {len(runs)} step sizes{by} is " if len(runs) > 1 else ""
    return f"{of}α = {run['step_size']:g}, with {metric} {median}{over}."


def _largest(runs: pd.DataFrame, chosen_by: str) -> str:
    """What the largest step sizes do, from the first on of which that holds."""
    if runs.empty:
        return "No larger step size was tried."
    statuses = runs["status"].map(majority_status)
    alike = (statuses == statuses.iloc[0]).cummin()
    if statuses.iloc[0] not in ("descending", "converged"):
        return f"From {runs['step_size'][alike].iloc[-1]:g} on, {DO[statuses.iloc[0]]}."
    value = _in_unit(runs[_column(chosen_by, "median")].iloc[0], chosen_by)
    return f"The largest step size, {runs['step_size'].iloc[0]:g}, ends with {value}."


def _column(chosen_by: str, quantile: str) -> str:
    return f"final_test_{chosen_by.split()[1]}_{quantile}"


def _in_unit(value: float, metric: str) -> str:
    return f"{100 * value:.1f} %" if "accuracy" in metric else f"{value:.4g}"
