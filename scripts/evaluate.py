"""Evaluate the iterates of a run: losses, accuracies and distances at every evaluated step."""

import argparse
import csv
import json
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from descent import data, iterates
from descent.columns import RUN
from descent.errors import InputError
from descent.files import AGAIN, checksum, load_npz
from descent.metrics import trace
from descent.plugins import available, plugin
from descent.provenance import computed_by, record
from descent.run import FULL
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterates", required=True, type=Path, help="npz file of a run")
    parser.add_argument("--data", required=True, type=Path, help="the data that it was trained on")
    parser.add_argument("--minimiser", type=Path, help="npz file that minimise.py wrote")
    parser.add_argument(
        "--curvature-samples", type=int, default=0, help="that measure the curvature of a path"
    )
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
        minimiser, sums = {}, {}
        if arguments.minimiser:
            minimiser, sums[arguments.minimiser] = load_npz(arguments.minimiser, set())
        model = plugin("models", run.provenance["model"])
        evaluator = plugin("evaluators", arguments.evaluator)
        with trace_file.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for suffix, variant in iterates.variants(run).items():
                columns = trace(variant, evaluated_on, model, evaluator, minimiser)
                if arguments.curvature_samples:
                    columns |= _curvature(variant, evaluated_on, model, arguments.curvature_samples)
                named = {**run.provenance, "study": arguments.study}
                named["optimizer"] = arguments.optimizer + suffix
                labels = {column: named[column] for column in RUN}
                if not suffix:
                    writer.writerow([*labels, *columns])
                # tolist gives Python floats, whose repr reads back as the same number
                for row in zip(*(column.tolist() for column in columns.values()), strict=True):
                    writer.writerow([*labels.values(), *row])
        computed = computed_by("evaluators", arguments.evaluator)
        sums |= {
            arguments.iterates: iterates_sha256,
            arguments.data: data_sha256,
            arguments.trace: checksum(trace_file),
        }
        record(record_file, sums, **computed, trained=run.provenance)
        note(f"{len(run.seed)} seeds, {len(run.step)} evaluated steps")
        note(f"{arguments.evaluator} on {computed['device']}")


def _curvature(
    run: iterates.Iterates, samples: data.Data, model: ModuleType, count: int
) -> dict[str, NDArray]:
    """The curvature at every evaluated step of a full batch, and its error; nan of batches."""
    if run.provenance["batch_size"] != FULL or run.rises is None:
        nothing = np.full(len(run.seed) * len(run.step), np.nan)
        return {"curvature": nothing, "curvature_error": nothing}
    # by name: what measures no curvature does without torch
    path = import_module("descent.theory.path")
    training = samples.holding_out(run.provenance["validation"])
    x = training.inputs(training.x_train[:count], "float64")
    y = training.targets(training.y_train[:count], "float64")
    found = [
        path.curvature(
            model, {n: p[i] for n, p in run.parameters.items()}, x, y, run.provenance["l2"]
        )
        for i in range(len(run.seed))
    ]
    value, error = map(np.concatenate, zip(*found, strict=True))
    return {"curvature": value, "curvature_error": error}


if __name__ == "__main__":
    main()
