"""The page is one file that holds everything and asks nobody for more."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from test_packed import unpacked

from descent.explorer.page import page

PARTS = Path(__file__).parents[2] / "report/explorer"
COLUMNS = {"step": np.arange(5, dtype=np.int32)}
DENO = Path(sys.executable).with_name("deno")


class Read(HTMLParser):
    """The attributes of all elements, and the text of scripts and style sheets."""

    def __init__(self, text: str):
        super().__init__()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self._within = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self._within = (tag, dict(attrs), [])

    def handle_data(self, data):
        if self._within:
            self._within[2].append(data)

    def handle_endtag(self, tag):
        within, self._within = self._within, None
        if within and tag == within[0] == "script":
            self.scripts.append((within[1], "".join(within[2])))
        if within and tag == within[0] == "style":
            self.styles.append("".join(within[2]))


def made(**words) -> Read:
    return Read(page(PARTS / "explorer.html", {"study": "s", **words}, COLUMNS))


def bundle() -> str:
    return next(text for attributes, text in made().scripts if attributes.get("type") == "module")


def test_everything_that_the_template_names_is_in_the_page():
    named = Read((PARTS / "explorer.html").read_text())
    files = [v for tag, name, v in named.attributes if (tag, name) == ("script", "src")]
    assert files == ["uPlot.iife.js", "main.js"]
    read = made()
    assert not [value for tag, name, value in read.attributes if (tag, name) == ("script", "src")]
    assert {value for tag, _, value in read.attributes if tag == "link"} == {"icon", "data:,"}
    assert (PARTS / "explorer.css").read_text() in "".join(read.styles)
    assert any("uPlot" in text and "type" not in of for of, text in read.scripts)
    assert any(".uplot" in text for text in read.styles)


def test_nothing_is_fetched_and_all_links_are_relative():
    read = made()
    links = {value for _, name, value in read.attributes if name in ("src", "href", "srcset")}
    assert "../index.html" in links
    assert [v for v in links if not re.fullmatch(r"(\.\./)?[\w.-]+|data:,", v)] == []
    assert not re.search(r"@import|url\((?![\"']?(data:|#))", "".join(read.styles))
    assert not re.search(r"\b(fetch|import|XMLHttpRequest|WebSocket|sendBeacon)\(", bundle())


@pytest.mark.parametrize(
    "text",
    ["</script><b>", "<!--<script>", "]]>&amp;", "{columns} {data} {title}", "\\u003c\u2028é", '"'],
)
def test_words_come_back_whatever_they_hold(text):
    read = made(headline=[text], **{text: text})
    ids = [attributes.get("id") for attributes, _ in read.scripts]
    assert ids == ["words", "columns", None, None]
    words = json.loads(read.scripts[0][1])
    assert words.pop("columns") == [{"name": "step", "type": "int32", "length": 5}]
    assert words == {"study": "s", "headline": [text], text: text}


def test_columns_come_back():
    read = made()
    layout = json.loads(read.scripts[0][1])["columns"]
    np.testing.assert_array_equal(unpacked(layout, read.scripts[1][1])["step"], COLUMNS["step"])


def test_numbers_that_json_lacks_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        made(floor=float("nan"))


def test_every_module_is_bundled_once_without_imports():
    text = bundle()
    assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE)
    for file in PARTS.glob("*.js"):
        own = re.sub(r"^import .*?;\n", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
        for line in own.replace("\nexport ", "\n").splitlines():
            assert line in text, file
        for name in re.findall(r"^(?:export )?(?:async )?(function \w+\()", own, re.MULTILINE):
            assert text.count(f"{name}") == 1, name


def parsed(text: str, folder: Path) -> str:
    """What Deno says of a module outside a browser."""
    (folder / "bundle.mjs").write_text(text)
    command = [DENO, "run", "--no-config", "--no-remote", "bundle.mjs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return re.sub(r"\x1b\[\d*m", "", done.stderr)


@pytest.mark.skipif(not DENO.exists(), reason="there is no Deno")
def test_no_two_modules_define_a_name_twice(tmp_path):
    """Which a module in one scope must not: it would be no JavaScript."""
    text = bundle()
    assert "ReferenceError: document is not defined" in parsed(text, tmp_path)  # it is parsed
    assert "ReferenceError" not in parsed(text + "\nconst label = 1;\n", tmp_path)


def test_a_module_stands_behind_what_it_imports(tmp_path):
    (tmp_path / "t.html").write_text('{title}<script type="module" src="a.js"></script>')
    (tmp_path / "a.js").write_text(
        'import { b } from "./b.js";\nimport {\n  c,\n} from "./c.js";\nb(c);\n'
    )
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\n\nexport const b = c;\n')
    (tmp_path / "c.js").write_text('export const c = "import";\n')
    made = page(tmp_path / "t.html", {"study": "<s>"}, {})
    lines = ['const c = "import";', "const b = c;", "b(c);", "</script>"]
    assert [line for line in made.splitlines()[1:] if line] == lines
    assert made.startswith('&lt;s&gt;<script type="module">')
