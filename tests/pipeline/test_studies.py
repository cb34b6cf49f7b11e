"""Kinds of studies that the tiny one is not, and the recipes of the documentation."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from conftest import NOTHING, ROOT, TINY, Project, copy_project, jobs  # pyright: ignore
from test_imports import check_imports  # pyright: ignore

from descent.store.files import checksum

pytestmark = pytest.mark.slow
STUDIES = """\
studies:
  plane: {dataset: bowl, model: linear_regression, bias: false, dtype: float64, seeds: [0],
    figures: [distance, trajectories, loss], optimizers: {
      by_hand: &gd {engine: numpy, batch_size: full, epochs: 4, evaluate_every: 1, step_sizes: [3]},
      autograd: {<<: *gd, engine: torch}}}
  compiled: {dataset: digits, model: sigmoid_softmax, engine: numba, evaluator: numba,
    seeds: [0, 1], figures: [weights], optimizers: {
      sgd: {batch_size: 1, epochs: 1, evaluate_every: 500, step_sizes: [0.1, 1]}}}
  convex: {dataset: digits, model: softmax_regression, l2: 0.1, validation: 100, dtype: float64,
    engine: numpy, seeds: [0, 1], figures: [final_by_step_size, loss, floor], optimizers: {
      sgd: {batch_size: 100, epochs: 40, evaluate_every: 14, step_sizes: [0.01, 0.1, 50]},
      gd: {batch_size: full, epochs: 40, evaluate_every: 1, step_sizes: [0.5, 50]}}}
  network: {dataset: digits, model: neural_network, hidden: 5, evaluator: torch, seeds: [0, 1],
    curvature_samples: 30, figures: [sensitivity], optimizers: {
      sgd: &sgd {batch_size: 50, epochs: 2, evaluate_every: 30, step_sizes: [0.1]},
      adam: {<<: *sgd, update_rule: adam, beta1: 0.5, schedule: inverse_sqrt, t0: 5},
      averaged: {<<: *sgd, average_from: 1},
      gd: {batch_size: full, epochs: 3, evaluate_every: 1, step_sizes: [0.1]}}}
"""
PANELS = {"plane": {"path"}, "compiled": {"weights"}, "convex": {"weights"}, "network": set()}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("studies") / "project", STUDIES)
    code, output = project.snakemake("all", **project.recording())
    assert code == 0, output
    return project


@pytest.fixture
def results(project) -> Path:
    return project.folder / "results"


def test_the_digest_of_a_job_is_that_of_the_files_which_it_imports(project, monkeypatch):
    """For engines, evaluators, schedules and figures that the tiny study does not have."""
    assert check_imports(project, monkeypatch) >= {"minimise", "train", "evaluate", "plot"}


def test_a_regression_has_optimum_distances_and_no_accuracy(results):
    traces = rows(results / "plane/traces.csv")
    expected = ["gradient_norm", "rises", "distance_A", "optimum_distance_A", "excess"]
    assert list(traces[0])[-6:] == ["test_loss", *expected]
    assert "accuracy" not in (results / "plane/summary.csv").read_text()
    ours, torch = (
        [float(row["objective"]) for row in traces if row["engine"] == name]
        for name in ("numpy", "torch")
    )
    np.testing.assert_allclose(ours, torch, rtol=1e-12)
    assert {row["status"] for row in rows(results / "plane/summary.csv")} == {"diverged"}


def test_predictions_compare_theory_and_measurements(results):
    known = json.loads((results / "convex/theory.json").read_text())
    predictions = rows(results / "convex/predictions.csv")
    limits = [row for row in predictions if row["quantity"] == "limit"]
    between = [(row["optimizer"], row["stable"], row["unstable"]) for row in limits]
    assert between == [("sgd", "0.1", "50.0"), ("gd", "0.5", "50.0")]
    assert all(float(row["stable"]) < float(row["predicted"]) < 50 for row in limits)
    assert float(limits[1]["predicted"]) == known["optimizers"]["gd"]["limit"]
    below = [("sgd", "0.01"), ("sgd", "0.1"), ("gd", "0.5")]
    excess = [row for row in predictions if row["quantity"] == "excess"]
    assert [(row["optimizer"], row["step_size"]) for row in excess] == below
    assert all(0.5 < float(row["ratio"]) < 2 for row in excess)


def test_curvature_is_measured_for_full_batches(results):
    for row in rows(results / "network/traces.csv"):
        measured = [float(row[name]) for name in ("curvature", "curvature_error")]
        assert np.isfinite(measured).all() == (row["optimizer"] == "gd")


def test_averaged_iterates_have_their_own_rows_and_summary(results):
    summary = rows(results / "network/summary.csv")
    order = ["sgd", "adam", "averaged", "averaged_average", "gd"]
    assert [row["optimizer"] for row in summary] == order
    traces = rows(results / "network/traces.csv")
    own, averaged = (
        [row for row in traces if row["optimizer"] == name]
        for name in ("averaged", "averaged_average")
    )
    since = [row for row in own if float(row["epoch"]) >= 1]
    for a, b in zip(since, averaged, strict=True):
        assert (a["seed"], a["step"]) == (b["seed"], b["step"])
        assert (a["test_loss"] == b["test_loss"]) == (float(a["epoch"]) == 1)


@pytest.mark.parametrize("study", PANELS)
def test_each_study_has_a_page_with_all_its_runs(results, study):
    page = (results / study / "explorer.html").read_text()
    script = re.search(r'<script id="metadata" .*?>(.*?)</script>', page, re.DOTALL)[1]
    metadata = json.loads(script)
    summary = rows(results / study / "summary.csv")
    ended = [(row["optimizer"], float(row["step_size"]), row["status"]) for row in summary]
    names = [optimizer["name"] for optimizer in metadata["optimizers"]]
    shown = [(names[r["optimizer"]], r["stepSize"], r["status"]) for r in metadata["runs"]]
    assert shown == ended
    assert {"path", "weights"} & metadata.keys() == PANELS[study]
    for run in metadata["runs"]:
        assert run["sha256"] == checksum(results.parent / run["trace"])


def test_every_link_of_the_index_leads_to_a_file(results):
    index = (results / "index.html").read_text()
    links = set(re.findall(r'(?:href|src)="([^"]+)"', index))
    assert {f"{study}/explorer.html" for study in PANELS} <= links
    there = {str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()}
    assert {link for link in links - there if not link.startswith("report-")} == set()


def test_the_readme_recipe_for_your_own_table(empty, monkeypatch):
    """Write the table and the study as in the README, then change a cell."""
    readme = (ROOT / "README.md").read_text()
    of_tables = readme[readme.index("**Use your own table**") :]
    write, study = re.search(r"    python -c \"(.*)\"\n\n((?:    .*\n)+)", of_tables).groups()
    subprocess.run([sys.executable, "-c", write], cwd=empty.folder, check=True)
    study = textwrap.dedent(study).replace("    seeds:", "    figures: [accuracy]\n    seeds:")
    (empty.folder / "config.yaml").write_text(study)
    runs = [f"wine gd {step_size}" for step_size in ("0.01", "0.1", "1.0", "10.0")]
    of_runs = [f"{rule} {run}" for rule in ("train", "evaluate") for run in runs]
    rest = [f"{rule} wine" for rule in ("theory", "summarise", "explore", "manifest")]
    everything = sorted(["prepare wine wine", *of_runs, *rest, "plot wine accuracy"])
    assert empty.jobs("wine", **empty.recording()) == everything
    assert "prepare" in check_imports(empty, monkeypatch)
    best = max(rows(empty.folder / "results/wine/summary.csv"), key=lambda row: row["step_size"])
    assert float(best["final_test_accuracy_median"]) >= 0.95

    table = empty.folder / "wine.csv"
    table.touch()
    assert NOTHING in empty.snakemake("wine", "-n")[1]
    empty.replace("wine.csv", "14.23,", "14.24,")
    os.utime(table, (10**9, 10**9))  # as for a file that was moved here
    assert empty.plan("wine") == everything
    empty.replace("wine.csv", "14.24,", "14;24,")
    code, output = empty.snakemake("wine")
    assert code == 1
    says = "studies.wine.dataset: wine.csv, row 1, column alcohol: found '14;24'; allowed: a finite"
    assert says in output


def test_the_recipe_for_a_model_reruns_no_existing_results(made):
    """Copy the file that docs/development.md names, and run a study with the copy."""
    recipes = (ROOT / "docs/development.md").read_text()
    file = re.search(r"\| a model \| \[models/\w+\.py\]\(\.\./(scripts/\S+)\)", recipes)[1]
    shutil.copy(made.folder / file, (made.folder / file).with_name("my_model.py"))
    study = TINY[TINY.index("  tiny:") :].replace("tiny", "mine")
    study = study.replace("model: sigmoid_softmax", "model: my_model")
    (made.folder / "config.yaml").write_text(TINY + study)
    code, output = made.snakemake("all")
    assert code == 0, output
    ran = jobs(output)
    assert {job for job in ran if "mine" not in job} == {"index"}
    assert sum(job.startswith("train mine") for job in ran) == 3
    assert NOTHING in made.snakemake("all", "-n")[1]
