from pathlib import Path

from descent.stage import Output, program
from descent.store import data as samples
from descent.store import minimiser as store
from descent.theory.minimiser import minimiser_of


def minimise(data: Path, objective: dict, minimiser: Output) -> str:
    """Find the minimiser of an objective.

    objective: the keys that define it: model, model_options, l2 and validation.
    """
    training, data_sha256 = samples.load(data)
    found = minimiser_of(training, **objective)
    store.save(found, {**objective, "data_sha256": data_sha256}, minimiser)
    return f"{sum(p.size for p in found.parameters.values())} parameters"


if __name__ == "__main__":
    program(minimise)
