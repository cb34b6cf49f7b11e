from pathlib import Path

from descent.stage import Output, program
from descent.store import data as samples
from descent.store.files import save_npz
from descent.theory.minimiser import minimiser_of


def minimise(data: Path, objective: dict, minimiser: Output) -> str:
    """Find the minimiser of the objective of a study, before it trains.

    objective: the keys of its runs that decide it, model, model_options, l2 and validation.
    """
    found = minimiser_of(samples.load(data)[0], **objective)
    save_npz(minimiser, found)
    return f"{sum(p.size for p in found.values())} parameters"


if __name__ == "__main__":
    program(minimise)
