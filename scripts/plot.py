from pathlib import Path

from descent.figures import FIGURES, drawing
from descent.figures._style import save
from descent.plugins import plugin
from descent.run import Sweep
from descent.stage import Output, program
from descent.store import data as samples
from descent.store import tables
from descent.store.iterates import StoredRuns
from descent.theory import results


def plot(
    figure: str,
    study: Path,
    sweep: Sweep,
    traces: Path,
    summary: Path,
    theory: list[Path],
    data: Path,
    png: Output,
    pdf: Output,
) -> None:
    """Draw a figure of a study.

    study: results/<study>, the folder of the iterates; sweep: its runs; theory: the two output
    files of theory.py.
    """
    table = tables.read(traces, tables.TRACE)
    inputs = [table, tables.read(summary, tables.SUMMARY)]
    if FIGURES[figure].reads == "iterates":
        runs = StoredRuns(sweep.files(study, "iterates", "npz"))
        inputs += [runs, samples.load(data)[0], plugin("models", table["model"][0])]
    if FIGURES[figure].reads == "theory":
        inputs.append(results.read(*theory))
    drawn = drawing(figure)(*inputs)
    save(drawn, png)
    save(drawn, pdf)


if __name__ == "__main__":
    program(plot)
