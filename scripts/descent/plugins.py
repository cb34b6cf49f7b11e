"""What config.yaml chooses by name: the files of a folder of descent."""

from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any

from descent.errors import InputError

DESCENT = Path(__file__).parent
# the functions that a file of each folder defines at least
PROVIDES = {
    "datasets": ("SIZE", "obtain"),
    "models": ("TASK", "layers", "scores", "losses"),
    "update_rules": ("update",),
    "schedules": ("factor",),
    "engines": ("device", "train"),
    "evaluation": ("device", "means"),
    "figures": ("draw",),
    "explorer": ("show",),
}
# the function whose default arguments are options, and the arguments before them
OPTIONS_OF = {
    "models": ("layers", ["features", "outputs"]),
    "update_rules": ("update", ["p", "g", "step_size"]),
    "schedules": ("factor", ["t", "steps"]),
}


def available(kind: str) -> list[str]:
    """Names of the files in descent/<kind>, without those that start with an underscore."""
    return sorted(path.stem for path in (DESCENT / kind).glob("[!_]*.py"))


def plugin(kind: str, name: str) -> ModuleType:
    """The file descent/<kind>/<name>.py, imported; InputError where it is not what it should be."""
    try:
        module = import_module(f"descent.{kind}.{name}")
    except InputError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise InputError(f"{source_name(kind, name)}: cannot be imported ({why})") from error
    if missing := [needed for needed in PROVIDES[kind] if not hasattr(module, needed)]:
        raise InputError(f"{source_name(kind, name)}: defines no {', no '.join(missing)}")
    return module


def source_name(kind: str, name: str) -> str:
    """How a message names the file."""
    return f"scripts/descent/{kind}/{name}.py"


def options(kind: str, name: str) -> dict[str, Any]:
    """The options of a model, an update rule or a schedule, {name: default}.

    Raises InputError where the function lacks the arguments that every file of the folder takes.
    """
    function, first = OPTIONS_OF[kind]
    update = getattr(plugin(kind, name), function)
    if (found := list(signature(update).parameters))[: len(first)] != first:
        where = f"{source_name(kind, name)}: {function}"
        raise InputError(f"{where}: found ({', '.join(found)}); allowed: ({', '.join(first)}, …)")
    return default_arguments(update)


def default_arguments(function: Callable) -> dict[str, Any]:
    """The arguments of a function that have a default, {name: default}."""
    arguments = signature(function).parameters.values()
    return {a.name: a.default for a in arguments if a.default is not Parameter.empty}


def state_of(update: Callable) -> list[str]:
    """The arrays that an update rule keeps from step to step, by the names of its arguments."""
    given = list(signature(update).parameters)[3:]  # behind p, g and step_size
    return [name for name in given if name != "t" and name not in default_arguments(update)]
