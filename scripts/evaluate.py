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
    """Evaluate the iterates of a run: losses, accuracies and distances at every evaluated step.

    run, engine: what the iterates must have been trained with; minimiser: the file that minimise.py
    wrote, or none; curvature_samples: how many training samples measure the curvature along the
    path of a full batch, 0 for none; record: a JSON file that says what computed the trace.
    """
    trained, iterates_sha256 = store.load(iterates)
    evaluated_on, data_sha256 = samples.load(data)
    expected = {"data_sha256": data_sha256, **({"engine": engine} if engine else {})}
    if run:
        expected |= asdict(run) | {"seeds": list(run.seeds)}
    for key, value in expected.items():
        if (found := trained.provenance.get(key)) != value:
            raise InputError(f"{iterates}: was trained with {key} {found}, not {value}{DELETE_IT}")
    least, sha256 = None, {"iterates": iterates_sha256, "data": data_sha256}
    objective = {key: trained.provenance[key] for key in (*OBJECTIVE, "data_sha256")}
    for path in minimiser:
        least, sha256["minimiser"] = minimiser_file.load(path, objective)
    model = plugin("models", trained.provenance["model"])
    means = plugin("evaluation", evaluator)
    with trace.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for suffix, variant in store.variants(trained).items():
            columns = trace_of(variant, evaluated_on, model, means, least)
            if curvature_samples:  # by name: what measures no curvature does without torch
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
