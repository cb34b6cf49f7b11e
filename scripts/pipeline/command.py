"""What every script does around its work: its log file, and errors a person can read."""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path

from descent.errors import InputError
from descent.files import checksum, replacing

JOURNAL_VARIABLE = "DESCENT_JOURNAL"  # names the journal of the call that started a job
NOT_BEGUN = "not begun"  # in its place, until there is one
_WROTE, _DONE, _ERROR = "wrote ", "done in ", "error: "


@contextmanager
def clear_errors() -> Iterator[None]:
    """End the program with the message of an InputError."""
    try:
        yield
    except InputError as error:
        sys.exit(str(error))


@contextmanager
def job(log: Path | None, *outputs: Path) -> Iterator[tuple]:
    """Around the work of a script: give what notes a line in the log, and the files to write.

    They take the names of the outputs once the work has ended well (descent/files.py). Of a job
    that outlived the call of Snakemake that started it, nothing is written.
    """
    with clear_errors():
        _check_call()
    with _logged(log) as note, ExitStack() as stack:
        written = [stack.enter_context(replacing(output)) for output in outputs]
        yield note, *written
        for output, file in zip(outputs, written, strict=True):
            note(f"{_WROTE}{checksum(file)} {output}")
        _check_call()


def _check_call() -> None:
    journal = os.environ.get(JOURNAL_VARIABLE)  # pipeline/journal.py
    if journal == NOT_BEGUN:
        raise InputError(
            "this call of Snakemake keeps no journal, without which an old result could be taken"
            " for a new one; allowed: calls without --no-hooks; where a workflow imports this one"
            " and has an onstart below that, <name of the module>.onstart() in it"
        )
    if journal and not Path(journal).exists():
        raise InputError("the call of Snakemake that started this job is over: nothing is written")


@contextmanager
def _logged(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Write a log file around the work: what the work notes, then "done", or why it is not.

    What a user can mend (an InputError, a full disk) ends the program with one line; other errors
    are bugs and keep their traceback. A log that cannot be written stops no work.
    """
    started = time.perf_counter()
    with _log(path or Path("/dev/null")) as file:

        def note(message: str) -> None:
            with suppress(OSError):
                file.write(f"{message}\n".encode())

        try:
            yield note
        except BaseException as error:
            if why := _in_one_line(error):
                note(f"{_ERROR}{why}")
                sys.exit(f"{_ERROR}{why}")
            note(f"{_ERROR}{type(error).__name__}: {error}\n{traceback.format_exc()}")
            raise
        note(f"{_DONE}{time.perf_counter() - started:.2f} s")


def _log(path: Path) -> FileIO:
    """The log, unbuffered: what could not be written is not tried again at the end."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileIO(path, "w")
    except OSError as error:
        print(f"{path}: cannot be written ({error.strerror})", file=sys.stderr)
        return FileIO("/dev/null", "w")


def _in_one_line(error: BaseException) -> str | None:
    """What a user can mend, or did; None for a bug."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) if isinstance(error, InputError) else None


def outcome(log: Path) -> dict[str, str] | None:
    """What a job wrote, each file's SHA-256, by its log; None where the job is not done."""
    lines = _lines(log)
    if not lines or not lines[-1].startswith(_DONE):
        return None
    wrote = [line.split(" ", 2) for line in lines if line.startswith(_WROTE)]
    return {path: sha256 for _, sha256, path in wrote}


def reason(log: Path) -> str | None:
    """Why a job failed, by its log; None where it is done."""
    if outcome(log) is not None:
        return None
    errors = [line.removeprefix(_ERROR) for line in _lines(log) if line.startswith(_ERROR)]
    return errors[0] if errors else "a job was stopped"


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []
