"""The page with links to all studies."""

import re
from pathlib import Path

import index as stage
from descent.explorer.index import index

TEMPLATE = (Path(__file__).parents[2] / "report/index.html").read_text()
STUDY = {"question": "Why <not>?", "about": "m & <n> on d", "figures": ["limit_map", "accuracy"]}
STUDIES = {"second": STUDY | {"tables": ["traces.csv"]}, "first": STUDY | {"tables": []}}
HEADLINES = {"first": "- gd: <b>1</b> & best.\n- sgd: {studies}\n", "second": "- gd: -\n"}


def test_each_study_has_its_question_headline_and_links_in_the_order_of_the_studies():
    page = index(STUDIES, HEADLINES, TEMPLATE)
    second, first = re.findall(r"<article.*?</article>", page, re.DOTALL)
    assert 'id="second"' in second
    assert "<p>Why &lt;not&gt;?</p>" in first
    assert "<li>gd: &lt;b&gt;1&lt;/b&gt; &amp; best.</li><li>sgd: {studies}</li>" in first
    assert "m &amp; &lt;n&gt; on d." in first
    first_links = ["explorer.html", "figures/limit_map.png"]
    links = [*first_links, *first_links, "figures/accuracy.png", "traces.csv", "SHA256SUMS"]
    found = re.findall(r'(?:href|src)="([^"]*)"', second)
    assert found == [f"second/{link}" for link in links]
    assert ">limit map</a>" in second


def test_a_table_without_rows_is_not_linked(tmp_path):
    folder = tmp_path / "first"
    folder.mkdir()
    tables = {"summary.csv": "a,b\n1,2\n", "predictions.csv": "a,b\n", "traces.csv": "a\n1\n2\n"}
    for name, text in (tables | {"headline.txt": "- gd: -\n"}).items():
        (folder / name).write_text(text)
    stage.index({"first": STUDY | {"tables": [*tables]}}, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    assert [name for name in tables if f"first/{name}" in page] == ["summary.csv", "traces.csv"]
