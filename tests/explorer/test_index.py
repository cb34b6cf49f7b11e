"""The page that links all studies."""

import re
from html.parser import HTMLParser
from pathlib import Path

from descent.explorer.index import index

TEMPLATE = (Path(__file__).parents[2] / "report/index.html").read_text()
STUDIES = {
    "first": {
        "about": "m & <n> on d",
        "figures": ["limit_map", "accuracy"],
        "tables": ["traces.csv", "summary.csv"],
    },
    "second": {"about": "m on d", "figures": [], "tables": ["traces.csv"]},
}
HEADLINES = {"first": "- gd: step size <b>1</b> & best.\n- sgd: {studies}\n", "second": "- gd: -\n"}
PAGE = index(STUDIES, HEADLINES, TEMPLATE)


def read(text: str, tag: str) -> list[str]:
    """The texts of the elements of a tag."""

    class Reader(HTMLParser):
        within, found = False, []

        def handle_starttag(self, name, attrs):
            self.within = name == tag
            self.found += [""] if self.within else []

        def handle_data(self, data):
            if self.within:
                self.found[-1] += data

        def handle_endtag(self, name):
            self.within = False

    reader = Reader()
    reader.feed(text)
    return reader.found


def of_study(name: str) -> str:
    return re.search(rf'<article id="{name}">.*?</article>', PAGE, re.DOTALL)[0]


def links(text: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', text)


def test_studies_come_in_order_with_their_headlines():
    assert read(PAGE, "h2") == ["", ""]  # a link
    assert re.findall(r'<article id="(\w+)">', PAGE) == list(STUDIES)
    assert read(of_study("first"), "li") == ["gd: step size <b>1</b> & best.", "sgd: {studies}"]
    assert read(of_study("second"), "li") == ["gd: -"]
    assert read(of_study("first"), "p")[0] == "m & <n> on d"


def test_it_links_what_is_made_of_a_study():
    assert links(of_study("first")) == [
        "first/explorer.html",
        "first/explorer.html",
        "first/figures/limit_map.png",
        "first/figures/limit_map.png",
        "first/figures/accuracy.png",
        "first/traces.csv",
        "first/summary.csv",
        "first/SHA256SUMS",
    ]
    assert ">limit map</a>" in of_study("first")


def test_a_study_without_figures_has_no_picture():
    assert "<img" not in of_study("second")
    assert "figures/" not in of_study("second")


def test_without_studies_the_template_is_left():
    assert index({}, {}, TEMPLATE) == TEMPLATE.replace("{studies}", "")
    assert TEMPLATE.count("{studies}") == 1
