"""The command line of a run: its keys as options, to parse and to write."""

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from shlex import quote
from typing import Any

from descent.declaration import read, schema, with_options, words
from descent.errors import InputError
from descent.plugins import available
from descent.run import Run, model_options, part, update_options


def parse_run(parser: ArgumentParser, line: Sequence[str] | None = None) -> tuple[Namespace, Run]:
    """Parse a command line that has, besides the options of the parser, the keys of a run.

    Raises InputError with a line for every key that is wrong.
    """
    chosen = ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--model")
    chosen.add_argument("--update-rule", default="plain")
    names, _ = chosen.parse_known_args(line)
    of_model = model_options(names.model) if names.model in available("models") else {}
    rules = available("update_rules")
    of_rule = update_options(names.update_rule) if names.update_rule in rules else {}
    structure = with_options(Run, *of_model.items(), *of_rule.items())

    group = parser.add_argument_group("the run")
    keys = {n: k for n, k in schema(structure)["properties"].items() if k.get("type") != "object"}
    for name, allowed in keys.items():
        default = f"; default {allowed['default']}" if allowed.get("default") else ""
        group.add_argument(
            option(name),
            nargs="+" if allowed.get("type") == "array" else None,
            default=SUPPRESS,
            metavar=name.upper(),
            help=f"{allowed['description']}: {words(allowed)}{default}",
        )
    arguments, unknown = parser.parse_known_args(line)
    values = {name: _typed(getattr(arguments, name)) for name in keys if name in arguments}
    values |= {word[2:].replace("-", "_"): None for word in unknown if word.startswith("--")}
    mistakes: list[str] = []
    right = read(structure, values, "the run", mistakes, lambda _, name: option(name))
    if mistakes:
        raise InputError("\n".join(mistakes))
    options = {
        "model_options": {name: right.pop(name) for name in of_model},
        "update_options": {name: right.pop(name) for name in of_rule},
    }
    return arguments, Run(**right | options)


def command_line(run: Run) -> list[str]:
    """The options that `parse_run` reads as this run, quoted for a shell; defaults are left out."""
    keys = schema(Run)["properties"]
    values = part(Run, run) | dict(run.model_options) | dict(run.update_options)
    line = []
    for name, value in values.items():
        if name in ("model_options", "update_options"):
            continue
        if name in keys and value == keys[name].get("default", ...):
            continue
        several = value if isinstance(value, tuple) else [value]
        line += [option(name), *(v if isinstance(v, str) else json.dumps(v) for v in several)]
    return [quote(word) for word in line]


def option(name: str) -> str:
    """A key on the command line: batch_size is --batch-size."""
    return f"--{name.replace('_', '-')}"


def _typed(text: Any) -> Any:
    """Words as config.yaml would give them: numbers, true and false; others stay."""
    if isinstance(text, list):
        return [_typed(word) for word in text]
    try:
        return json.loads(text)
    except ValueError:
        return text
