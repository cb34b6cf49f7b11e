"""The pipeline on MNIST, compared with values that were measured by independent code.

These tests run with `-m mnist` if DATASET_MIRROR or data/raw/mnist has the archives.
"""

import json
import os
import shutil

import pytest
from conftest import ROOT, Project, copy_project  # pyright: ignore

from descent.store import tables

pytestmark = pytest.mark.mnist

FACTS = """\
studies:
  sgd_sigmoid: {dataset: mnist, model: sigmoid_softmax, seeds: 25, optimizers: {
    sgd: &sgd {batch_size: 1, epochs: 5, evaluate_every: 60000, step_sizes: [0.001, 0.01, 0.1, 1]}}}
  sgd_softmax: {dataset: mnist, model: softmax_regression, seeds: 25, optimizers: {
    sgd: {<<: *sgd, step_sizes: [0.001, 0.01, 0.1]}}}
  saturated: {dataset: mnist, model: sigmoid_softmax, seeds: 5, optimizers: {
    sgd: {<<: *sgd, evaluate_every: 300000, step_sizes: [10, 100]}}}
  gd_sigmoid: {dataset: mnist, model: sigmoid_softmax, initial: zeros, seeds: [0], optimizers: {
    gd: &gd {batch_size: full, epochs: 500, evaluate_every: 5, step_sizes: [0.5, 2, 50]}}}
  gd_softmax: {dataset: mnist, model: softmax_regression, initial: zeros, seeds: [0], optimizers: {
    gd: {<<: *gd, step_sizes: [0.1, 0.5, 1]}}}
  convex: {dataset: mnist, model: softmax_regression, l2: 0.001, seeds: 5, optimizers: {
    sgd: {batch_size: 1, sampling: with_replacement, epochs: 4, evaluate_every: 6000,
          step_sizes: [0.01]},
    gd: {batch_size: full, epochs: 2, evaluate_every: 1, step_sizes: [1]}}}
  network: {dataset: mnist, model: neural_network, seeds: [0], optimizers: {
    sgd: {batch_size: 32, epochs: 10, evaluate_every: 18750, step_sizes: [0.1]}}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    facts = FACTS.replace("seeds:", "figures: [distance], seeds:")
    project = copy_project(tmp_path_factory.mktemp("facts"), facts)
    environment = {}
    if mirror := os.environ.get("DATASET_MIRROR"):
        environment["DATASET_MIRROR"] = mirror if "://" in mirror else os.path.abspath(mirror)  # noqa: PTH100
    elif (ROOT / "data/raw/mnist").exists():
        shutil.copytree(ROOT / "data/raw/mnist", project.folder / "data/raw/mnist")
    else:
        pytest.skip("neither DATASET_MIRROR nor data/raw/mnist has the archives of MNIST")
    project.jobs("all", **environment)
    return project


def rows(project: Project, study: str, step_size: float, epoch: int):
    traces = tables.read(project.folder / f"results/{study}/traces.csv", tables.TRACE)
    return traces[(traces["step_size"] == step_size) & (traces["epoch"] == epoch)]


@pytest.mark.parametrize(
    ("study", "step_size", "accuracies", "tolerance"),  # after each epoch
    [
        ("sgd_sigmoid", 0.001, {1: 0.757, 5: 0.837}, 0.007),
        ("sgd_sigmoid", 0.01, {1: 0.854, 5: 0.885}, 0.005),
        ("sgd_sigmoid", 0.1, {1: 0.893, 5: 0.907}, 0.005),
        ("sgd_softmax", 0.001, {1: 0.903, 5: 0.918}, 0.004),
        ("sgd_softmax", 0.01, {1: 0.918, 5: 0.920}, 0.006),
        ("sgd_softmax", 0.1, {1: 0.875}, 0.025),
        ("sgd_softmax", 0.1, {5: 0.885}, 0.015),
        ("network", 0.1, {10: 0.98}, 0.01),
    ],
)
def test_the_median_accuracy_of_batches(project, study, step_size, accuracies, tolerance):
    for epoch, accuracy in accuracies.items():
        median = rows(project, study, step_size, epoch)["test_accuracy"].median()
        assert median == pytest.approx(accuracy, abs=tolerance)


def test_large_step_sizes_separate_the_seeds(project):
    for epoch, all_classes in [(1, 0.905), (5, 0.913)]:  # or one class is never learnt
        for accuracy in rows(project, "sgd_sigmoid", 1, epoch)["test_accuracy"]:
            assert accuracy == pytest.approx(all_classes, abs=0.01) or accuracy < 0.85
        accuracies = rows(project, "sgd_softmax", 0.1, epoch)["test_accuracy"]
        assert accuracies.max() - accuracies.min() > 0.02


def test_the_largest_score_is_predicted_if_rounding_makes_probabilities_equal(project):
    accuracy = rows(project, "saturated", 10, 5)["test_accuracy"]
    assert (accuracy.between(0.845, 0.88)).sum() >= 4
    assert rows(project, "saturated", 100, 5)["test_accuracy"].median() > 0.5  # 0.393 by ties


@pytest.mark.parametrize(
    ("study", "step_size", "values"),  # steps: (accuracy, loss)
    [
        ("gd_softmax", 0.1, {100: (0.8707, 0.609), 500: (0.9011, 0.393)}),
        ("gd_softmax", 0.5, {100: (0.9012, 0.393), 500: (0.9183, 0.306)}),
        ("gd_softmax", 1, {100: (0.9096, 0.345), 500: (0.9215, 0.284)}),
        ("gd_sigmoid", 0.5, {100: (0.7621, 2.2713), 500: (0.8325, 2.2297)}),
        ("gd_sigmoid", 2, {100: (0.8256, 2.2344), 500: (0.8677, 2.2092)}),
    ],
)
def test_full_batches(project, study, step_size, values):
    for steps, (accuracy, loss) in values.items():
        (row,) = rows(project, study, step_size, steps).to_dict("records")
        assert row["test_accuracy"] == pytest.approx(accuracy, abs=2e-4)
        assert row["train_loss"] == pytest.approx(loss, abs=6e-4)


def test_sigmoid_softmax_is_still_monotone_at_step_size_50(project):
    traces = tables.read(project.folder / "results/gd_sigmoid/traces.csv", tables.TRACE)
    objective = traces[traces["step_size"] == 50]["objective"]
    assert (objective.diff().dropna() <= 0).all()


def known(project: Project, study: str) -> dict:
    return json.loads((project.folder / f"results/{study}/theory.json").read_text())


def test_theory_of_a_convex_study(project):
    theory = known(project, "convex")
    (found,) = theory["objectives"].values()
    assert found["gradient_norm"] <= 1e-10
    assert found["distance_bound"] <= 1e-7
    for name, value, tolerance in [
        ("minimum", 0.3383366, 1e-7),
        ("test_accuracy", 0.9224, 1e-4),
        ("curvature_at_zero", 3.901 + 0.001, 6e-4),
        ("curvature", 1.4796, 6e-5),
        ("smallest_curvature", 0.001, 0),
        ("curvature_bound", 39.01 / 2 + 0.001, 3e-3),
        ("noise_trace", 10.5264, 6e-5),
        ("limit", 1.352, 6e-4),
        ("limit_from_anywhere", 0.1025, 6e-5),
    ]:
        assert (found | theory["optimizers"]["gd"])[name] == pytest.approx(value, abs=tolerance)


def test_the_floor_of_a_convex_study_is_the_expected_one(project):
    path = project.folder / "results/convex/predictions.csv"
    table = tables.read(path, ["ratio"]).set_index(["quantity", "optimizer"])
    of_sgd = table.loc[("excess", "sgd")].squeeze()
    off = abs(of_sgd["measured"] - of_sgd["predicted"])
    assert off < 2 * of_sgd["error"] + 0.05 * of_sgd["predicted"]


def test_the_theory_of_the_others_has_a_reason_for_no_minimiser(project):
    for study, why in (
        ("gd_softmax", "1,393 pairs of a feature and a class"),
        ("gd_sigmoid", "not known to be convex"),
        ("network", "not linear in its parameters"),
    ):
        (objective,) = known(project, study)["objectives"].values()
        assert why in objective["why_no_minimiser"]
        assert objective["minimum"] is None
    (objective,) = known(project, "gd_softmax")["objectives"].values()
    assert objective["curvature_at_zero"] == pytest.approx(3.901, abs=6e-4)
