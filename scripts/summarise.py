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
    """Concatenate the traces of a study, summarise them, and compare them with theory.

    study: results/<study>, the folder of the traces; sweep: its runs; theory: the two output files
    of theory.py; headline: output, a text file; keys: the study's keys in config.yaml; best:
    output for --configfile, the study with its best step sizes only; target: the target of the
    count of steps (key `target` of config.yaml).
    """
    seeds = list(sweep.runs()[0][1].seeds)
    trace = tables.read_runs(sweep.files(study, "traces", "csv"), seeds)
    summarised = summary_of(trace, target)
    tables.write(trace, traces)
    tables.write(summarised, summary)
    tables.write(predictions_of(trace, summarised, results.read(*theory)), predictions)
    name = f"{study.name}_best"
    best_keys = yaml.safe_dump({"studies": {name: best_study(keys, summarised)}}, sort_keys=False)
    command = f"# snakemake --cores 1 {name} --configfile {study / 'best.yaml'}\n"
    best.write_text(command + best_keys, encoding="utf-8")
    headline.write_text(headline_of(summarised), encoding="utf-8")
    return f"{len(summarised)} runs, {len(trace)} rows"


if __name__ == "__main__":
    program(summarise)
