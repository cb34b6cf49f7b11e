"""The manifest of a study; pipeline/test_results.py reads it with sha256sum."""

from pathlib import Path

import pytest

from descent.errors import InputError
from descent.store import manifest
from descent.store.files import checksum


@pytest.fixture
def study(tmp_path) -> Path:
    (tmp_path / "figures").mkdir()
    files = [tmp_path / "table.csv", tmp_path / "figures/one.png"]
    for file in files:
        file.write_text(file.name)
    manifest.write({file: checksum(file) for file in files}, tmp_path, tmp_path / "SHA256SUMS")
    return tmp_path


def test_every_altered_file_is_named(study):
    assert manifest.altered(study / "SHA256SUMS") == []
    (study / "table.csv").write_text("Table.csv")
    (study / "figures/one.png").unlink()
    assert manifest.altered(study / "SHA256SUMS") == [
        f"{study}/figures/one.png: no such file",
        f"{study}/table.csv: was altered",
    ]


def test_a_truncated_manifest_is_refused(study):
    path = study / "SHA256SUMS"
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(InputError, match="was altered or truncated"):
            manifest.altered(path)
