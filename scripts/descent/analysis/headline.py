"""The result of a study in words: the best step size of each optimizer, and the larger ones."""

import numpy as np
import pandas as pd

from descent.analysis.best import best, criterion
from descent.analysis.quantiles import FEW, median_and_ends
from descent.analysis.status import majority_status

# descriptions of the status of most seeds
DO = {
    "diverged": "most seeds diverge",
    "oscillating": "most seeds oscillate",
    "plateau": "most seeds end on a plateau",
    "mixed": "the status depends on the seed",
    "descending": "most seeds still descend",
    "converged": "most seeds converge",
}


def headline(summary: pd.DataFrame) -> str:
    """A line for each optimizer: its best step size, and the results of larger ones."""
    chosen, chosen_by, lines = best(summary), criterion(summary), []
    for name, runs in summary.groupby("optimizer", sort=False):
        line = "no step size ends with finite numbers in most seeds."
        if name in chosen.index:
            larger = runs[runs["step_size"] > chosen.loc[name, "step_size"]]
            line = f"{_best(runs, chosen.loc[name], chosen_by)} "
            line += _larger(larger.sort_values("step_size"), chosen_by)
        lines.append(f"- {name}: {line}\n")
    return "".join(lines)


def _best(runs: pd.DataFrame, run: pd.Series, chosen_by: str) -> str:
    metric, seeds = f"test {chosen_by.split()[1]}", run["seeds"]
    median, low, high = (_value(run, chosen_by, name) for name in median_and_ends(seeds))
    of_seeds = f"over {seeds}" if seeds < FEW else f"in the middle 80 % of {seeds}"
    over = f" ({low.removesuffix(' %')} to {high} {of_seeds} seeds)" if seeds > 1 else ""
    by = " by validation" if chosen_by.startswith("validation") else ""
    of = f"the best of {len(runs)} step sizes{by} is " if len(runs) > 1 else ""
    return f"{of}α = {run['step_size']:g}, with {metric} {median}{over}."


def _larger(runs: pd.DataFrame, chosen_by: str) -> str:
    """The results of the next larger step size and of the largest one."""
    if runs.empty:
        return "No larger step size was tried."

    def result(run: pd.Series) -> str:
        status = majority_status(run["status"])
        of_seeds = DO[status] if run["seeds"] > 1 else status
        unstable = f" ({of_seeds})" if status in ("diverged", "oscillating") else ""
        return f"{run['step_size']:g}, ends with {_value(run, chosen_by, 'median')}{unstable}"

    if len(runs) == 1:
        return f"The only larger step size, {result(runs.iloc[0])}."
    return (
        f"The next larger step size, {result(runs.iloc[0])}; the largest, {result(runs.iloc[-1])}."
    )


def _value(run: pd.Series, chosen_by: str, quantile: str) -> str:
    metric = chosen_by.split()[1]
    value = run[f"final_test_{metric}_{quantile}"]
    if not np.isfinite(value):
        return f"no finite {metric}"
    return f"{100 * value:.1f} %" if metric == "accuracy" else f"{value:.4g}"
