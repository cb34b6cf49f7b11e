"""Evaluate the iterates of a run: losses, accuracies and distances at every evaluated step."""

import argparse
import csv
from pathlib import Path

from descent import data, iterates
from descent.errors import InputError
from descent.files import checksum, replacing
from descent.metrics import trace
from descent.run import evaluator, model
from pipeline.command import logged
from pipeline.plugins import available


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterates", required=True, type=Path, help="npz file of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data that it was trained on")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--optimizer", required=True, help="name of the optimizer in the study")
    parser.add_argument("--evaluator", default="numpy", choices=available("evaluators"))
    parser.add_argument("--trace", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with logged(arguments.log) as note:
        run = iterates.load(arguments.iterates)
        evaluated_on = data.load(arguments.data)
        made = run.provenance
        if made["data_sha256"] != checksum(arguments.data):
            raise InputError(
                f"{arguments.iterates}: was trained on other data than {arguments.data}"
                f" (SHA-256 {made['data_sha256']})"
            )
        means = model(made["model"]), evaluator(arguments.evaluator)
        with replacing(arguments.trace) as temporary, temporary.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for suffix, of_variant in iterates.variants(run).items():
                columns = trace(of_variant, evaluated_on, *means)
                labels = {
                    "study": arguments.study,
                    "dataset": made["dataset"],
                    "model": made["model"],
                    "optimizer": arguments.optimizer + suffix,
                    "step_size": made["step_size"],
                }
                if not suffix:
                    writer.writerow([*labels, *columns])
                # tolist gives Python floats, whose repr reads back as the same number
                for row in zip(*(column.tolist() for column in columns.values()), strict=True):
                    writer.writerow([*labels.values(), *row])
        note(f"{len(run.seed)} seeds, {len(run.step)} evaluated steps")


if __name__ == "__main__":
    main()
