"""Renders the tables of the documentation from the CSV files next to it, for `make reference`.

A table is between <!-- table NAME --> and <!-- end -->, where NAME is a key of TABLES.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from descent.analysis.best import best, criterion
from descent.store import tables

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """Return a page with its tables filled from the CSV files."""
    return BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]]()}{block[3]}", text)


def read(study: str, table: str) -> pd.DataFrame:
    """Read a table of a study."""
    return tables.read(DOCS / study / f"{table}.csv", [])


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def four_digits(value: float) -> str:
    """Return a number with four significant digits, and nothing for a missing one."""
    return "" if pd.isna(value) else f"{value:.4g}"


def median_and_range(run: pd.Series, metric: str) -> str:
    """Return the median and the range over seeds at the end of a run."""
    median, low, high = (run[f"final_{metric}_{q}"] for q in ("median", "min", "max"))
    return f"{median:.4f} [{low:.4f}, {high:.4f}]"


def final_values(study: str) -> str:
    """Return the final test accuracy and the status of each run of a study."""
    rows = (
        [
            run["optimizer"],
            f"{run['step_size']:g}",
            median_and_range(run, "test_accuracy"),
            run["status"],
        ]
        for _, run in read(study, "summary").iterrows()
    )
    return markdown(["optimizer", "step size", "test accuracy", "status"], rows)


def best_runs(study: str) -> str:
    """Return the final test accuracy of each optimizer at its best step size."""
    summary = read(study, "summary")
    rows = (
        [name, f"{run['step_size']:g}", median_and_range(run, "test_accuracy")]
        for name, run in best(summary).iterrows()
    )
    return markdown(["optimizer", f"best step size by {criterion(summary)}", "test accuracy"], rows)


def by_step_size(study: str, metric: str, optimizers: Mapping[str, str]) -> str:
    """Return a metric with a row for each step size and a column for each optimizer.

    optimizers: {title of the column: name of the optimizer}.
    """
    table = read(study, "summary").set_index(["optimizer", "step_size"])
    step_sizes = table.loc[next(iter(optimizers.values()))].index
    rows = (
        [f"{a:g}", *(median_and_range(table.loc[name, a], metric) for name in optimizers.values())]
        for a in step_sizes
    )
    return markdown(["step size", *optimizers], rows)


def predictions(study: str, quantities: Sequence[str] = ()) -> str:
    """Return predictions, measurements and their ratio, without the columns that are empty."""
    rows = []
    for run in read(study, "predictions").itertuples():
        if not quantities or run.quantity in quantities:
            numbers = run.predicted, run.measured, run.error, run.stable, run.unstable, run.ratio
            predicted, measured, error, stable, unstable, ratio = map(four_digits, numbers)
            if stable:  # a limit is measured to lie between two step sizes
                between = f"{stable} to {unstable}"
                measured, ratio = f"above {stable}" if unstable == "inf" else between, ""
            measured += f" ± {error}" if error else ""
            names = [run.quantity, run.optimizer, four_digits(run.step_size)]
            rows.append([*names, predicted, measured, ratio])
    head = ["quantity", "optimizer", "step size", "predicted", "measured", "ratio"]
    filled = [i for i in range(len(head)) if any(row[i] for row in rows)]
    return markdown([head[i] for i in filled], ([row[i] for i in filled] for row in rows))


def steps_to_target(study: str, penalties: Mapping[str, str], small: Sequence[str]) -> str:
    """Return the local limit of each optimizer, and its steps to the target: at small step sizes,
    and the fewest.

    penalties: {optimizer: its λ}; small: titles of the first step sizes of each optimizer.
    """
    summary, rows = read(study, "summary").set_index("optimizer"), []
    limits = read(study, "predictions").query("quantity == 'limit'").set_index("optimizer")
    for name, penalty in penalties.items():
        steps = summary.loc[name].set_index("step_size")["steps_to_target_median"]
        shown = [*steps.index[: len(small)], steps.idxmin()]
        limit = four_digits(limits["predicted"][name])
        rows.append([penalty, limit, *(f"{_count(steps[a])} at {a:g}" for a in shown)])
    return markdown(["λ", "local limit", *small, "fewest"], rows)


def _count(steps: float) -> str:
    return f"{steps:,.0f}" if np.isfinite(steps) else "not reached"


def range_tests(studies: Mapping[str, str]) -> str:
    """Return the suggestions of range tests, and the best step size of the sweep.

    studies: {title of the row: name of the study}.
    """
    rows = []
    for title, study in studies.items():
        suggested = read(study, "suggestions").drop(columns="seed")
        summary = read(study, "summary")
        found = best(summary[summary["optimizer"] == "sweep"])["step_size"]["sweep"]
        ranges = (
            f"{low:.2g} to {high:.2g}" for low, high in suggested.agg(["min", "max"]).T.values
        )
        rows.append([title, *ranges, f"{found:.3g}"])
    return markdown(["data", "steepest fall", "minimum / 10", "best step size of the sweep"], rows)


def made_by() -> str:
    """Return the commit and the machine that made the figures and tables of docs/."""
    return (DOCS / "made_by.txt").read_text(encoding="utf-8")


def seconds_by_rule() -> str:
    """Return the number of jobs and the seconds of each rule."""
    rows = (
        [run.rule, f"{run.jobs}", f"{run.median:.1f}", f"{run.sum:,.0f}"]
        for run in pd.read_csv(DOCS / "seconds_by_rule.csv").itertuples()
    )
    return markdown(["rule", "jobs", "median, s", "sum, s"], rows)


def benchmark_machine() -> str:
    """Return the machine, the versions and the samples of the benchmark."""
    first = (DOCS / "benchmark.csv").read_text(encoding="utf-8").splitlines()[0]
    return f"{first.removeprefix('# ')}\n"


def benchmark(batch_size: str, seconds: float, unit: str) -> str:
    """Return the time a step of each contender, and its ratio to the first, this project's numba.

    seconds: of one unit.
    """
    table = pd.read_csv(DOCS / "benchmark.csv", comment="#", dtype={"batch_size": str})
    table = table[table["batch_size"] == batch_size].set_index("contender")
    columns = {}
    for (model, seeds), times in table.groupby(["model", "seeds"], sort=False):
        ours = times["median"].iloc[0]
        title = f"{model}, {unit}{f', each of {seeds} seeds' if seeds > 1 else ''}"
        columns[title] = {
            run.Index: "{:.3g} [{:.3g}, {:.3g}]".format(
                *(t / seconds for t in (run.median, run.smallest, run.largest))
            )
            + (f"; {run.median / ours:.1f} ×" if run.median != ours else "")
            for run in times.itertuples()
        }
    contenders = table.index.unique()
    rows = ([name, *(cells.get(name, "–") for cells in columns.values())] for name in contenders)
    return markdown(["", *columns], rows)


TABLES = {
    "made_by": made_by,
    "mnist": lambda: final_values("mnist"),
    "softmax": lambda: final_values("softmax"),
    "linear_regression_distances": lambda: by_step_size(
        "linear_regression",
        "optimum_distance_A",
        {"fixed": "sgd", "averaged": "sgd_average", "cosine": "sgd_cosine"},
    ),
    "neural_network": lambda: final_values("neural_network"),
    "optimizers": lambda: best_runs("optimizers"),
    "batch_size": lambda: best_runs("batch_size"),
    "linear_regression_predictions": lambda: predictions("linear_regression"),
    "softmax_l2_predictions": lambda: predictions("softmax_l2"),
    "large_steps": lambda: steps_to_target(
        "large_steps",
        {"l2_1e2": "0.01", "l2_1e3": "0.001", "l2_1e4": "0.0001", "l2_1e5": "0.00001"},
        ["at 1/L", "at 1.99/L"],
    ),
    "large_steps_0_8": lambda: steps_to_target(
        "large_steps_0_8",
        {"l2_1e2": "0.01", "l2_1e3": "0.001", "l2_1e4": "0.0001"},
        ["at the smallest step size"],
    ),
    "momentum_limits": lambda: predictions("momentum_limits", ["limit"]),
    "momentum_map": lambda: predictions("momentum_map", ["limit"]),
    "schedules": lambda: predictions("schedules", ["step_ratio"]),
    "range_tests": lambda: range_tests(
        {
            "digits, network": "range_test",
            "diabetes, least squares": "range_test_diabetes",
            "MNIST, logistic regression": "range_test_mnist",
        }
    ),
    "seconds_by_rule": seconds_by_rule,
    "benchmark_machine": benchmark_machine,
    "benchmark_single": lambda: benchmark("1", 1e-6, "µs a step"),
    "benchmark_full": lambda: benchmark("full", 1e-3, "ms a step"),
}

if __name__ == "__main__":
    for page in DOCS.glob("*.md"):
        page.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")
