"""Evaluate the iterates of a run: losses, accuracies and distances at every evaluated step."""

import argparse
import csv
import json
from pathlib import Path

from descent import data, iterates
from descent.columns import RUN
from descent.errors import InputError
from descent.files import checksum, replacing
from descent.metrics import trace
from descent.plugins import available, plugin
from descent.provenance import computed_by
from pipeline.command import logged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterates", required=True, type=Path, help="npz file of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data that it was trained on")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--optimizer", required=True, help="name of the optimizer in the study")
    parser.add_argument("--evaluator", default="numpy", choices=available("evaluators"))
    parser.add_argument("--trace", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--provenance", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with logged(arguments.log) as note:
        run = iterates.load(arguments.iterates)
        evaluated_on = data.load(arguments.data)
        trained_on = run.provenance["data_sha256"]
        if trained_on != checksum(arguments.data):
            raise InputError(
                f"{arguments.iterates}: was trained on other data than {arguments.data}"
                f" (SHA-256 {trained_on})"
            )
        model = plugin("models", run.provenance["model"])
        evaluator = plugin("evaluators", arguments.evaluator)
        with replacing(arguments.trace) as temporary, temporary.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for suffix, variant in iterates.variants(run).items():
                columns = trace(variant, evaluated_on, model, evaluator)
                named = {**run.provenance, "study": arguments.study}
                named["optimizer"] = arguments.optimizer + suffix
                labels = {column: named[column] for column in RUN}
                if not suffix:
                    writer.writerow([*labels, *columns])
                # tolist gives Python floats, whose repr reads back as the same number
                for row in zip(*(column.tolist() for column in columns.values()), strict=True):
                    writer.writerow([*labels.values(), *row])
        provenance = {
            "iterates_sha256": checksum(arguments.iterates),
            "data_sha256": trained_on,
            **computed_by("evaluators", arguments.evaluator),
        }
        with replacing(arguments.provenance) as temporary:
            temporary.write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
        note(f"{len(run.seed)} seeds, {len(run.step)} evaluated steps")
        note(f"{arguments.evaluator} on {provenance['device']}")


if __name__ == "__main__":
    main()
