"""The theory of a study: curvatures and limits, and the expected suboptimality of its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from descent import sampling
from descent.plugins import plugin
from descent.run import FULL, OBJECTIVE, SHUFFLED, Run
from descent.store.data import Data
from descent.theory import linear_rules
from descent.theory.expected import averaged, from_noise, from_start
from descent.theory.minimiser import RANK_TOLERANCE, certificate, objective_of
from descent.theory.objective import Point
from descent.theory.results import EXPECTED, ObjectiveTheory, OptimizerTheory, TheoryResults
from descent.theory.schedules import best_step_size
from descent.theory.scope import constant_counterpart, no_minimiser, no_theory
from descent.theory.spectrum import MAX_DENSE, Spectrum, largest, spectra
from descent.theory.stability import SecondMoments

STARTS = 20  # seeds whose initial parameters are averaged over, at most
PROBES = 8  # random combinations of the per-sample gradients that estimate their covariance
NEAR_THE_LIMIT = (0.25, 0.5, 0.75, 0.9, 0.97)  # × limit: further step sizes with an inflation
Runs = Sequence[tuple[str, Run]]  # the runs of a study with the names of their optimizers


def theory(
    runs: Runs, data: Data, minimisers: Mapping[float, Mapping[str, NDArray]]
) -> TheoryResults:
    """Return the theory of the runs of a study, whose objectives differ only in λ.

    minimisers: the known minimisers, by λ.
    """
    objectives, optimizers, tables = {}, {}, [pd.DataFrame(columns=EXPECTED)]
    samples = data.size.without_validation(runs[0][1].validation).train
    limited = {name for name, run in dict(runs).items() if _has_limit(run, samples)}
    for l2 in dict.fromkeys(run.l2 for _, run in runs):
        of_l2 = [(name, run) for name, run in runs if run.l2 == l2]
        objective, limits, expected = _of_objective(of_l2, limited, data, minimisers.get(l2, {}))
        objectives[repr(l2)] = objective
        optimizers |= {
            name: OptimizerTheory(
                " ".join(map(str, [run.update_rule, *run.update_options.values()])),
                run.is_plain,
                l2,
                str(run.batch_size),
                **limits.get(name, {}),
                **_against_constant(run, dict(of_l2), samples),
            )
            for name, run in dict(of_l2).items()
        }
        tables += expected
    expected = pd.concat(tables[1:] or tables, ignore_index=True)
    return TheoryResults(objectives, optimizers, expected)


def _of_objective(
    runs: Runs, limited: set[str], data: Data, minimiser: Mapping[str, NDArray]
) -> tuple[ObjectiveTheory, dict[str, dict[str, Any]], list[pd.DataFrame]]:
    """The theory of an objective; for its runs, the limits by optimizer and tables of the expected
    suboptimality.

    limited: the optimizers that can have a limit.
    """
    run = runs[0][1]
    if why := no_theory(run, data.size):
        return ObjectiveTheory(why_no_minimiser=why), {}, []
    training = data.without_validation(run.validation)
    objective = objective_of(data, **{key: getattr(run, key) for key in OBJECTIVE})
    zero = objective.at(np.zeros(objective.shape))
    at_zero = largest(zero.hessian, zero.w.size).value
    if why := no_minimiser(run, data.size):
        why += _unbounded(training)
        return ObjectiveTheory(why_no_minimiser=why, curvature_at_zero=at_zero), {}, []
    point = objective.at(objective.flat(minimiser))
    top = largest(point.hessian, point.w.size)
    smallest = _smallest(point, top.value)
    found = ObjectiveTheory(
        minimum=point.value,
        **certificate(point, max(run.l2, smallest)),
        test_accuracy=_accuracy(objective.model, minimiser, data),
        curvature_at_zero=at_zero,
        curvature=top.value,
        curvature_residual=top.residual,
        smallest_curvature=smallest,
        curvature_bound=objective.model.SMOOTHNESS * float(objective.moments[0][-1]) + run.l2,
        noise_trace=point.noise_trace,
    )
    samples, moments = len(training.y_train), SecondMoments.at(point)
    of_optimizers = {name: run for name, run in runs if name in limited}
    limits = _limits(of_optimizers, moments, found)
    plain = [(name, run) for name, run in runs if run.is_plain]
    prediction = _prediction(point, moments, run, plain, limits) | {"samples": samples}
    expected = _expected(prediction, runs, limits)
    return replace(found, prediction=prediction), limits, expected


def _against_constant(run: Run, others: Mapping[str, Run], samples: int) -> dict[str, Any]:
    """The optimizer with which a schedule is compared, and the expected ratio of the best step
    sizes."""
    constant, steps = constant_counterpart(run, others), run.steps(samples)
    if not constant:
        return {}
    factors = run.step_sizes(0, steps, steps) / run.step_size
    ratio = best_step_size(factors) / best_step_size(np.ones(steps))
    return {"constant": constant, "step_ratio": ratio}


def _has_limit(run: Run, samples: int) -> bool:
    """Whether the update rule is linear and the step size is α throughout the last quarter."""
    rule, steps = plugin("update_rules", run.update_rule), run.steps(samples)
    at_end = run.step_sizes(3 * steps // 4, steps, steps)
    return hasattr(rule, "limit") and bool((at_end == run.step_size).all())


def _limits(
    runs: Mapping[str, Run], moments: SecondMoments, objective: ObjectiveTheory
) -> dict[str, dict[str, Any]]:
    """Fields of OptimizerTheory about limits, from one run of each optimizer."""
    limits: dict[str, dict[str, Any]] = {}
    plain_limit = cache(moments.limit)  # several optimizers may share a batch size
    for name, run in runs.items():
        rule = plugin("update_rules", run.update_rule)
        full_batch_limit = rule.limit(**run.update_options) / objective.curvature
        if run.batch_size == FULL:
            limits[name] = {"limit": full_batch_limit}
            if run.is_plain:
                limits[name]["limit_from_anywhere"] = 2 / objective.curvature_bound
        elif run.update_rule == "plain":
            limit = plain_limit(run.batch_size)
            limits[name] = {"limit": limit, "limit_is_upper_bound": not moments.exact}
        elif moments.exact:
            update = partial(rule.update, **run.update_options)
            limit = linear_rules.limit(update, moments, run.batch_size, full_batch_limit)
            limits[name] = {"limit": limit}
    return limits


def _prediction(
    point: Point, moments: SecondMoments, run: Run, plain: Runs, limits: Mapping[str, Mapping]
) -> dict[str, Any]:
    """ObjectiveTheory.prediction but for "samples": the spectra of the initial parameters and of
    the noise, and the inflation of each batch size."""
    starts, probes = _starts(point, run), _probes(point)
    measures = spectra(point.hessian, np.vstack([starts, probes]))
    start = _merged(measures, slice(len(starts)), 1 / len(starts))
    noise = _merged(measures, slice(len(starts), None), 1)
    noise.weight[:] *= point.noise_trace / noise.weight.sum()  # probes only estimate the sum
    inflation = {}
    for size in sorted({run.batch_size for _, run in plain} - {FULL}):
        of_size = [(name, run.step_size) for name, run in plain if run.batch_size == size]
        limit = limits[of_size[0][0]]["limit"]
        sizes = {a for _, a in of_size if a < limit} | {share * limit for share in NEAR_THE_LIMIT}
        inflation[str(size)] = [[a, moments.inflation(a, size)] for a in sorted(sizes)]
    return {"start": start, "noise": noise, "inflation": inflation}


def _merged(spectrum: Spectrum, rows: slice, factor: float) -> Spectrum:
    """The sum of the spectra of some rows, times a factor."""
    curvature, index = np.unique(spectrum.curvature[rows], return_inverse=True)
    weight = np.bincount(index.ravel(), spectrum.weight[rows].ravel())
    return Spectrum(curvature, factor * weight)


def _expected(
    prediction: Mapping[str, Any], runs: Runs, limits: Mapping[str, Mapping]
) -> list[pd.DataFrame]:
    """The expected suboptimality of runs with a constant step size below their limit: full batches
    with a linear update rule, and mini-batches with the plain rule."""
    start, noise, samples = (prediction[key] for key in ("start", "noise", "samples"))
    tables = []

    def add(optimizer: str, step_size: float, *columns: NDArray) -> None:
        columns = [optimizer, step_size, *columns]
        tables.append(pd.DataFrame(dict(zip(EXPECTED, columns, strict=True))))

    for name, run in runs:
        full, a, size = run.batch_size == FULL, run.step_size, run.batch_size
        if name not in limits or run.schedule != "constant" or a >= limits[name]["limit"]:
            continue
        steps = run.evaluated_steps(samples)
        if full:
            update = partial(plugin("update_rules", run.update_rule).update, **run.update_options)
            iterated = partial(linear_rules.iterated_from_start, update)
            bias = (from_start if run.is_plain else iterated)(start, a, steps)
            add(name, a, steps, bias, np.full(len(steps), np.nan))
            continue
        if not run.is_plain:
            continue
        bias = from_start(start, a, steps)
        shuffled, inflation = run.sampling == SHUFFLED, dict(prediction["inflation"][str(size)])[a]
        variance = from_noise(noise, a, size, steps, samples, shuffled)
        add(name, a, steps, bias, inflation * variance)
        if run.average_from is not None and not shuffled:
            burn_in = run.burn_in(samples)
            steps = steps[steps >= burn_in]
            first, count = np.minimum(burn_in + 1, steps), np.maximum(steps - burn_in, 1)
            bias, variance = averaged(start, noise, a, size, first, count)
            add(f"{name}_average", a, steps, bias, inflation * variance)
    return tables


def _smallest(point: Point, top: float) -> float:
    """The smallest eigenvalue of H above rounding errors; top: the largest.

    H ≥ λ, since the loss is convex. The smallest is λ if a shift of all scores does not change the
    loss, as with softmax.
    """
    size, l2 = point.w.size, point.objective.l2
    if size <= MAX_DENSE:
        values = np.linalg.eigvalsh(point.hessian(np.eye(size)))
        return float(values[values > RANK_TOLERANCE * values[-1]][0])
    shift = np.zeros(point.w.shape)
    shift[:, -1] = 1 / np.sqrt(len(shift))
    residual = point.hessian(shift.reshape(1, -1)) - l2 * shift.reshape(1, -1)
    if np.linalg.norm(residual) <= 1e-12:
        return l2
    smallest = top - largest(lambda v: top * v - point.hessian(v), size).value
    return smallest if smallest > RANK_TOLERANCE * top else 0.0


def _accuracy(model: ModuleType, parameters: Mapping[str, NDArray], data: Data) -> float | None:
    """The test accuracy, or None for a regression."""
    if model.TASK != "classification":
        return None
    scores = model.scores(parameters, data.inputs(data.x_test, "float64"))
    return float((scores.argmax(0) == data.y_test).mean())


def _unbounded(training: Data) -> str:
    """Proof that an unregularised softmax loss has no minimiser, if there is one.

    If a non-negative feature is 0 in all samples of one class but not of another, the loss
    decreases for ever as the first class's weight for it goes to -∞.
    """
    x, y = training.x_train, training.y_train
    positive = np.array([(x[y == k] > 0).any(0) for k in np.unique(y)])
    usable = (x >= 0).all(0) & positive.any(0)
    pairs = int((~positive[:, usable]).sum())
    found = f"in {pairs:,} pairs of a feature and a class, all samples of the class have 0 there"
    return f"; it has none: {found}" if pairs else ""


def _probes(point: Point) -> NDArray:
    """Vectors z [k, size] with E zzᵀ = C, the covariance of the samples' gradients.

    They are a square root of C if there are few parameters, else gradients with random signs.
    """
    g, size = point.score_gradients, point.w.size
    n = len(g)
    if size <= MAX_DENSE:
        gradients = g[:, :, None] * point.objective.x.toarray()[:, None]
        covariance = np.cov(gradients.reshape(n, size), rowvar=False, bias=True)
        values, vectors = np.linalg.eigh(covariance.reshape(size, size))
        return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (PROBES, n))
    signs -= signs.mean(1, keepdims=True)
    mixed = (signs[:, :, None] * g).transpose(1, 0, 2).reshape(n, -1)
    probes = (point.objective.x.T @ mixed).T.reshape(PROBES, size)
    return probes / np.sqrt(n)


def _starts(point: Point, run: Run) -> NDArray:
    """Initial parameters of the first seeds minus w*, [seeds, size]."""
    objective = point.objective
    features = objective.shape[1] - objective.bias
    layers = run.layers(features, objective.outputs)
    initial = [
        sampling.initial(seed, layers, run.initial, run.dtype) for seed in run.seeds[:STARTS]
    ]
    return np.array([(objective.flat(parameters) - point.w).ravel() for parameters in initial])
