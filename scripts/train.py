"""Train one run, all its seeds, and write its iterates."""

import argparse
import json
from dataclasses import asdict, fields, replace
from pathlib import Path

from tqdm import tqdm

from descent import data, iterates
from descent.ability import check
from descent.files import checksum
from descent.run import FULL, Run, engine
from descent.schedule import SCHEDULES
from pipeline.command import logged
from pipeline.plugins import available


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="data/<dataset>.npz")
    parser.add_argument("--model", required=True, choices=available("models"))
    parser.add_argument("--engine", required=True, choices=available("engines"))
    parser.add_argument("--update-rule", default="plain", choices=available("update_rules"))
    parser.add_argument("--step-size", required=True, type=float)
    parser.add_argument("--batch-size", required=True, type=batch_size, help="samples, or full")
    parser.add_argument("--epochs", required=True, type=int)
    parser.add_argument("--evaluate-every", required=True, type=int, help="steps")
    parser.add_argument("--seeds", required=True, type=int, nargs="+")
    parser.add_argument("--l2", default=0.0, type=float, help="λ of the objective")
    parser.add_argument("--initial", default="uniform", choices=("uniform", "zeros"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--model-option", **OPTION, help="one of the model's OPTIONS")
    parser.add_argument("--update-option", **OPTION, help="one of the update rule's OPTIONS")
    parser.add_argument("--schedule", default="constant", choices=SCHEDULES)
    parser.add_argument("--average-from", type=int, metavar="EPOCH", help="average iterates after")
    parser.add_argument("--iterates", required=True, type=Path, help="npz file to write")
    parser.add_argument("--log", type=Path)
    return parser


def run_of(arguments: argparse.Namespace) -> Run:
    """What the command line says to train."""
    options = {
        "model_options": dict(arguments.model_option),
        "update_options": dict(arguments.update_option),
        "seeds": tuple(arguments.seeds),
    }
    own = {field.name for field in fields(Run)} - options.keys()
    return Run(**options, **{name: getattr(arguments, name) for name in own})


def main() -> None:
    arguments = parser().parse_args()
    with logged(arguments.log) as note:
        run = run_of(arguments)
        training = data.load(arguments.data)
        samples = len(training.x_train)
        trainer = engine(arguments.engine)
        check(run, training, arguments.engine)
        note(f"{run}\n{arguments.engine} on {trainer.device()}, {run.steps(samples)} steps a seed")
        with _progress_bar(len(run.seeds) * run.steps(samples), arguments.iterates) as bar:
            made = trainer.train(run, training, bar.update)
        provenance = {
            "dataset": arguments.data.stem,
            "data_sha256": checksum(arguments.data),
            **asdict(run),
            "engine": arguments.engine,
            "device": trainer.device(),
            "versions": trainer.versions(),
        }
        iterates.save(replace(made, provenance=provenance), arguments.iterates)


def option(text: str) -> tuple[str, int | float | bool]:
    """A name and a value, as hidden=64."""
    name, _, value = text.partition("=")
    return name, json.loads(value)


OPTION = {"action": "append", "default": [], "type": option, "metavar": "NAME=VALUE"}


def batch_size(text: str) -> int | str:
    """A number, or full."""
    return text if text == FULL else int(text)


def _progress_bar(steps: int, iterates: Path) -> tqdm:
    """A bar where a person is watching; none where stderr is no terminal (disable=None)."""
    name = f"{iterates.parent.name} {iterates.stem}"
    return tqdm(total=steps, desc=name, unit="step", unit_scale=True, disable=None)


if __name__ == "__main__":
    main()
