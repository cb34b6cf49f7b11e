"""Seeds stacked as far as the memory of the GPU allows."""

from collections.abc import Callable
from dataclasses import replace

import torch

from descent.data import Data
from descent.errors import InputError
from descent.iterates import Iterates, join_seeds
from descent.run import Run

Progress = Callable[[int], object]


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

    try:
        return train(run, data, count)
    except torch.OutOfMemoryError as error:
        if len(run.seeds) == 1:
            raise InputError(
                f"a single seed does not fit the memory of the GPU ({error})"
            ) from None
    progress(-counted)
    torch.cuda.empty_cache()  # here, where what the failed attempt held has been let go
    middle = len(run.seeds) // 2
    halves = (replace(run, seeds=seeds) for seeds in (run.seeds[:middle], run.seeds[middle:]))
    return join_seeds([in_stacks(train, half, data, progress) for half in halves])
