"""One run of a contender in a process of its own, from the start of Python. Prints JSON.

    python benchmarks/start.py SINGLE|FULL_BATCHES CONTENDER DATA FOLDER

One epoch of single steps, or 100 steps on all samples, of softmax_regression. FOLDER is for what is
compiled; STARTED, a variable, tells when the process was started.
"""

import json
import os
import sys
from pathlib import Path
from time import perf_counter

import descent  # noqa: F401  one thread, before NumPy and torch are loaded

# isort: split
import contenders
from problem import Problem, load, timed

from descent.compiled import sources
from descent.run import FULL

STEPS = {1: contenders.EPOCH, FULL: 100}


def main() -> None:
    """Import, load, prepare, make the steps; once more, to tell compilation from steps."""
    _, kind, name, data, folder = sys.argv
    sources.folder = lambda: Path(folder)
    contender = getattr(contenders, kind)[name]
    imports = timed(contender.load)
    _, x, y = load(Path(data))
    problem = Problem("softmax_regression", 1 if kind == "SINGLE" else FULL, x, y)

    start = perf_counter()
    steps = contender(problem)
    prepared = perf_counter()
    made = steps(STEPS[problem.batch_size])
    end = perf_counter()
    took = {"imports": imports, "preparation": prepared - start, "compilation": None}
    took["whole"] = end - float(os.environ["STARTED"])
    around = end - prepared - made.seconds
    if contender.compiles:
        start = perf_counter()
        again = steps(STEPS[problem.batch_size])
        second = perf_counter() - start
        took["compilation"] = max(0, end - prepared - second)
        around = second - again.seconds
    took["preparation"] += around  # an engine of this project prepares when it is called
    print(json.dumps(took))


if __name__ == "__main__":
    main()
