"""Models, datasets, update rules and other files that config.yaml selects by name."""

from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any

from descent.errors import InputError

DESCENT = Path(__file__).parent
# names that every file of a folder must define
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
# {folder: (function whose default arguments are options, its leading arguments)}
OPTIONS_OF = {
    "models": ("layers", ["features", "outputs"]),
    "update_rules": ("update", ["p", "g", "step_size"]),
    "schedules": ("factor", ["t", "steps"]),
}


def available(kind: str) -> list[str]:
    """Return the names of the files in descent/<kind>, without those that start with _."""
    return sorted(path.stem for path in (DESCENT / kind).glob("[!_]*.py"))


def plugin(kind: str, name: str) -> ModuleType:
    """Import descent/<kind>/<name>.py.

    Raises InputError if the import fails or the file lacks one of the names in PROVIDES.
    """
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
    """Return the path of the file, for messages."""
    return f"scripts/descent/{kind}/{name}.py"


def options(kind: str, name: str) -> dict[str, Any]:
    """Return the options of a model, an update rule or a schedule, {name: default}.

    Raises InputError if the function lacks the leading arguments that its kind requires.
    """
    function_name, leading = OPTIONS_OF[kind]
    function = getattr(plugin(kind, name), function_name)
    if (found := list(signature(function).parameters))[: len(leading)] != leading:
        where = f"{source_name(kind, name)}: {function_name}"
        raise InputError(f"{where}: found ({', '.join(found)}); allowed: ({', '.join(leading)}, …)")
    return default_arguments(function)


def default_arguments(function: Callable) -> dict[str, Any]:
    """Return the arguments that have a default, {name: default}."""
    arguments = signature(function).parameters.values()
    return {a.name: a.default for a in arguments if a.default is not Parameter.empty}


def state_of(update: Callable) -> list[str]:
    """Return the names of the state arrays of an update rule, which are arguments of `update`."""
    names = list(signature(update).parameters)[3:]  # after p, g and step_size
    return [name for name in names if name != "t" and name not in default_arguments(update)]
