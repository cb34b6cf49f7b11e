"""The theory of a study: its numbers, and the expected heights of its runs."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from descent import sampling
from descent.run import FULL, OBJECTIVE, SHUFFLED, Run
from descent.store.data import Data
from descent.theory.expected import averaged, from_noise, from_start
from descent.theory.known import EXPECTED, Known, late
from descent.theory.minimiser import certificate, objective_of
from descent.theory.objective import Point
from descent.theory.scope import no_minimiser, no_theory
from descent.theory.spectrum import EXACT, Spectrum, largest, spectra
from descent.theory.stability import FEW, SecondMoments

STARTS = 20  # seeds whose starts are followed
PROBES = 8  # random combinations of the samples' gradients that stand for their covariance
TIED = 1e-12  # of the largest eigenvalue of a quadratic: smaller ones are zero, by rounding
Runs = Sequence[tuple[str, Run]]  # of a study, each with the name of its optimizer


def theory(runs: Runs, data: Data, minimiser: Mapping[str, NDArray]) -> Known:
    """The theory of the runs of a study, which share a model, on its data.

    minimiser: as minimiser_of found it, {} where there is none.
    """
    run = runs[0][1]
    training = data.without_validation(run.validation)
    plain = [(name, run) for name, run in runs if run.is_plain]
    numbers: dict[str, Any] = {
        "minimiser": None,
        "curvature": dict.fromkeys(
            ["at_zero", "at_minimiser", "smallest_at_minimiser", "bound", "residual"]
        ),
        "noise_trace": None,
        "optimizers": {name: str(run.batch_size) for name, run in plain},
        "limits": {"gd_local": None, "gd_global": None, "sgd": {}, "sgd_upper_bound": False},
        "floor": {},
    }
    nothing = pd.DataFrame(columns=EXPECTED)
    if why := no_theory(run, data.size):
        return Known(numbers | {"why": why}, nothing)
    objective = objective_of(data, **{key: getattr(run, key) for key in OBJECTIVE})
    zero = objective.at(np.zeros(objective.shape))
    curvature = numbers["curvature"]
    curvature["at_zero"] = largest(zero.hessian, zero.w.size).value
    smoothness = getattr(objective.model, "SMOOTHNESS", None)
    if why := no_minimiser(run, data.size):
        end = _without_end(training) if smoothness else ""
        return Known(numbers | {"why": why + end}, nothing)
    point = objective.at(objective.flat(minimiser))
    top = largest(point.hessian, point.w.size)
    smallest = _smallest(point, top.value)
    curvature |= {
        "at_minimiser": top.value,
        "residual": top.residual,
        "smallest_at_minimiser": smallest,
        "bound": smoothness * float(objective.moments[0][-1]) + run.l2,
    }
    numbers["minimiser"] = {
        "objective": point.value,
        **certificate(point, max(run.l2, smallest)),
        "test_accuracy": _accuracy(objective.model, minimiser, data),
    }
    numbers["noise_trace"] = point.noise_trace
    sizes = {run.batch_size for _, run in plain} - {FULL}
    moments = SecondMoments.at(point)
    limits = numbers["limits"] = {
        "gd_local": 2 / top.value,
        "gd_global": 2 / curvature["bound"],
        "sgd": {str(size): moments.limit(size) for size in sorted(sizes)},
        "sgd_upper_bound": point.w.size > FEW,
    }
    expected = _expected(point, moments, plain, len(training.y_train), limits)
    numbers["floor"] = floors(expected)
    return Known(numbers, expected)


def floors(expected: pd.DataFrame) -> dict[str, dict[str, float]]:
    """What noise adds on average over the last quarter of a run's steps, where it has noise."""
    floor: dict[str, dict[str, float]] = {}
    noisy = late(expected[expected["from_noise"].notna()])
    for (optimizer, step_size), rows in noisy.groupby(["optimizer", "step_size"], sort=False):
        floor.setdefault(optimizer, {})[repr(step_size)] = float(rows["from_noise"].mean())
    return floor


def _expected(
    point: Point, moments: SecondMoments, runs: Runs, samples: int, limits: Mapping
) -> pd.DataFrame:
    """The expected heights of the runs whose step size is below their limit."""
    starts, probes = _starts(point, runs[0][1]), _probes(point)
    of_all = spectra(point.hessian, np.vstack([starts, probes]))
    start, noise = (
        Spectrum(of_all.curvature[part].ravel(), of_all.weight[part].ravel())
        for part in (slice(len(starts)), slice(len(starts), None))
    )
    start.weight[:] /= len(starts)
    noise.weight[:] *= point.noise_trace / noise.weight.sum()  # which is an estimate, of probes
    tables = []

    def add(optimizer: str, step_size: float, *columns: NDArray) -> None:
        columns = [optimizer, step_size, *columns]
        tables.append(pd.DataFrame(dict(zip(EXPECTED, columns, strict=True))))

    for name, run in runs:
        full, a, size = run.batch_size == FULL, run.step_size, run.batch_size
        if a >= (limits["gd_local"] if full else limits["sgd"][str(size)]):
            continue
        steps = run.evaluated_steps(samples)
        left = from_start(start, a, steps)
        if full:
            add(name, a, steps, left, np.full(len(steps), np.nan))
            continue
        shuffled, inflation = run.sampling == SHUFFLED, moments.inflation(a, size)
        noisy = from_noise(noise, a, size, steps, samples, shuffled)
        add(name, a, steps, left, inflation * noisy)
        if run.average_from is not None and not shuffled:
            before = run.burn_in(samples)
            steps = steps[steps >= before]
            first, count = np.minimum(before + 1, steps), np.maximum(steps - before, 1)
            left, noisy = averaged(start, noise, a, size, first, count)
            add(f"{name}_average", a, steps, left, inflation * noisy)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=EXPECTED)


def _smallest(point: Point, top: float) -> float:
    """The smallest eigenvalue of H, but for those of a quadratic that are zero; top: the largest.

    λ, where it is that of a shift of all scores, as of a softmax; H ≥ λ of a convex loss.
    """
    size, l2 = point.w.size, point.objective.l2
    if size <= EXACT:
        values = np.linalg.eigvalsh(point.hessian(np.eye(size)))
        return float(values[values > TIED * values[-1]][0])
    shift = np.zeros(point.w.shape)
    shift[:, -1] = 1 / np.sqrt(len(shift))
    off = point.hessian(shift.reshape(1, -1)) - l2 * shift.reshape(1, -1)
    if np.linalg.norm(off) <= 1e-12:
        return l2
    smallest = top - largest(lambda v: top * v - point.hessian(v), size).value
    return smallest if smallest > TIED * top else 0.0


def _accuracy(model: ModuleType, parameters: Mapping[str, NDArray], data: Data) -> float | None:
    """Of w* on the test samples."""
    if model.TASK != "classification":
        return None
    scores = model.scores(parameters, data.inputs(data.x_test, "float64"))
    return float((scores.argmax(0) == data.y_test).mean())


def _without_end(training: Data) -> str:
    """Why the loss of a softmax falls without end: a feature is above 0 in some classes, never
    below, and 0 in all samples of another class, whose weight of it then only does harm."""
    x, y = training.x_train, training.y_train
    above = np.array([(x[y == k] > 0).any(0) for k in np.unique(y)])
    usable = (x >= 0).all(0) & above.any(0)
    pairs = int((~above[:, usable]).sum())
    found = f"{pairs:,} pairs of a feature and a class whose samples all have 0 there"
    return f"; it has none: {found}" if pairs else ""


def _probes(point: Point) -> NDArray:
    """Vectors z [k, size] with E zzᵀ = C, the covariance of the samples' gradients.

    Random signs times the gradients; where there are few parameters, a root of C.
    """
    n, size = len(point.slopes), point.w.size
    if size <= EXACT:
        each = point.slopes[:, :, None] * point.objective.x.toarray()[:, None]
        covariance = np.cov(each.reshape(n, size), rowvar=False, bias=True)
        values, vectors = np.linalg.eigh(covariance.reshape(size, size))
        return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (PROBES, n))
    signs -= signs.mean(1, keepdims=True)
    mixed = (signs[:, :, None] * point.slopes).transpose(1, 0, 2).reshape(n, -1)
    probes = (point.objective.x.T @ mixed).T.reshape(PROBES, size)
    return probes / np.sqrt(n)


def _starts(point: Point, run: Run) -> NDArray:
    """Where the first seeds start, from w*."""
    objective = point.objective
    features = objective.shape[1] - objective.bias
    layers = run.layers(features, objective.outputs)
    starts = [
        objective.flat(sampling.initial(seed, layers, run.initial, run.dtype)) - point.w
        for seed in run.seeds[:STARTS]
    ]
    return np.array([start.ravel() for start in starts])
