from pathlib import Path

from descent.run import OBJECTIVE, Sweep
from descent.stage import Output, program
from descent.store import data as samples
from descent.store import minimiser as store
from descent.theory import results
from descent.theory.study import theory as theory_of


def theory(
    data: Path, sweep: Sweep, minimiser: list[Path], numbers: Output, expected: Output
) -> str:
    """Compute what a study can know before it trains: curvatures, limits, expected suboptimality.

    sweep: its runs; minimiser: the file that minimise.py wrote, or none.
    """
    runs, (loaded, data_sha256), least = sweep.runs(), samples.load(data), {}
    objective = {key: getattr(runs[0][1], key) for key in OBJECTIVE}
    for path in minimiser:
        least = store.load(path, {**objective, "data_sha256": data_sha256})[0].parameters
    found = theory_of(runs, loaded, least)
    results.write(found, numbers, expected)
    return found.why_no_minimiser or "the minimiser is known"


if __name__ == "__main__":
    program(theory)
