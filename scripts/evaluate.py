import csv
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from descent.errors import InputError
from descent.evaluation.trace import trace as trace_of
from descent.plugins import plugin
from descent.run import OBJECTIVE, Run
from descent.stage import Output, program
from descent.store import data as samples
from descent.store import iterates as store
from descent.store import minimiser as minimiser_file
from descent.store import provenance
from descent.store.files import DELETE_IT, checksum
from descent.store.provenance import computed_by
from descent.store.tables import RUN


def evaluate(
    iterates: Path,
    data: Path,
    study: str,
    optimizer: str,
    evaluator: str,
    trace: Output,
    record: Output,
    run: Run | None = None,
    engine: str | None = None,
    minimiser: list[Path] = (),
    curvature_samples: int = 0,
) -> str:
    """Compute losses, accuracies and distances at every evaluated step of a run.

    run, engine: the run and the engine that the iterates must come from, if given; minimiser: the
    output of minimise.py, or no file; curvature_samples: number of training samples for the
    curvature along a full-batch path, 0 for no curvature; record: JSON file for the provenance of
    the trace.
    """
    trained, iterates_sha256 = store.load(iterates)
    evaluated_on, data_sha256 = samples.load(data)
    expected = {"data_sha256": data_sha256, **({"engine": engine} if engine else {})}
    if run:
        expected |= asdict(run) | {"seeds": list(run.seeds)}
    for key, value in expected.items():
        if (found := trained.provenance.get(key)) != value:
            raise InputError(f"{iterates}: was trained with {key} {found}, not {value}{DELETE_IT}")
    optimum, sha256 = None, {"iterates": iterates_sha256, "data": data_sha256}
    objective = {key: trained.provenance[key] for key in (*OBJECTIVE, "data_sha256")}
    for path in minimiser:
        optimum, sha256["minimiser"] = minimiser_file.load(path, objective)
    model = plugin("models", trained.provenance["model"])
    means = plugin("evaluation", evaluator)
    with trace.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for suffix, variant in store.variants(trained).items():
            columns = trace_of(variant, evaluated_on, model, means, optimum)
            if curvature_samples:  # imported late, since it imports torch
                curvature = import_module("descent.evaluation.curvature")
                columns |= curvature.columns(variant, evaluated_on, model, curvature_samples)
            named = {**trained.provenance, "study": study, "optimizer": optimizer + suffix}
            labels = {column: named[column] for column in RUN}
            if not suffix:
                writer.writerow([*labels, *columns])
            # tolist gives Python floats, whose repr reads back as the same number
            for row in zip(*(column.tolist() for column in columns.values()), strict=True):
                writer.writerow([*labels.values(), *row])
    computed = {"evaluator": evaluator, **computed_by("evaluation", evaluator)}
    provenance.write(
        record, sha256 | {"trace": checksum(trace)}, **computed, trained=trained.provenance
    )
    evaluated = f"{len(trained.seed)} seeds, {len(trained.step)} evaluated steps"
    return f"{evaluated}\n{evaluator} on {computed['device']}"


if __name__ == "__main__":
    program(evaluate)
