"""The studies that have a theory, and the objectives whose minimiser theory can compute."""

from collections.abc import Mapping
from dataclasses import replace

from descent.plugins import plugin
from descent.run import Run
from descent.store.data import Size

# limits of memory: arrays of samples × classes² (0.8 GB in float64) and features² (0.2 GB)
MAX_HESSIAN_NUMBERS, MAX_FEATURES = 10**8, 5000


def nonlinear_scores(run: Run, size: Size) -> str | None:
    """The reason if the scores of a run's model are not A x + b, else None."""
    linear = {"A"} <= run.layers(size.features, size.outputs).keys() <= {"A", "b"}
    return None if linear else f"the scores of {run.model} are not linear in its parameters"


def no_theory(run: Run, size: Size) -> str | None:
    """The reason why theory computes nothing for a run, else None."""
    outputs = size.outputs
    if why := nonlinear_scores(run, size):
        return why
    if not hasattr(plugin("models", run.model), "score_hessian"):
        return f"the loss of {run.model} is not known to be convex"
    if size.train * outputs**2 > MAX_HESSIAN_NUMBERS:
        return f"{size.train} samples of {outputs} classes are too many for theory"
    if size.features > MAX_FEATURES:
        return f"{size.features} features are too many for theory; allowed: {MAX_FEATURES}"
    return None


def no_minimiser(run: Run, size: Size) -> str | None:
    """The reason why no minimiser is known, else None: the model has a closed form, or l2 makes its
    objective strongly convex."""
    if why := no_theory(run, size):
        return why
    if run.l2 or hasattr(plugin("models", run.model), "optimum"):
        return None
    return f"without l2, the objective of {run.model} may have no minimiser"


def constant_counterpart(run: Run, others: Mapping[str, Run]) -> str | None:
    """The name of the optimizer that differs from a plain run with a schedule only by its constant
    step size, or None; None for a range test."""
    if run.update_rule != "plain" or run.schedule in ("constant", "range_test"):
        return None
    wanted = replace(run, schedule="constant", schedule_options={})
    equal = (name for name, r in others.items() if replace(r, step_size=run.step_size) == wanted)
    return next(equal, None)
