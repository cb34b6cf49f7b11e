"""What can be chosen by name: the files of a folder of descent."""

from collections.abc import Container
from importlib import import_module
from pathlib import Path
from types import ModuleType

from descent.errors import InputError

DESCENT = Path(__file__).parent
# what a file of each folder defines at least, beside the constants that are declared in ability.py
PROVIDES = {
    "datasets": ("SIZE", "obtain"),
    "models": ("layers", "scores", "losses"),
    "update_rules": ("update",),
    "schedules": ("factor",),
    "engines": ("device", "train"),
    "evaluators": ("device", "means"),
    "figures": ("draw",),
    "pictures": ("show",),
}


def available(kind: str) -> list[str]:
    """Names of the files in descent/<kind>, without those that start with an underscore."""
    return sorted(path.stem for path in (DESCENT / kind).glob("[!_]*.py"))


def plugin(kind: str, name: str) -> ModuleType:
    """The file descent/<kind>/<name>.py, imported; InputError where it is not what it should be."""
    try:
        file = import_module(f"descent.{kind}.{name}")
    except InputError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise InputError(f"{place(kind, name)}: cannot be imported ({why})") from error
    check(kind, name, vars(file))
    return file


def place(kind: str, name: str) -> str:
    """How a message names the file."""
    return f"scripts/descent/{kind}/{name}.py"


def check(kind: str, name: str, defined: Container[str]) -> None:
    """Raise InputError where the file defines less than it should."""
    if missing := [needed for needed in PROVIDES[kind] if needed not in defined]:
        raise InputError(f"{place(kind, name)}: defines no {', no '.join(missing)}")
