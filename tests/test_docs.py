import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
sys.path.insert(0, str(DOCS))

import render_tables  # noqa: E402


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_those_of_the_csv_files(page):
    text = page.read_text(encoding="utf-8")
    assert render_tables.rendered(text) == text, "make reference"


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "results/README.md", *PAGES], ids=lambda page: page.name
)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^):]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not page.parent.joinpath(link).exists()] == []


def test_every_table_and_picture_of_docs_is_shown(monkeypatch):
    read, used = render_tables.read, set()
    monkeypatch.setattr(render_tables, "read", lambda *names: used.add(names) or read(*names))
    text = "".join(page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *PAGES])
    assert set(re.findall(r"<!-- table (\w+) -->", text)) == set(render_tables.TABLES)
    render_tables.rendered(text)
    assert used == {(file.parent.name, file.stem) for file in DOCS.glob("*/*.csv")}
    pictures = [str(file.relative_to(DOCS)) for file in DOCS.rglob("*.png")]
    assert [picture for picture in pictures if picture not in text] == []


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    license_text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    latest = re.search(r"^## (\S+) \((\S+)\)$", changes, re.MULTILINE)
    assert latest.groups() == (project["version"], str(citation["date-released"]))
    assert citation["version"] == project["version"]
    assert license_text.startswith(f"{project['license']} License")
    assert citation["license"] == project["license"]
    (author,), (cited,) = project["authors"], citation["authors"]
    assert author["name"] == cited["name"]
    assert f"{citation['date-released'].year} {author['name']}" in license_text
