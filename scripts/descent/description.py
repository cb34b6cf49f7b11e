"""A study in words and as a page: its headline, and its summary as a table that one can sort."""

from html import escape

import numpy as np
import pandas as pd

from descent.best import best, criterion
from descent.columns import RUN
from descent.seeds import median_and_ends, range_name, range_text


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


def page(summary: pd.DataFrame, template: str) -> str:
    """The summary as an HTML page: medians with what is told beside them, four digits, sorted by a
    click.

    template: HTML with the places {title}, {head} and {rows}.
    """
    study = summary.iloc[0]
    quantiles = median_and_ends(study["seeds"])
    shown = {name: _cells(summary[name]) for name in RUN[3:]}
    for name in summary.filter(regex="^final_.*_median$"):
        of = name.removesuffix("_median")
        ranges = zip(*(summary[f"{of}_{q}"].map(_four) for q in quantiles), strict=True)
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
    title = (
        f"{study['study']}: {study['model']} on {study['dataset']}, {range_text(study['seeds'])}"
    )
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
