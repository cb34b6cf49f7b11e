import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from descent.errors import InputError
from descent.plugins import plugin
from descent.run import FULL, Run
from descent.stage import Output, program
from descent.store import data as samples
from descent.store import iterates as store
from descent.store.provenance import computed_by


def train(data: Path, run: Run, engine: str, iterates: Output) -> str:
    """Train all seeds of one run and save the iterates.

    data: data/<dataset>.npz; run: its keys (docs/configuration.md); engine: numba, numpy or torch.

    Example: scripts/train.py --data data/digits.npz --engine numpy --iterates run.npz --run
      '{"model": "softmax_regression", "seeds": [0, 1, 2], "batch_size": 1, "epochs": 5,
      "evaluate_every": 500, "step_size": 0.1}'
    """
    training, data_sha256 = samples.load(data)
    if run.validation:
        training = training.without_validation(run.validation)
        samples.check(training, f"{data} without the validation samples")
    n = training.size.train
    if run.batch_size != FULL and run.batch_size > n:
        raise InputError(f"batch_size: found {run.batch_size}; allowed: at most {n}, or {FULL}")
    steps = run.steps(n)
    run.check_schedule(steps)
    with _progress(len(run.seeds) * steps, f"{run.update_rule} {run.label}") as progress:
        trained = plugin("engines", engine).train(run, training, progress)
    provenance = {
        "dataset": data.stem,
        "data_sha256": data_sha256,
        **asdict(run),
        "engine": engine,
        **computed_by("engines", engine),
    }
    store.save(replace(trained, provenance=provenance), iterates)
    return f"{run}\n{engine} on {provenance['device']}, {steps} steps per seed"


@contextmanager
def _progress(steps: int, name: str) -> Iterator[Callable[[int], object]]:
    """Yield a callback for the number of finished steps; on a terminal it moves a progress bar."""
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    from tqdm import tqdm  # the import takes 40 ms, a tenth of a short job

    with tqdm(total=steps, desc=name, unit="step", unit_scale=True, leave=False) as bar:
        yield bar.update


if __name__ == "__main__":
    program(train)
