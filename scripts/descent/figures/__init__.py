"""Table of figures, in reading order.

The file of a figure defines draw(traces, summary, …), which returns a matplotlib Figure of the
tables of a study. Its docstring is the caption in the report. Figures that share a file, as the
curves do, are functions of it with their own names; the caption is then the docstring of the
function, followed by that of the file.
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

# returns None if the runs of a study meet it, else the reason why they do not
Requirement = Callable[[Sequence[Run], Size], str | None]


class Figure(NamedTuple):
    """Requirements and inputs of a figure.

    needs: requirements on the runs of the study
    file: the file of the figure, if it shares one
    reads: what the figure takes after traces and summary: "theory", TheoryResults; or "iterates",
    a mapping {(optimizer, step size): Iterates} that loads each run on access, Data and the model
    key: a key that the study must set
    """

    needs: tuple[Requirement, ...] = ()
    file: str = ""
    reads: str = ""
    key: str = ""


def _every(holds: Callable[[Run], bool], reason: str) -> Requirement:
    return lambda runs, size: None if all(map(holds, runs)) else reason


def _some(holds: Callable[[Run], bool], reason: str) -> Requirement:
    return lambda runs, size: None if any(map(holds, runs)) else reason


def classification(runs: Sequence[Run], size: Size) -> str | None:
    """Require data with classes."""
    return None if size.task == "classification" else "it needs a classification"


def minimiser(runs: Sequence[Run], size: Size) -> str | None:
    """Require an objective whose minimiser theory finds."""
    return no_minimiser(runs[0], size)


def plane(runs: Sequence[Run], size: Size) -> str | None:
    """Require a quadratic of two weights."""
    shapes = [p.shape for p in runs[0].layers(size.features, size.outputs).values()]
    on_plane = shapes == [(1, 2)] and size.task == "regression"
    return None if on_plane else "it needs a regression with two weights and no bias"


def linear_scores(runs: Sequence[Run], size: Size) -> str | None:
    """Require scores A x + b."""
    return nonlinear_scores(runs[0], size)


def images(runs: Sequence[Run], size: Size) -> str | None:
    """Require samples that are images, and a row of weights for each class."""
    if not size.image:
        return "it needs samples that are images"
    weights = runs[0].layers(size.features, size.outputs).get("A")
    row_per_class = weights is not None and weights.shape == (size.outputs, size.features)
    return None if row_per_class else f"{runs[0].model} has no row of weights for each class"


def _batch_sizes(runs: Sequence[Run], size: Size) -> str | None:
    n = size.without_validation(runs[0].validation).train
    several = len({run.samples_per_step(n) for run in runs}) >= 3
    return None if several else "it needs at least three batch sizes"


def _several_rules(runs: Sequence[Run], size: Size) -> str | None:
    return None if len({run.update_rule for run in runs}) > 1 else "it needs several update rules"


def _several_batch_sizes(runs: Sequence[Run], size: Size) -> str | None:
    """Require three or more batch sizes, and optimizers that differ only in these and in length."""
    n = size.without_validation(runs[0].validation).train
    optimizers = {
        (run.samples_per_step(n), run.sampling, run.epochs, run.evaluate_every) for run in runs
    }
    if reason := _batch_sizes(runs, size):
        return reason
    if len(optimizers) > len({batch_size for batch_size, *_ in optimizers}):
        return "several optimizers have the same batch size"
    rules = {(run.update_rule, run.schedule, str(run.update_options)) for run in runs}
    return None if len(rules) == 1 else "it needs a single update rule and schedule"


def _many_step_sizes(runs: Sequence[Run], size: Size) -> str | None:
    enough = len({run.step_size for run in runs}) >= MANY_STEP_SIZES
    return None if enough else f"it needs at least {MANY_STEP_SIZES} step sizes"


def _compared_schedules(runs: Sequence[Run], size: Size) -> str | None:
    optimizers = dict(enumerate(runs))
    compared = any(constant_counterpart(run, optimizers) is not None for run in runs)
    return None if compared else "it needs two optimizers that differ in their schedule alone"


def _range_test(runs: Sequence[Run], size: Size) -> str | None:
    tests = sum(run.schedule == "range_test" for run in runs)
    return None if tests == 1 else f"it needs a single range test, not {tests}"


def _several_linear_rules(runs: Sequence[Run], size: Size) -> str | None:
    rules = {
        (run.update_rule, str(run.update_options))
        for run in runs
        if hasattr(plugin("update_rules", run.update_rule), "limit")
    }
    return None if len(rules) > 1 else "it needs two update rules whose limit is known"


every_step = _every(lambda run: run.evaluate_every == 1, "it needs evaluate_every: 1")
_full_batches = _every(lambda run: run.batch_size == FULL, "it needs full batches")
_plain = _every(lambda run: run.update_rule == "plain", "it needs the update rule plain")
_fixed_step_size = _every(lambda run: run.schedule == "constant", "it needs fixed step sizes")
_ends_at_step_size = _every(
    lambda run: run.schedule in ("constant", "warmup"), "it needs step sizes that end constant"
)
_no_averages = _every(lambda run: run.average_from is None, "it cannot show averaged iterates")
_a_full_batch = _some(lambda run: run.batch_size == FULL, "it needs an optimizer with full batches")
_sweep = _some(lambda run: run.schedule == "constant", "it needs a fixed step size")
_noise = _some(
    lambda run: run.is_plain and run.batch_size != FULL,
    "it needs a plain optimizer with mini-batches and a fixed step size",
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
    """Return the first requirement of a figure that a study with these keys does not meet."""
    if (key := FIGURES[figure].key) and not keys[key]:
        return f"the study has no {key}"
    return next(filter(None, (need(runs, size) for need in FIGURES[figure].needs)), None)


def source(figure: str) -> str:
    """Return the name of the file that draws a figure."""
    return FIGURES[figure].file or figure


def drawing(figure: str) -> Callable:
    """Return the function that draws a figure."""
    return getattr(plugin("figures", source(figure)), figure if FIGURES[figure].file else "draw")


def caption(figure: str) -> str:
    """Return the caption of a figure, without importing its file and thus matplotlib."""
    file = _parse(source(figure))
    functions = {node.name: node for node in file.body if isinstance(node, ast.FunctionDef)}
    nodes = [functions[figure], file] if FIGURES[figure].file else [file]
    return "\n\n".join(filter(None, map(ast.get_docstring, nodes)))


@cache
def _parse(name: str) -> ast.Module:
    try:
        return ast.parse((DESCENT / "figures" / f"{name}.py").read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        where = source_name("figures", name)
        raise InputError(f"{where}: cannot be read ({error}); FIGURES names it") from None
