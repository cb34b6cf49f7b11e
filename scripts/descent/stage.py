"""Turns a stage into a program with a command line, a log, one-line errors and atomic outputs.

A stage is a typed function in a file of scripts/. The type of an argument determines its option:

    Path, list[Path]   files or folders to read
    Output             a file to write: the function gets a temporary path, which is renamed to the
                       final one if the function succeeds
    int, str, dict     a number, a string, a JSON object
    Run, Sweep         JSON for the from_json of the class
"""

import json
import os
import socket
import sys
import time
import traceback
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from inspect import Parameter, getdoc, signature
from pathlib import Path
from typing import Any, NewType, get_args, get_origin

from descent.errors import InputError
from descent.store.files import replacing

Output = NewType("Output", Path)

CALL_VARIABLE = "DESCENT_CALL"  # environment variable: host and process ID of the main Snakemake
PARSERS = {Output: Path, dict: json.loads}
METAVARS = {Path: "FILE", Output: "NEW_FILE", int: "NUMBER", str: "NAME"}
LOCKS = Path(".snakemake/locks")


def program(stage: Callable[..., str | None]) -> None:
    """Run a stage with the arguments of the command line and log the string that it returns."""
    values = vars(_parser(stage).parse_args())
    log, started = values.pop("log"), time.perf_counter()
    if log:
        log.unlink(missing_ok=True)
    message = "error: killed"
    try:
        notes = _run(stage, values)
        message = f"{notes or stage.__name__}\ndone in {time.perf_counter() - started:.2f} s"
    except (InputError, OSError, KeyboardInterrupt) as error:
        message = f"error: {_in_one_line(error)}"
        sys.exit(message)
    except BaseException as error:
        message = f"error: {type(error).__name__}: {error}\n{traceback.format_exc()}"
        raise
    finally:
        _write_log(log, message)


def _run(stage: Callable[..., str | None], values: dict[str, Any]) -> str | None:
    """Run a stage with parsed arguments and temporary output files."""
    call = _call_state()
    with ExitStack() as stack:
        for name, kind in _types(stage).items():
            if hasattr(kind, "from_json") and values[name] is not None:
                values[name] = kind.from_json(values[name])
            elif kind is Output:
                values[name] = stack.enter_context(replacing(values[name]))
        notes = stage(**values)
        if call == "ended" or _call_state() != call:
            raise InputError("the Snakemake that started this job has ended: nothing was written")
        return notes


def _parser(stage: Callable) -> ArgumentParser:
    """Return a parser for the arguments of a stage; the example in its docstring ends the help."""
    description, _, example = (getdoc(stage) or "").partition("Example:")
    parser = ArgumentParser(
        description=description,
        epilog=f"example:{example}" if example else None,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--log", type=Path, help="file for the outcome: notes or the error")
    types = _types(stage)
    for name, argument in signature(stage).parameters.items():
        kind, required = types[name], argument.default is Parameter.empty
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=str if hasattr(kind, "from_json") else PARSERS.get(kind, kind),
            required=required,
            default=None if required else argument.default,
            nargs="*" if get_origin(argument.annotation) is list else None,
            metavar=METAVARS.get(kind, "JSON"),
        )
    return parser


def _types(stage: Callable) -> dict[str, Any]:
    """Return the type of each argument: T for the annotations T, list[T] and T | None."""
    annotations = {p.name: p.annotation for p in signature(stage).parameters.values()}
    return {name: (get_args(kind) or (kind,))[0] for name, kind in annotations.items()}


def _call_state() -> object:
    """Return a value that changes when the Snakemake call that started this job ends.

    A job that outlives its call must not write next to the jobs of the next call. On the host of
    the call the value says whether its process is alive; on other hosts it lists the locks of the
    folder with their times. It is None if Snakemake did not start the job.
    """
    host, _, process = os.environ.get(CALL_VARIABLE, "").partition(" ")
    if not process:
        return None
    if host != socket.gethostname():
        return {lock.name: lock.stat().st_mtime_ns for lock in LOCKS.glob("*")}
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return "ended"
    except PermissionError:  # the process is alive and belongs to another user
        pass
    return "alive"


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _write_log(log: Path | None, message: str) -> None:
    if log:
        with suppress(OSError):  # a job must not fail because its log cannot be written
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(f"{message}\n", encoding="utf-8")


def failure(log: Path) -> str | None:
    """Return the error in the log of a job; None if there is no log or the job succeeded."""
    if not log.exists():
        return None
    first, *_ = log.read_text(encoding="utf-8").splitlines() or [""]
    return first.removeprefix("error: ") if first.startswith("error: ") else None
