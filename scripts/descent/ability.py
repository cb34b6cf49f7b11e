"""Whether an engine can do a run on some data: what the configuration checks before, once more."""

import os

from descent.data import Data
from descent.errors import InputError
from descent.formulas import options
from descent.run import Run, engine, model, update_rule


def check(run: Run, data: Data, engine_name: str) -> None:
    """Raise InputError with what does not fit, and what does."""
    trainer, net, rule = engine(engine_name), model(run.model), update_rule(run.update_rule)
    if not hasattr(net, trainer.NEEDS):
        raise InputError(f"engine {engine_name}: {run.model} lacks {trainer.NEEDS}")
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"
    if trainer.GPU == "required" and trainer.device() == "cpu" and not interpreted:
        raise InputError(f"engine {engine_name}: needs a CUDA device; numba, numpy, torch do not")
    rules = getattr(trainer, "UPDATE_RULES", (run.update_rule,))
    if run.update_rule not in rules:
        found = f"found update rule {run.update_rule}"
        raise InputError(f"engine {engine_name}: {found}; allowed: {', '.join(rules)}")
    if run.average_from is not None:
        if not getattr(trainer, "AVERAGES", True):
            raise InputError(f"engine {engine_name}: cannot average iterates; numpy and torch can")
        if run.average_from >= run.epochs:
            found = f"found {run.average_from}; allowed: an epoch before the last, {run.epochs}"
            raise InputError(f"average_from: {found}")
    for file, function, chosen in (
        (net, net.layers, run.model_options),
        (rule, rule.update, run.update_options),
    ):
        allowed = options(function)
        if unknown := chosen.keys() - allowed.keys():
            name = file.__name__.rpartition(".")[-1]
            allowed = ", ".join(allowed) or "none"
            raise InputError(f"{name}: found option {', '.join(unknown)}; allowed: {allowed}")
    if data.task != net.TASK:
        raise InputError(f"{run.model} is for {net.TASK}; found data for {data.task}")
