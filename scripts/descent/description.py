"""A study in words and as a page: its headline, and its summary as a table that one can sort."""

from html import escape

import numpy as np
import pandas as pd

from descent.best import best_run, chosen_by
from descent.columns import RUN


def headline(summary: pd.DataFrame) -> str:
    """A line for each optimizer: its best step size, and how the larger ones ended."""
    lines = (_line(name, runs) for name, runs in summary.groupby("optimizer", sort=False))
    return "".join(f"- {line}\n" for line in lines)


def _line(optimizer: str, runs: pd.DataFrame) -> str:
    best = best_run(runs)
    if best is None:
        return f"{optimizer}: no step size ends with finite numbers in most seeds."
    metric = "accuracy" if "accuracy" in chosen_by(runs) else "loss"
    low, median, high = (_four(best[f"final_test_{metric}_{q}"]) for q in ("min", "median", "max"))
    over = f" (median of {best['seeds']} seeds, {low} to {high})" if best["seeds"] > 1 else ""
    by = "validation" if "validation" in chosen_by(runs) else "test"
    of = f" does best of {len(runs)} on the {by} samples" if len(runs) > 1 else ""
    larger = runs[runs["step_size"] > best["step_size"]].sort_values("step_size")
    ends = [f"{run.step_size:g} {run.status}" for run in larger.itertuples()]
    best_size = f"step size {best['step_size']:g}{of}"
    said = f"{best_size}, with a final test {metric} of {median}{over}; {best['status']}."
    beyond = f" Larger: {'; '.join(ends[:4])}{'; …' if len(ends) > 4 else ''}." if ends else ""
    return f"{optimizer}: {said}{beyond}"


def page(summary: pd.DataFrame, template: str) -> str:
    """The summary as an HTML page: medians with their ranges, four digits, sorted by a click.

    template: HTML with the places {title}, {head} and {rows}.
    """
    shown = {name: _cells(summary[name]) for name in RUN[3:]}
    for name in summary.filter(regex="^final_.*_median$"):
        of = name.removesuffix("_median")
        ranges = zip(
            *(summary[f"{of}_{q}"].map(_four) for q in ("median", "min", "max")), strict=True
        )
        texts = [f"{m} [{low}, {high}]" if low != high else m for m, low, high in ranges]
        shown[of] = list(zip(texts, summary[name], strict=True))
    further = ("best_test_accuracy", "best_test_accuracy_step", "chosen_by", "gap", "status")
    shown |= {name: _cells(summary[name]) for name in further if name in summary}
    names = (escape(name.replace("_", " ")) for name in shown)
    head = "".join(f"<th><button>{name}</button></th>" for name in names)
    rows = "".join(
        "<tr>" + "".join(_cell(text, value) for text, value in row) + "</tr>\n"
        for row in zip(*shown.values(), strict=True)
    )
    study = summary.iloc[0]
    title = f"{study['study']}: {study['model']} on {study['dataset']}, {study['seeds']} seeds"
    for place, text in {"title": escape(title), "head": head, "rows": rows}.items():
        template = template.replace(f"{{{place}}}", text)
    return template


def _cells(column: pd.Series) -> list[tuple[str, object]]:
    return [(_four(value), value) for value in column]


def _cell(text: str, value: object) -> str:
    number = not isinstance(value, str)
    order = f' data-order="{float(value)!r}" class="number"' if number else ""
    return f"<td{order}>{escape(text)}</td>"


def _four(value: object) -> str:
    """Four digits; words and whole numbers as they are."""
    if isinstance(value, str | int | np.integer):
        return str(value)
    return f"{value:.4f}" if 0.01 <= abs(value) < 10 and value % 1 else f"{value:.4g}"
