"""The figures: a line of FIGURES each, in the order in which one reads them.

The file of a figure gives draw(traces, summary, …), a matplotlib Figure of the tables of a study.
Its docstring is the caption in the report, so it is written for the reader of the figure. Figures
that share a file, as all curves do, are functions of it named like them, each with its own caption
before that of the file.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from descent.errors import InputError
from descent.plugins import DESCENT, plugin, source_name
from descent.run import FULL, Run
from descent.store.data import Size
from descent.theory.scope import constant_counterpart, no_minimiser, nonlinear_scores

MANY_STEP_SIZES = 20

Requirement = Callable[[Sequence[Run], Size], str | None]  # None where it is met, else why not


class Figure(NamedTuple):
    """What a figure needs of the runs of a study, and what it takes beside its tables.

    file: the file that it shares with others. reads: "iterates": {(optimizer, step size):
    Iterates}, read when they are asked for, the Data and the model; "theory": TheoryResults.
    key: a key that the study must have.
    """

    needs: tuple[Requirement, ...] = ()
    file: str = ""
    reads: str = ""
    key: str = ""


def _every(holds: Callable[[Run], bool], otherwise: str) -> Requirement:
    return lambda runs, size: None if all(map(holds, runs)) else otherwise


def _some(holds: Callable[[Run], bool], otherwise: str) -> Requirement:
    return lambda runs, size: None if any(map(holds, runs)) else otherwise


def classification(runs: Sequence[Run], size: Size) -> str | None:
    """The data have classes."""
    return None if size.task == "classification" else "it is for classification"


def minimiser(runs: Sequence[Run], size: Size) -> str | None:
    """The objective has a minimiser that theory finds."""
    return no_minimiser(runs[0], size)


def plane(runs: Sequence[Run], size: Size) -> str | None:
    """A quadratic over the plane of two weights."""
    shapes = [p.shape for p in runs[0].layers(size.features, size.outputs).values()]
    on_plane = shapes == [(1, 2)] and size.task == "regression"
    return None if on_plane else "it is for two weights and no bias"


def linear_scores(runs: Sequence[Run], size: Size) -> str | None:
    """The scores are A x + b."""
    return nonlinear_scores(runs[0], size)


def images(runs: Sequence[Run], size: Size) -> str | None:
    """Every class has a row of weights that is an image."""
    if not size.image:
        return "the samples are no images"
    weights = runs[0].layers(size.features, size.outputs).get("A")
    a_row_a_class = weights is not None and weights.shape == (size.outputs, size.features)
    return None if a_row_a_class else f"{runs[0].model} has no row of weights for each class"


def _batch_sizes(runs: Sequence[Run], size: Size) -> str | None:
    n = size.without_validation(runs[0].validation).train
    several = len({run.samples_per_step(n) for run in runs}) >= 3
    return None if several else "there are fewer than three batch sizes"


def _several_rules(runs: Sequence[Run], size: Size) -> str | None:
    return None if len({run.update_rule for run in runs}) > 1 else "there is one update rule"


def _several_batch_sizes(runs: Sequence[Run], size: Size) -> str | None:
    """At least three, and optimizers that differ in nothing but batch size and length."""
    n = size.without_validation(runs[0].validation).train
    optimizers = {
        (run.samples_per_step(n), run.sampling, run.epochs, run.evaluate_every) for run in runs
    }
    if why := _batch_sizes(runs, size):
        return why
    if len(optimizers) > len({batch_size for batch_size, *_ in optimizers}):
        return "there is more than one optimizer of a batch size"
    rules = {(run.update_rule, run.schedule, str(run.update_options)) for run in runs}
    return None if len(rules) == 1 else "there is more than one update rule"


def _many_step_sizes(runs: Sequence[Run], size: Size) -> str | None:
    enough = len({run.step_size for run in runs}) >= MANY_STEP_SIZES
    return None if enough else f"there are fewer than {MANY_STEP_SIZES} step sizes"


def _compared_schedules(runs: Sequence[Run], size: Size) -> str | None:
    optimizers = dict(enumerate(runs))
    compared = any(constant_counterpart(run, optimizers) is not None for run in runs)
    return None if compared else "no schedule has an optimizer that differs in its schedule alone"


def _range_test(runs: Sequence[Run], size: Size) -> str | None:
    tests = sum(run.schedule == "range_test" for run in runs)
    return None if tests == 1 else f"there are {tests} range tests and not one"


def _several_linear_rules(runs: Sequence[Run], size: Size) -> str | None:
    rules = {
        (run.update_rule, str(run.update_options))
        for run in runs
        if hasattr(plugin("update_rules", run.update_rule), "limit")
    }
    return None if len(rules) > 1 else "there are no two update rules whose limit is known"


every_step = _every(lambda run: run.evaluate_every == 1, "not every step is evaluated")
_full_batches = _every(lambda run: run.batch_size == FULL, "not all its batches are full")
_plain = _every(lambda run: run.update_rule == "plain", "it has no update rule but plain")
_fixed_step_size = _every(lambda run: run.schedule == "constant", "its step size changes")
_ends_at_step_size = _every(
    lambda run: run.schedule in ("constant", "warmup"), "its step size changes until the end"
)
_no_averages = _every(lambda run: run.average_from is None, "it cannot average iterates")
_a_full_batch = _some(lambda run: run.batch_size == FULL, "no optimizer has full batches")
_sweep = _some(lambda run: run.schedule == "constant", "no optimizer has a fixed step size")
_noise = _some(
    lambda run: run.is_plain and run.batch_size != FULL,
    "no plain optimizer with a fixed step size has batches",
)

FIGURES = {
    "final_by_step_size": Figure(reads="theory"),
    "same_path": Figure((_plain, _fixed_step_size), "curves"),
    "steps_to_target": Figure(reads="theory", key="target"),
    "recall": Figure((classification, linear_scores), reads="iterates"),
    "sensitivity": Figure((classification, _several_rules)),
    "best_runs": Figure((_several_rules,), "curves"),
    "batch_size": Figure((_several_batch_sizes, _no_averages)),
    "limit_by_batch_size": Figure((minimiser, _batch_sizes, _several_linear_rules), reads="theory"),
    "limit_map": Figure(
        (_full_batches, every_step, _ends_at_step_size, _no_averages, _many_step_sizes),
        reads="theory",
    ),
    "schedules": Figure((_compared_schedules,), reads="theory"),
    "range_test": Figure((_range_test, _sweep), reads="iterates"),
    "trajectories": Figure((plane, minimiser, every_step), reads="iterates"),
    "loss": Figure((), "curves", reads="theory"),
    "accuracy": Figure((classification,), "curves"),
    "distance": Figure((), "curves"),
    "weights": Figure((classification, images), reads="iterates"),
    "floor": Figure((minimiser, _noise), reads="theory"),
    "curvature": Figure((_a_full_batch, _plain), "curves", key="curvature_samples"),
}


def unmet_requirement(
    figure: str, runs: Sequence[Run], size: Size, keys: Mapping[str, Any]
) -> str | None:
    """Why a figure has nothing to show of a study with these keys; None where it has."""
    if (key := FIGURES[figure].key) and not keys[key]:
        return f"the study has no {key}"
    return next(filter(None, (need(runs, size) for need in FIGURES[figure].needs)), None)


def source(figure: str) -> str:
    """The name of the file of a figure."""
    return FIGURES[figure].file or figure


def drawing(figure: str) -> Callable:
    """The function that draws a figure."""
    return getattr(plugin("figures", source(figure)), figure if FIGURES[figure].file else "draw")


def caption(figure: str) -> str:
    """The docstrings of a figure's function, if its file is shared, and of its file, which is not
    imported, since matplotlib takes its time."""
    file = _parsed(source(figure))
    functions = {node.name: node for node in file.body if isinstance(node, ast.FunctionDef)}
    nodes = [functions[figure], file] if FIGURES[figure].file else [file]
    return "\n\n".join(filter(None, map(ast.get_docstring, nodes)))


@cache
def _parsed(name: str) -> ast.Module:
    """The file of this name, which figures may share."""
    try:
        return ast.parse((DESCENT / "figures" / f"{name}.py").read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        where = source_name("figures", name)
        raise InputError(f"{where}: cannot be read ({error}); FIGURES names it") from None
