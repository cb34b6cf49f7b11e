from pathlib import Path

from descent.run import Sweep
from descent.stage import Output, program
from descent.store import data as samples
from descent.store.files import load_npz
from descent.theory import results
from descent.theory.study import theory as theory_of


def theory(
    data: Path, sweep: Sweep, minimiser: list[Path], numbers: Output, expected: Output
) -> str:
    """Compute what a study can know before it trains: curvatures, limits, expected suboptimality.

    sweep: its runs; minimiser: the file that minimise.py wrote, or none.
    """
    least = {name: p for path in minimiser for name, p in load_npz(path, set())[0].items()}
    found = theory_of(sweep.runs(), samples.load(data)[0], least)
    results.write(found, numbers, expected)
    return found.why_no_minimiser or "the minimiser is known"


if __name__ == "__main__":
    program(theory)
