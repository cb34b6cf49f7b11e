"""As much at once as the memory of the GPU allows."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import torch

from descent.data import Data
from descent.errors import InputError
from descent.iterates import Iterates, join_seeds
from descent.run import Run

Progress = Callable[[int], object]
Computed = TypeVar("Computed")


def in_stacks(
    train: Callable[[Run, Data, Progress], Iterates], run: Run, data: Data, progress: Progress
) -> Iterates:
    """Train all seeds together, or half of them at a time where memory is short, and so on.

    Seeds do not depend on each other; a smaller stack may round differently. Raises InputError
    where one seed alone does not fit.
    """
    counted = 0

    def count(steps: int) -> None:
        nonlocal counted
        counted += steps
        progress(steps)

    trained = unless_short(lambda: train(run, data, count), len(run.seeds), "seed")
    if trained is not None:
        return trained
    progress(-counted)
    middle = len(run.seeds) // 2
    halves = (replace(run, seeds=seeds) for seeds in (run.seeds[:middle], run.seeds[middle:]))
    return join_seeds([in_stacks(train, half, data, progress) for half in halves])


def unless_short(compute: Callable[[], Computed], together: int, what: str) -> Computed | None:
    """What is computed of so many at once; None where the memory of the GPU was short.

    Raises InputError where one alone does not fit.
    """
    try:
        return compute()
    except RuntimeError as error:
        if not _out_of_memory(error):
            raise
        if together == 1:
            raise InputError(
                f"a single {what} does not fit the memory of the GPU ({error})"
            ) from None
    torch.cuda.empty_cache()  # here, where what the failed attempt held has been let go
    return None


def _out_of_memory(error: RuntimeError) -> bool:
    """torch has a class for it; Triton, and cuBLAS through torch, say it in words."""
    said = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in said)
