"""What every script does around its work: its log file, and errors a person can read."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from descent.errors import InputError

_DONE, _ERROR = "done in ", "error: "


@contextmanager
def clear_errors() -> Iterator[None]:
    """End the program with the message of an InputError."""
    try:
        yield
    except InputError as error:
        sys.exit(str(error))


@contextmanager
def logged(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Write a log file around the work: what the work notes, then "done", or why it is not.

    An InputError ends the program with its message; other errors are bugs and keep their traceback.
    """
    lines = path or Path("/dev/null")
    lines.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with lines.open("w", buffering=1, encoding="utf-8") as file:

        def note(message: str) -> None:
            print(message, file=file)

        try:
            yield note
        except InputError as error:
            note(f"{_ERROR}{error}")
            sys.exit(f"{_ERROR}{error}")
        except BaseException as error:
            note(f"{_ERROR}{type(error).__name__}: {error}\n{traceback.format_exc()}")
            raise
        note(f"{_DONE}{time.perf_counter() - started:.2f} s")


def is_done(log: Path) -> bool:
    """Whether a log says, at its end, that the work was done."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return bool(lines) and lines[-1].startswith(_DONE)


def reason(log: Path) -> str | None:
    """Why a job failed, by its log; None where it is done."""
    if is_done(log):
        return None
    lines = log.read_text(encoding="utf-8").splitlines()
    errors = [line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)]
    return errors[0] if errors else "a job was stopped"
