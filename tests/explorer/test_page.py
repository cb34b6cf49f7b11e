"""The page is one file that holds everything and fetches nothing."""

import gzip
import json
import re
from base64 import b64decode
from html import escape
from pathlib import Path

import numpy as np
import pytest

from descent.explorer.page import page

PARTS = Path(__file__).parents[2] / "report/explorer"
COLUMNS = {
    "step": np.array([0, 2**31 - 1], np.int32),
    "odd": np.array([[1, np.nan, np.inf], [-0.0, 1e-45, 3]], np.float32).T,
    "grey": np.arange(5, dtype=np.uint8),
}
METADATA = {"study": "s", "question": "q", "headline": ["h"]}


def made(**metadata) -> str:
    return page(PARTS, METADATA | metadata, COLUMNS)


def held(text: str, kind: str) -> str:
    """The content of the script of a type."""
    return re.search(rf'<script (?:id="\w+" )?type="{kind}">(.*?)</script>', text, re.DOTALL)[1]


@pytest.mark.parametrize(
    "text",
    ["</script><b>", "<!--<script>", "]]>&amp;", "{{arrays}} {{metadata}}", "\\u003c\u2028é", '"'],
)
def test_metadata_are_read_as_they_were_written_with_any_text(text):
    page = made(question=text, headline=[text], **{text: text})
    metadata = json.loads(held(page, "application/json"))
    assert metadata.pop("arrays") == [
        ["step", "int32", 2],
        ["odd", "float32", 6],
        ["grey", "uint8", 5],
    ]
    assert metadata == {"study": "s", "question": text, "headline": [text], text: text}
    assert f"<li>{escape(text)}</li>" in page


def test_arrays_are_read_bit_for_bit_and_the_bytes_contain_no_time():
    zipped = b64decode(held(made(), "text/plain"))
    assert gzip.decompress(zipped) == b"".join(column.tobytes() for column in COLUMNS.values())
    assert zipped[4:8] == bytes(4)  # where gzip writes the time
    assert made() == made()
