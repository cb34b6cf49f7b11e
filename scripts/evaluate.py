"""Evaluate the iterates of a run: losses, accuracies and distances at every evaluated step."""

import argparse
import csv
import json
from pathlib import Path

from descent import data, iterates
from descent.columns import RUN
from descent.errors import InputError
from descent.files import AGAIN, checksum
from descent.metrics import trace
from descent.plugins import available, plugin
from descent.provenance import computed_by, record
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterates", required=True, type=Path, help="npz file of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data that it was trained on")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--optimizer", required=True, help="name of the optimizer in the study")
    parser.add_argument("--evaluator", default="numpy", choices=available("evaluators"))
    parser.add_argument("--run", type=json.loads, default={}, help="what to expect of it, as JSON")
    parser.add_argument("--trace", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.trace, arguments.record
    with job(arguments.log, *outputs) as (note, trace_file, record_file):
        run, iterates_sha256 = iterates.load(arguments.iterates)
        evaluated_on, data_sha256 = data.load(arguments.data)
        trained = f"{arguments.iterates}: was trained"
        for key, value in arguments.run.items():
            if (found := run.provenance.get(key)) != value:
                raise InputError(f"{trained} with {key} {found}, not {value}{AGAIN}")
        if run.provenance["data_sha256"] != data_sha256:
            raise InputError(f"{trained} on other data than {arguments.data}{AGAIN}")
        model = plugin("models", run.provenance["model"])
        evaluator = plugin("evaluators", arguments.evaluator)
        with trace_file.open("w", newline="") as file:
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
        computed = computed_by("evaluators", arguments.evaluator)
        sums = {
            arguments.iterates: iterates_sha256,
            arguments.data: data_sha256,
            arguments.trace: checksum(trace_file),
        }
        record(record_file, sums, **computed)
        note(f"{len(run.seed)} seeds, {len(run.step)} evaluated steps")
        note(f"{arguments.evaluator} on {computed['device']}")


if __name__ == "__main__":
    main()
