"""The digests of code: an edit changes those of the jobs that it can change, and no others."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from descent.config import code, plan
from descent.config.checks import read_studies

ROOT = Path(__file__).parents[2]
CONFIG = """
studies:
  tiny:
    dataset: digits
    model: softmax_regression
    l2: 0.1
    engine: numpy
    evaluator: numpy
    seeds: [0]
    figures: [accuracy, weights]
    optimizers:
      gd: {batch_size: full, epochs: 3, evaluate_every: 1, step_sizes: [1]}
"""


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory) -> Iterator[Path]:
    """A copy of the code, of which the digests are."""
    folder = tmp_path_factory.mktemp("code")
    for name in ("scripts", "report"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    with pytest.MonkeyPatch.context() as patch:
        for module in (code, plan):
            patch.setattr(module, "ROOT", folder)
        patch.setattr(code, "SCRIPTS", folder / "scripts")
        patch.setattr(plan, "PAGE", folder / "report/explorer")
        yield folder
    clear()


@pytest.fixture(scope="module")
def before(project) -> dict[str, str]:
    """The digests before an edit."""
    return digests()


def clear() -> None:
    for function in (code.digest, code._code, code._imported):
        function.cache_clear()


def digests(config: str = CONFIG) -> dict[str, str]:
    """The digest of each rule of a study."""
    clear()
    (study,) = read_studies(yaml.safe_load(config), []).values()
    (run, *_) = study.runs.values()
    return {
        "download": code.digest("download.py", f"datasets.{study.dataset}"),
        "prepare": code.digest("prepare.py"),
        "minimise": study.minimiser_code,
        "theory": study.theory_code,
        "train": run.training_code,
        "evaluate": run.evaluation_code,
        "summarise": code.digest("summarise.py"),
        **{figure: study.figure_code(figure) for figure in study.figures},
        "explore": study.explorer_code,
        "index": code.digest("index.py", "report/index.html"),
        "manifest": code.digest("manifest.py"),
    }


OF_THE_MODEL = "minimise theory train evaluate weights"
EDITS = [
    ("scripts/descent/__init__.py", "download prepare summarise accuracy explore index manifest"),
    ("scripts/descent/models/softmax_regression.py", OF_THE_MODEL),
    ("scripts/descent/engines/numpy.py", "train"),
    ("scripts/descent/evaluation/trace.py", "evaluate"),
    ("scripts/descent/theory/minimiser.py", "minimise theory"),
    ("scripts/descent/store/minimiser.py", "minimise theory evaluate"),
    ("scripts/descent/schedules/constant.py", "theory train"),
    ("scripts/descent/figures/_style.py", "accuracy weights explore"),
    ("scripts/descent/datasets/digits.py", "download weights explore"),  # the shape of images
    ("report/explorer/study.js", "explore"),
    ("report/index.html", "index"),
]
# what this study does not choose, and what no result depends on
OTHERS = """engines/torch.py engines/__init__.py update_rules/adam.py schedules/cosine.py
    models/neural_network.py datasets/mnist.py figures/floor.py explorer/path.py evaluation/torch.py
    evaluation/curvature.py compiled/linear.py config/schema.py config/messages.py config/plan.py
    stage.py errors.py figures/__init__.py explorer/__init__.py""".split()


@pytest.mark.parametrize(("file", "jobs"), EDITS)
def test_an_edit_changes_the_digests_of_the_jobs_that_it_reaches(project, before, file, jobs):
    path = project / file
    old = path.read_text()
    path.write_text(old + "\nADDED = 1\n")
    after = digests()
    path.write_text(old)
    changed = {rule for rule in before if before[rule] != after[rule]}
    everything = set(before) if file.endswith("descent/__init__.py") else set(jobs.split())
    assert changed == everything


def test_comments_docstrings_times_and_what_is_not_chosen_change_no_digest(project, before):
    texts = {path: path.read_text() for path in (project / "scripts").rglob("*.py")}
    assert all((project / "scripts/descent" / file).exists() for file in OTHERS)
    for path, text in texts.items():
        first, _, rest = text.partition('"""')
        described = text if first else f'"""Said otherwise. {rest}'
        added = "\nADDED = 1\n" if any(str(path).endswith(f"t/{file}") for file in OTHERS) else ""
        path.write_text(f"{described}\n# a comment\n{added}")
    assert digests() == before
    for path, text in texts.items():
        path.write_text(text)


def test_a_run_is_retrained_by_an_edit_of_these_files_alone(project, monkeypatch):
    covered = set[Path]()
    arguments = "models.sigmoid_softmax update_rules.plain schedules.constant engines.numpy"
    with monkeypatch.context() as patch:
        patch.setattr(code, "_code", lambda path: str(covered.add(path)))
        code.digest.__wrapped__("train.py", *arguments.split())
    names = {
        str(path.relative_to(project / "scripts")).removeprefix("descent/") for path in covered
    }
    assert names == set(
        """train.py __init__.py run.py plugins.py sampling.py functions.py
        engines/_descent.py engines/numpy.py update_rules/plain.py schedules/constant.py
        models/_classification.py models/_layer.py models/_linear.py models/sigmoid_softmax.py
        store/data.py store/files.py store/iterates.py store/provenance.py""".split()
    )
