"""The command line of a run: its keys as options, to parse and to write."""

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from descent.declaration import read, schema, words
from descent.errors import InputError
from descent.run import CHOICES, Run, options_of, with_options_of


def parse_run(parser: ArgumentParser, line: Sequence[str] | None = None) -> tuple[Namespace, Run]:
    """Parse a command line that has, besides the options of the parser, the keys of a run.

    Raises InputError with a line for every key that is wrong.
    """
    chosen = ArgumentParser(add_help=False, allow_abbrev=False)
    for name in CHOICES:
        chosen.add_argument(option(name), default=SUPPRESS)
    choices = vars(chosen.parse_known_args(line)[0])
    structure = with_options_of(Run, choices)

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
    keys_of_no_run = [w[2:].partition("=")[0] for w in unknown if w.startswith("--") and w[2:]]
    if unknown and not keys_of_no_run:
        raise InputError(f"the run: found {' '.join(unknown)}; allowed: options and their values")
    values |= {name.replace("-", "_"): None for name in keys_of_no_run}
    mistakes: list[str] = []
    right = read(structure, values, "the run", mistakes, lambda _, name: option(name))
    if mistakes:
        raise InputError("\n".join(mistakes))
    right |= chosen_options(right)
    return arguments, Run(**{name: right[name] for name in schema(Run)["properties"]})


def chosen_options(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The keys of a run for the options of what it chooses, {key: {option: value}}."""
    return {
        of_it: {option: values[option] for option in options_of(kind, values[choice])}
        for choice, (kind, of_it) in CHOICES.items()
    }


def command_line(run: Run) -> list[str]:
    """The options that `parse_run` reads as this run, quoted for a shell.

    Keys that have their default are left out; options of what the run chooses are not.
    """
    keys = schema(Run)["properties"]
    values = {
        name: getattr(run, name)
        for name, allowed in keys.items()
        if allowed.get("type") != "object" and getattr(run, name) != allowed.get("default", ...)
    }
    for _, of_it in CHOICES.values():
        values |= getattr(run, of_it)
    line = []
    for name, value in values.items():
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
    except (ValueError, RecursionError):
        return text
