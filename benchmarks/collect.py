"""Copies the tables and figures that docs/ shows from results/.

    PYTHONPATH=scripts python benchmarks/collect.py

Run it after `make STUDY=all`, in a clean checkout with nothing else running. It also writes
docs/seconds_by_rule.csv, from the logs, the suggestions.csv of each range test, and
docs/made_by.txt, the commit and the machine; `make reference` then renders the tables of docs/.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
from machine import machine

from descent.analysis.finder import suggestions
from descent.figures.range_test import step_sizes
from descent.store import iterates, tables

ROOT = Path(__file__).parent.parent
DOCS, RESULTS, LOGS = ROOT / "docs", ROOT / "results", ROOT / "logs"


def main() -> None:
    """Copy the files that docs/ has, and write those that are computed from results and logs."""
    for file in DOCS.glob("*/*.png"):
        shutil.copy(RESULTS / file.parent.name / "figures" / file.name, file)
    for file in DOCS.glob("*/*.csv"):
        if file.name == "suggestions.csv":
            tables.write(suggested(file.parent.name), file)
        else:
            shutil.copy(RESULTS / file.parent.name / file.name, file)
    tables.write(seconds_by_rule(), DOCS / "seconds_by_rule.csv")
    changed = git("status", "--porcelain", "--", ".", ":!docs")
    commit = git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
    (DOCS / "made_by.txt").write_text(f"commit {commit}, {machine()}\n", encoding="utf-8")


def git(*arguments: str) -> str:
    """Return what a git command prints."""
    return subprocess.check_output(["git", *arguments], cwd=ROOT, text=True).strip()


def suggested(study: str) -> pd.DataFrame:
    """Return the step sizes that the range test of a study suggests, a row for each seed."""
    traces = tables.read(RESULTS / study / "traces.csv", tables.TRACE)
    finder = traces[traces["optimizer"] == "finder"]
    (file,) = (RESULTS / study / "iterates/finder").iterdir()
    growing = step_sizes(iterates.load(file)[0])[1:]
    seeds = finder.pivot(index="seed", columns="step", values="objective").iloc[:, 1:]
    rows = [
        {"seed": seed, **suggestions(growing, loss.to_numpy())} for seed, loss in seeds.iterrows()
    ]
    return pd.DataFrame(rows)


def seconds_by_rule() -> pd.DataFrame:
    """Return the number of jobs and the seconds of each rule, from the last line of each log."""
    jobs = []
    for log in LOGS.rglob("*.log"):
        if done := re.search(r"done in ([\d.]+) s", log.read_text(encoding="utf-8")):
            jobs.append((log.relative_to(LOGS).parts[0].removesuffix(".log"), float(done[1])))
    seconds = pd.DataFrame(jobs, columns=["rule", "seconds"]).groupby("rule")["seconds"]
    table = seconds.agg(jobs="count", median="median", sum="sum").reset_index()
    return table.sort_values("sum", ascending=False).round(2)


if __name__ == "__main__":
    main()
