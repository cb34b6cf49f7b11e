"""Which studies have a theory, and which objectives a minimiser that theory finds."""

from collections.abc import Mapping
from dataclasses import replace

from descent.plugins import plugin
from descent.run import Run
from descent.store.data import Size

# what a theory holds in memory: samples × classes² (0.8 GB in float64), and features² (0.2 GB)
MAX_HESSIAN_NUMBERS, MAX_FEATURES = 10**8, 5000


def nonlinear_scores(run: Run, size: Size) -> str | None:
    """Why the scores of a run's model are not A x + b; None where they are."""
    linear = {"A"} <= run.layers(size.features, size.outputs).keys() <= {"A", "b"}
    return None if linear else f"the scores of {run.model} are not linear in its parameters"


def no_theory(run: Run, size: Size) -> str | None:
    """Why nothing can be computed of a run before it trains; None where it can: scores A x + b."""
    outputs = size.outputs
    if why := nonlinear_scores(run, size):
        return why
    if not hasattr(plugin("models", run.model), "score_hessian"):
        return f"{run.model} is not convex, or has no score_hessian"
    if size.train * outputs**2 > MAX_HESSIAN_NUMBERS:
        return f"{size.train} samples of {outputs} classes are too many"
    return f"{size.features} features are too many" if size.features > MAX_FEATURES else None


def no_minimiser(run: Run, size: Size) -> str | None:
    """Why no minimiser is known; None where there is a closed form, or a convex loss that l2 makes
    strongly convex."""
    model = plugin("models", run.model)
    if unknown := no_theory(run, size):
        return unknown
    if run.l2 or hasattr(model, "optimum"):
        return None
    return f"without l2, the objective of {run.model} may have no minimiser"


def constant_counterpart(run: Run, others: Mapping[str, Run]) -> str | None:
    """The name of the optimizer that differs from a plain run with a schedule in nothing but its
    constant step size; None where there is none, and of a range test."""
    if run.update_rule != "plain" or run.schedule in ("constant", "range_test"):
        return None
    wanted = replace(run, schedule="constant", schedule_options={})
    equal = (name for name, of in others.items() if replace(of, step_size=run.step_size) == wanted)
    return next(equal, None)
