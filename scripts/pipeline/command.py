"""What every script does around its work: its log file, and errors a person can read."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from descent.errors import InputError

DONE, ERROR = "done", "error: "


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
            note(f"{ERROR}{error}")
            sys.exit(f"{ERROR}{error}")
        except BaseException as error:
            note(f"{ERROR}{type(error).__name__}: {error}\n{traceback.format_exc()}")
            raise
        note(f"{DONE} in {time.perf_counter() - started:.2f} s")
