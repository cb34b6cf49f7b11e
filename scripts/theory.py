from pathlib import Path

from descent.run import OBJECTIVE, Sweep
from descent.stage import Output, program
from descent.store import data as samples
from descent.store import minimiser as store
from descent.theory import results
from descent.theory.study import theory as theory_of


def theory(
    data: Path, sweep: Sweep, minimisers: list[Path], numbers: Output, expected: Output
) -> str:
    """Compute curvatures, stability limits and expected suboptimality of a study before training.

    sweep: its runs; minimisers: the outputs of minimise.py, named by their λ, or no file.
    """
    runs, (loaded, data_sha256), by_l2 = sweep.runs(), samples.load(data), {}
    objective = {key: getattr(runs[0][1], key) for key in OBJECTIVE}
    for path in minimisers:
        l2 = float(path.stem)
        minimiser, _ = store.load(path, {**objective, "l2": l2, "data_sha256": data_sha256})
        by_l2[l2] = minimiser.parameters
    computed = theory_of(runs, loaded, by_l2)
    results.write(computed, numbers, expected)
    return "\n".join(
        f"λ = {l2}: {objective.why_no_minimiser or 'the minimiser is known'}"
        for l2, objective in computed.objectives.items()
    )


if __name__ == "__main__":
    program(theory)
