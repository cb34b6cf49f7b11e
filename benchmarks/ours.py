"""This project's engines, as the pipeline calls them."""

from contextlib import suppress
from time import perf_counter

import numpy as np
from problem import MODELS, Made, Problem, Steps

from descent.plugins import plugin
from descent.run import FULL, Run
from descent.store.data import Data


class _EnoughError(Exception):
    pass


def engine(problem: Problem, name: str) -> Steps:
    """From the first evaluated step, before which an engine packs, to the last; runs are seeds.

    The clock includes the order that each seed draws and the snapshots after 1, 2, 4, … steps.
    """
    x, y = problem.stored, problem.y
    train = plugin("engines", name).train
    samples = Data(x, y, x[:1], y[:1], scale=255)

    def steps(count: int) -> Made:
        run = Run(
            model=problem.model,
            step_size=problem.step_sizes[0],
            batch_size=problem.batch_size,
            epochs=count if problem.batch_size == FULL else 1,
            evaluate_every=count,
            seeds=tuple(range(problem.runs)),
            initial="zeros" if problem.model in MODELS else "uniform",
        )
        ticks: list[float] = []
        made = 0

        def progress(steps_of_all: int) -> None:
            nonlocal made
            ticks.append(perf_counter())
            made += steps_of_all
            if count * problem.runs == made < run.steps(len(y)) * problem.runs:
                raise _EnoughError

        parameters = {"A": None, "b": None}
        with suppress(_EnoughError):
            parameters = train(run, samples, progress).parameters
        return Made(ticks[-1] - ticks[0], **_everybodys(parameters))

    return steps


def _everybodys(parameters: dict) -> dict[str, np.ndarray | None]:
    """The last parameters of the first seed, whose order is everybody's; none of a network."""
    given = {name: parameters.get(name) for name in ("A", "b")}
    return {name: p if p is None else p[:1, -1] for name, p in given.items()}
