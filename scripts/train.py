"""Train one run, all its seeds, and write its iterates."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from descent import data, iterates
from descent.ability import misfits, why_not
from descent.declaration import mistake
from descent.errors import InputError
from descent.plugins import available, plugin
from descent.provenance import computed_by
from descent.schedule import check_step_sizes
from pipeline.arguments import option, parse_run
from pipeline.command import clear_errors, job

EXAMPLE = """example: scripts/train.py --data data/digits.npz --engine numpy --model
softmax_regression --seeds 0 1 2 --batch-size 1 --epochs 5 --evaluate-every 500 --step-size 0.1
--iterates run.npz"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE, allow_abbrev=False)
    parser.add_argument("--data", required=True, type=Path, help="data/<dataset>.npz")
    parser.add_argument("--engine", required=True, choices=available("engines"))
    parser.add_argument("--iterates", required=True, type=Path, help="npz file to write")
    parser.add_argument("--log", type=Path)
    with clear_errors():
        arguments, run = parse_run(parser)

    with job(arguments.log, arguments.iterates) as (note, iterates_file):
        training, data_sha256 = data.load(arguments.data)
        if wrong := misfits(run, training.size):
            raise InputError("\n".join(mistake(option(k), *found) for k, found in wrong.items()))
        if reason := why_not("engines", arguments.engine, [run], training.size):
            raise InputError(f"engine {arguments.engine}: {reason}")
        if run.validation:
            training = training.holding_out(run.validation)
            data.check(training, f"{arguments.data} without those held out")
        engine, steps = plugin("engines", arguments.engine), run.steps(training.size.train)
        check_step_sizes(run, steps)
        note(f"{run}\n{arguments.engine} on {engine.device()}, {steps} steps a seed")
        with _progress(len(run.seeds) * steps, arguments.iterates) as progress:
            trained = engine.train(run, training, progress)
        provenance = {
            "dataset": arguments.data.stem,
            "data_sha256": data_sha256,
            **asdict(run),
            **computed_by("engines", arguments.engine),
        }
        iterates.save(replace(trained, provenance=provenance), iterates_file)


@contextmanager
def _progress(steps: int, iterates: Path) -> Iterator[Callable[[int], object]]:
    """Give what is told of steps that are made: a bar, where a person is watching."""
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    from tqdm import tqdm  # 40 ms, a tenth of a short job

    name = f"{iterates.parent.name} {iterates.stem}"
    with tqdm(total=steps, desc=name, unit="step", unit_scale=True, leave=False) as bar:
        yield bar.update


if __name__ == "__main__":
    main()
