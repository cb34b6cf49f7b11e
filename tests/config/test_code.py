"""The digests of code: an edit changes those of the jobs whose results it can change."""

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
    """A copy of the code, whose digests are computed."""
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
# files that this study does not use, and files on which no result depends
OTHERS = """engines/torch.py engines/__init__.py update_rules/adam.py schedules/cosine.py
    models/neural_network.py datasets/mnist.py figures/floor.py explorer/path.py evaluation/torch.py
    evaluation/curvature.py compiled/linear.py config/schema.py config/messages.py config/plan.py
    stage.py errors.py figures/__init__.py explorer/__init__.py""".split()


@pytest.mark.parametrize(("file", "jobs"), EDITS)
def test_an_edit_changes_the_digests_of_the_jobs_that_use_the_file(project, before, file, jobs):
    path = project / file
    old = path.read_text()
    path.write_text(old + "\nADDED = 1\n")
    after = digests()
    path.write_text(old)
    changed = {rule for rule in before if before[rule] != after[rule]}
    everything = set(before) if file.endswith("descent/__init__.py") else set(jobs.split())
    assert changed == everything


def test_comments_docstrings_times_and_unused_files_change_no_digest(project, before):
    texts = {path: path.read_text() for path in (project / "scripts").rglob("*.py")}
    assert all((project / "scripts/descent" / file).exists() for file in OTHERS)
    for path, text in texts.items():
        first, _, rest = text.partition('"""')
        described = text if first else f'"""Other words. {rest}'
        added = "\nADDED = 1\n" if any(str(path).endswith(f"t/{file}") for file in OTHERS) else ""
        path.write_text(f"{described}\n# a comment\n{added}")
    assert digests() == before
    for path, text in texts.items():
        path.write_text(text)
