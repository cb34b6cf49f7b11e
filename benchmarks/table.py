"""docs/benchmark.json as Markdown.

python benchmarks/table.py docs/benchmark.json > docs/benchmark.md
"""

import json
import sys
from pathlib import Path

from contenders import OURS

INSIDE = """\
All descend from zeros. Samples are prepared and code is compiled before the clock starts. It
runs from drawing the epoch's order of all 60,000 samples, by the same function for everybody,
until the final parameters are there. Contenders slower than some 8 µs make the first 6,000
steps of that order. This project's time includes its snapshots after 1, 2, 4, … steps and, of
full batches, the objective of each step, which nobody else computes. scikit-learn draws its
samples itself, and sag and saga choose the step size. Before they are timed, all but
scikit-learn have to give the parameters that the NumPy engine makes of 4,000 samples. A
measurement of full batches is 4 steps, of this project's numba 40, of BCSR 1."""
TOGETHER = """\
One epoch each with different step sizes. The peers' runs share one order of samples; this
project's runs are seeds, each with an order that it draws, one after another. A measurement is
an epoch of this project and, of R of the peers' runs, 60,000 / R steps but at least 960."""
STARTS = """\
One process each, from its start to the final parameters of softmax_regression, with imports and
the reading of the data, in seconds: cold, with nothing compiled before, and, where something
compiles, warm, with what the first process kept (kernels of this project, JAX's persistent
cache, torch inductor's). Preparation brings the stored samples into the contender's form; the
other columns are of the cold process. One measurement each."""


def table(results: dict) -> str:
    """The results in Markdown."""
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    single, sweep, full = (results[f"{kind}_s"] for kind in ("single", "sweep", "full"))
    lines = [
        "# Speed, side by side",
        "",
        f"Made by `make benchmark`. {results['machine']}; {versions}. One core for all, contenders"
        f" in turn; samples: {results['samples']}; median [smallest, largest] of"
        f" {results['repeats']} repeats.",
        "",
        *INSIDE.splitlines(),
        "",
    ]
    for model, times in single.items():
        lines.append(f"- Batch size 1, {model}: {_best_peer(times, 1e6, 'µs a step')}")
    rates = {f"{name}, {_runs(runs)}": t for runs, of in sweep.items() for name, t in of.items()}
    lines.append(f"- Batch size 1, many runs: {_best_peer(rates, 1e6, 'µs a run and step')}")
    for model, of in full.items():
        for runs, times in of.items():
            lines.append(
                f"- Full batch, {model}, {_runs(runs)}: {_best_peer(times, 1e3, _ms(runs))}"
            )

    for model, times in single.items():
        lines += _section(f"Batch size 1, {model}: µs a step", times, 1e6)
    lines += ["", "## Batch size 1, many runs together, softmax_regression: µs a run and step"]
    lines += ["", *TOGETHER.splitlines(), ""]
    lines += head("", *map(_runs, sweep))
    for name in next(iter(sweep.values())):
        lines.append(row(name, *(spread(times[name], 1e6) for times in sweep.values())))
    for model, of in full.items():
        for runs, times in of.items():
            lines += _section(f"Full batch, {model}, {_runs(runs)}: {_ms(runs)}", times, 1e3)

    lines += ["", "## A run in a fresh process", "", *STARTS.splitlines()]
    for title, which in [
        ("an epoch with batch size 1", "SINGLE"),
        ("100 full batches", "FULL_BATCHES"),
    ]:
        columns = ("imports", "preparation", "compilation", "whole run, cold", "warm")
        lines += ["", *head(title, *columns, "peak memory, MB")]
        for name, took in results["start"][which].items():
            keys = ("imports", "preparation", "compilation", "whole", "whole_warm")
            seconds = (took[key] for key in keys)
            cells = ("–" if each is None else f"{each:.2f}" for each in seconds)
            lines.append(row(name, *cells, f"{took['peak_mb']:.0f}"))
    if job := results["training_job"]:
        lines += [
            "",
            f"A training job of five seeds on MNIST takes {job['peak_mb']:.0f} MB at its peak;"
            f" loading the data alone takes {job['peak_mb_of_loading_the_data']:.0f} MB.",
        ]
    return "\n".join([*lines, ""])


def _section(title: str, times: dict, unit: float) -> list[str]:
    """A table, fastest first."""
    ours = times[OURS]["median"]
    lines = ["", f"## {title}", "", *head("", "time", "times this project's")]
    for name, t in sorted(times.items(), key=lambda named: named[1]["median"]):
        lines.append(row(name, spread(t, unit), f"{t['median'] / ours:.3g}"))
    return lines


def _best_peer(times: dict, unit: float, what: str) -> str:
    """The fastest contender that is not of this project, beside the fastest that is."""
    fastest = sorted(times, key=lambda name: times[name]["median"])
    peer = next(name for name in fastest if not name.startswith("this project"))
    own = next(name for name in fastest if name.startswith("this project"))
    ratio = times[peer]["median"] / times[own]["median"]
    return (
        f"the best peer, {peer}, takes {times[peer]['median'] * unit:.3g} {what}, {own},"
        f" {times[own]['median'] * unit:.3g}: **{ratio:.1f} times** less."
    )


def _runs(count: str) -> str:
    return "one run" if count == "1" else f"{count} runs together"


def _ms(runs: str) -> str:
    return "ms a step" if runs == "1" else "ms a step and run"


def spread(t: dict, unit: float) -> str:
    """Median, and smallest and largest in brackets."""
    median, smallest, largest = (t[key] * unit for key in ("median", "smallest", "largest"))
    return f"{median:.3g} [{smallest:.3g}, {largest:.3g}]"


def head(*columns: str) -> list[str]:
    """The names of the columns of a table."""
    return [row(*columns), row(*("---" for _ in columns))]


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), end="")
