from pathlib import Path

import yaml

from descent.analysis.best import best_study
from descent.analysis.headline import headline as headline_of
from descent.analysis.predictions import predictions as predictions_of
from descent.analysis.summary import summary as summary_of
from descent.run import Sweep
from descent.stage import Output, program
from descent.store import tables
from descent.theory import results


def summarise(
    study: Path,
    sweep: Sweep,
    theory: list[Path],
    traces: Output,
    summary: Output,
    predictions: Output,
    headline: Output,
    keys: dict,
    best: Output,
    target: float | None = None,
) -> str:
    """Put the traces of a study together, summarise them, and compare them with theory.

    study: results/<study>, which holds the traces; sweep: its runs; theory: the two
    files that theory.py wrote; headline: a text file; keys: of the study in config.yaml; best: the
    study with the best step sizes, a file for --configfile; target: where to count the steps to.
    """
    seeds = list(next(run for _, run in sweep.runs()).seeds)
    of_runs = tables.read_runs(sweep.files(study, "traces", "csv"), seeds)
    summarised = summary_of(of_runs, target)
    tables.write(of_runs, traces)
    tables.write(summarised, summary)
    tables.write(predictions_of(of_runs, summarised, results.read(*theory)), predictions)
    name = f"{study.name}_best"
    best_keys = yaml.safe_dump({"studies": {name: best_study(keys, summarised)}}, sort_keys=False)
    command = f"# snakemake --cores 1 {name} --configfile {study / 'best.yaml'}\n"
    best.write_text(command + best_keys, encoding="utf-8")
    headline.write_text(headline_of(summarised), encoding="utf-8")
    return f"{len(summarised)} runs, {len(of_runs)} rows"


if __name__ == "__main__":
    program(summarise)
