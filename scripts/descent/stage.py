"""Around every stage of the pipeline: a command line, a log, one-line errors and whole files.

A stage is a typed function of a file of scripts/. Its arguments are the options of the program:

    Path, list[Path]   files and folders to read
    Output             a file to write: the function gets a temporary name, which takes the final
                       one when the function has ended well
    int, str, dict     a number, a word, a JSON object
    Run, Sweep         whatever has a from_json
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

CALL_VARIABLE = "DESCENT_CALL"  # host and process of the call of Snakemake, for its jobs
PARSERS = {Output: Path, dict: json.loads}
METAVARS = {Path: "FILE", Output: "NEW_FILE", int: "NUMBER", str: "NAME"}
LOCKS = Path(".snakemake/locks")


def program(stage: Callable[..., str | None]) -> None:
    """Run a stage with the arguments of the command line. What it returns goes into the log."""
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
    """Parse what is JSON, and run a stage on temporary files."""
    call = _call()
    with ExitStack() as stack:
        for name, kind in _kinds(stage).items():
            if hasattr(kind, "from_json") and values[name] is not None:
                values[name] = kind.from_json(values[name])
            elif kind is Output:
                values[name] = stack.enter_context(replacing(values[name]))
        notes = stage(**values)
        if call == "over" or _call() != call:
            raise InputError("the Snakemake that started this job is gone: nothing is written")
        return notes


def _parser(stage: Callable) -> ArgumentParser:
    """The options of a program, by the signature of its stage; help ends with its example."""
    description, _, example = (getdoc(stage) or "").partition("Example:")
    parser = ArgumentParser(
        description=description,
        epilog=f"example:{example}" if example else None,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--log", type=Path, help="a file for the outcome")
    kinds = _kinds(stage)
    for name, argument in signature(stage).parameters.items():
        kind, required = kinds[name], argument.default is Parameter.empty
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=str if hasattr(kind, "from_json") else PARSERS.get(kind, kind),
            required=required,
            default=None if required else argument.default,
            nargs="*" if get_origin(argument.annotation) is list else None,
            metavar=METAVARS.get(kind, "JSON"),
        )
    return parser


def _kinds(stage: Callable) -> dict[str, Any]:
    """The kind of each argument: that of the elements of a list, and that beside None."""
    annotations = {p.name: p.annotation for p in signature(stage).parameters.values()}
    return {name: (get_args(kind) or (kind,))[0] for name, kind in annotations.items()}


def _call() -> object:
    """What tells whether the call of Snakemake that started this job goes on.

    On its host, whether its process lives; on another one, the locks of the folder. It changes when
    the call is over, and a job that outlived it must not write beside the jobs of the next call.
    """
    host, _, process = os.environ.get(CALL_VARIABLE, "").partition(" ")
    if not process:
        return None
    if host != socket.gethostname():
        return {lock.name: lock.stat().st_mtime_ns for lock in LOCKS.glob("*")}
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return "over"
    except PermissionError:  # it lives, and is somebody else's
        pass
    return "alive"


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _write_log(log: Path | None, message: str) -> None:
    """A log that cannot be written stops no work."""
    if log:
        with suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(f"{message}\n", encoding="utf-8")


def failure(log: Path) -> str | None:
    """Why a job failed, by its log; None where it has none or is done."""
    if not log.exists():
        return None
    first, *_ = log.read_text(encoding="utf-8").splitlines() or [""]
    return first.removeprefix("error: ") if first.startswith("error: ") else None
