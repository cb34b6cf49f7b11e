"""The tables of the documentation, from the CSV files beside it: python docs/render_tables.py

A table stands between <!-- table NAME --> and <!-- end -->, NAME one of TABLES.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def read(study: str, table: str) -> pd.DataFrame:
    """A table of a study, its words as they are."""
    words = dict.fromkeys(("optimizer", "status", "quantity"), str)
    return pd.read_csv(DOCS / study / f"{table}.csv", dtype=words)


def rendered(text: str) -> str:
    """A page with its tables as the CSV files have them."""
    return BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]]()}{block[3]}", text)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def four(value: float) -> str:
    """Four digits; nothing for what is not known."""
    return "" if pd.isna(value) else f"{value:.4g}"


def over_seeds(run: pd.Series, metric: str) -> str:
    """The median and the range over seeds at the end."""
    median, low, high = (run[f"final_{metric}_{q}"] for q in ("median", "min", "max"))
    return f"{median:.4f} [{low:.4f}, {high:.4f}]"


def ends(study: str, metric: str) -> str:
    """How each run of a study ended."""
    rows = (
        [run["optimizer"], f"{run['step_size']:g}", over_seeds(run, metric), run["status"]]
        for _, run in read(study, "summary").iterrows()
    )
    return markdown(["optimizer", "step size", metric.replace("_", " "), "status"], rows)


def by_step_size(study: str, metric: str, optimizers: dict[str, str]) -> str:
    """A metric of some optimizers, by the heads of their columns, a row for each step size."""
    table = read(study, "summary").set_index(["optimizer", "step_size"])
    step_sizes = table.loc[next(iter(optimizers.values()))].index
    rows = (
        [f"{a:g}", *(over_seeds(table.loc[name, a], metric) for name in optimizers.values())]
        for a in step_sizes
    )
    return markdown(["step size", *optimizers], rows)


def predictions(study: str, quantities: Sequence[str] = ()) -> str:
    """What was predicted, what was measured, and their ratio."""
    rows = []
    for run in read(study, "predictions").itertuples():
        if not quantities or run.quantity in quantities:
            numbers = run.predicted, run.measured, run.error, run.stable, run.unstable, run.ratio
            predicted, measured, error, stable, unstable, ratio = map(four, numbers)
            if stable:  # a limit is measured to lie between two step sizes
                between = f"{stable} to {unstable}"
                measured, ratio = f"above {stable}" if unstable == "inf" else between, ""
            measured += f" ± {error}" if error else ""
            names = [run.quantity, run.optimizer, four(run.step_size)]
            rows.append([*names, predicted, measured, ratio])
    head = ["quantity", "optimizer", "step size", "predicted", "measured", "ratio"]
    filled = [i for i in range(len(head)) if any(row[i] for row in rows)]
    return markdown([head[i] for i in filled], ([row[i] for i in filled] for row in rows))


def steps_to_target(study: str, penalties: dict[str, str]) -> str:
    """Steps to the target of each optimizer, by its λ: two small step sizes, and the fastest."""
    summary, rows = read(study, "summary").set_index("optimizer"), []
    for name, l2 in penalties.items():
        steps = summary.loc[name].set_index("step_size")["steps_to_target_median"]
        shown = [*steps.index[:2], steps.idxmin()]
        rows.append([l2, *(f"{_count(steps[a])} at {a:g}" for a in shown)])
    return markdown(["λ", "at 1/L", "at 1.99/L", "fewest"], rows)


def _count(steps: float) -> str:
    return f"{steps:,.0f}" if np.isfinite(steps) else "not reached"


TABLES = {
    "mnist": lambda: ends("mnist", "test_accuracy"),
    "linear_regression_distances": lambda: by_step_size(
        "linear_regression",
        "optimum_distance_A",
        {"fixed": "sgd", "averaged": "sgd_average", "cosine": "sgd_cosine"},
    ),
    "linear_regression_predictions": lambda: predictions("linear_regression"),
    "softmax_l2_predictions": lambda: predictions("softmax_l2"),
    "large_steps": lambda: steps_to_target(
        "large_steps",
        {"l2_1e2": "0.01", "l2_1e3": "0.001", "l2_1e4": "0.0001", "l2_1e5": "0.00001"},
    ),
    "momentum_limits": lambda: predictions("momentum_limits", ["limit"]),
    "momentum_map": lambda: predictions("momentum_map", ["limit"]),
    "schedules": lambda: predictions("schedules", ["step_ratio"]),
}

if __name__ == "__main__":
    for page in DOCS.glob("*.md"):
        page.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")
