"""The digest of code; tests/pipeline/test_imports.py compares it with what jobs import."""

import shutil
from pathlib import Path

import pytest

from descent.config import code

ROOT = Path(__file__).parents[2]
USED = """scripts/explore.py scripts/descent/__init__.py scripts/descent/store/iterates.py
    scripts/descent/models/softmax_regression.py scripts/descent/models/_linear.py
    report/explorer/study.js""".split()
UNUSED = """models/neural_network.py engines/numpy.py config/schema.py stage.py errors.py
    explorer/__init__.py figures/__init__.py""".split()


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    for name in ("scripts", "report"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.setattr(code, "SCRIPTS", tmp_path / "scripts")
    yield tmp_path
    clear()


def clear() -> None:
    for function in (code.digest, code._code, code._imported):
        function.cache_clear()


def digest() -> str:
    clear()
    return code.digest("explore.py", "models.softmax_regression", "report/explorer/study.js")


@pytest.mark.parametrize("file", USED)
def test_an_edit_changes_the_digest(project, file):
    before = digest()
    with (project / file).open("a") as edited:
        edited.write("\nADDED = 1\n")
    assert digest() != before


def test_comments_docstrings_times_and_unused_files_do_not_change_the_digest(project):
    before = digest()
    for path in (project / "scripts").rglob("*.py"):
        first, _, rest = (text := path.read_text()).partition('"""')
        described = text if first else f'"""Other words. {rest}'
        path.write_text(f"{described}\n# a comment\n")
    for file in UNUSED:
        with (project / "scripts/descent" / file).open("a") as edited:
            edited.write("\nADDED = 1\n")
    assert digest() == before
