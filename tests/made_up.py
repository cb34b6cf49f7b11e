"""Tables of made-up studies, whose runs are not trained."""

from functools import cache

import numpy as np
import pandas as pd

from descent.analysis.summary import summary
from descent.theory.results import EXPECTED, ObjectiveTheory, OptimizerTheory, TheoryResults

NAMED = {"study": "made_up", "dataset": "d", "model": "m", "engine": "e"}
BATCH_SIZES = {"gd": "full", "mini": "32"}  # by optimizer, else 1


def study(
    optimizers: dict[str, list[float]], seeds: int = 3, diverges: float = 100
) -> pd.DataFrame:
    """Traces of nine steps, two per epoch, which end in nan if the step size is >= `diverges`."""
    random, runs, step = np.random.default_rng(0), [], np.arange(9)
    for optimizer, step_sizes in optimizers.items():
        for step_size in step_sizes:
            for seed in range(seeds):
                start = 0.9 + 0.05 * random.normal(size=9)
                accuracy = 1 - np.exp(-min(step_size, 10) * step) * start
                loss = 1 - accuracy
                columns = {"seed": seed, "step": step, "epoch": step / 2}
                columns |= dict.fromkeys(("objective", "train_loss", "test_loss"), loss)
                columns |= dict.fromkeys(("train_accuracy", "test_accuracy"), accuracy)
                columns |= {"gradient_norm": loss / 2, "distance_A": 8.0 - step}
                columns |= {"distance_b": (8.0 - step) / 10, "optimum_distance_A": 9.0 - step}
                run = pd.DataFrame(columns)
                run["rises"] = step // 3 if optimizer == "gd" else np.nan
                if step_size >= diverges:
                    run.loc[4:, ["objective", "test_loss", *run.filter(like="distance")]] = np.nan
                batch_size = BATCH_SIZES.get(optimizer, "1")
                named = {"optimizer": optimizer, "step_size": step_size, "batch_size": batch_size}
                runs.append(run.assign(**named))
    return pd.concat(runs, ignore_index=True).assign(**NAMED)


def batch_sizes(step_sizes: list[float], seeds: int = 3) -> pd.DataFrame:
    """Runs with batches of 1, 32 and all 70 samples."""
    traces = study(dict.fromkeys(["gd", "sgd", "mini"], step_sizes), seeds)
    steps_per_epoch = traces["optimizer"].map({"sgd": 70, "mini": 3, "gd": 1})
    return traces.assign(epoch=traces["step"] / steps_per_epoch)


def validated(traces: pd.DataFrame) -> pd.DataFrame:
    """Traces with a validation accuracy that is highest for small step sizes."""
    accuracy = 1 / (1 + traces["step_size"])
    return traces.assign(validation_accuracy=accuracy, validation_loss=1 - accuracy)


LIMITS = {  # by batch size
    "1": {"limit": 0.3},
    "32": {"limit": 1.2},
    "full": {"limit": 2.0, "limit_from_anywhere": 0.5},
}
NOTHING = TheoryResults({"0.0": ObjectiveTheory("it is made up")})


def theory_of(traces: pd.DataFrame) -> TheoryResults:
    """A theory of a study, with the expected suboptimality of runs below their limits."""
    sizes = traces.groupby("optimizer", sort=False)["batch_size"].first()
    runs = []
    for (optimizer, step_size), run in traces.groupby(["optimizer", "step_size"], sort=False):
        full, step = sizes[optimizer] == "full", np.unique(run["step"])
        if step_size < LIMITS[sizes[optimizer]]["limit"]:
            rows = pd.DataFrame({"step": step, "from_start": np.exp(-step_size * step)})
            rows["from_noise"] = np.nan if full else step_size * (1 + step / 100)
            runs.append(rows.assign(optimizer=optimizer, step_size=step_size)[EXPECTED])
    return TheoryResults(
        {"0.0": ObjectiveTheory(minimum=0.1, curvature_bound=4.0, noise_trace=3.0)},
        {
            name: OptimizerTheory("plain", True, 0.0, size, **LIMITS[size])
            for name, size in sizes.items()
        },
        pd.concat(runs, ignore_index=True) if runs else NOTHING.expected,
    )


STUDIES = {
    "two optimizers": study({"sgd": [0.001, 0.1, 1], "gd": [1, 10, 100]}),
    "one run": study({"sgd": [0.1]}, seeds=1),
    "absurd step sizes": study({"sgd": [5e-324, 1e-300, 1, 9.9e99]}),
    "all diverged": batch_sizes([100, 1000], seeds=2).assign(test_accuracy=np.nan),
    "validation, thirty seeds": validated(batch_sizes([0.1, 1, 100], seeds=30)),
}


@cache
def summary_of(name: str) -> pd.DataFrame:
    return summary(STUDIES[name])
