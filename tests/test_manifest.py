from pathlib import Path

import pytest

from descent import manifest
from descent.errors import InputError
from descent.files import checksum
from descent.provenance import here, record, recorded


@pytest.fixture
def study(tmp_path, monkeypatch) -> Path:
    """A study of two files, each with a record; the second was made of the first."""
    monkeypatch.chdir(tmp_path)
    folder = Path("results/study")
    (folder / "figures").mkdir(parents=True)
    Path("data.npz").write_text("data")
    table, figure = folder / "table.csv", folder / "figures/one.png"
    table.write_text("table")
    figure.write_text("figure")
    record(folder / "table.json", {f: checksum(f) for f in (Path("data.npz"), table)}, by="me")
    record(folder / "figures/one.json", {f: checksum(f) for f in (figure, table)})
    return folder


def records(study: Path) -> list[Path]:
    return [study / "table.json", study / "figures/one.json"]


def test_it_lists_the_records_and_what_they_list_below_the_folder(study):
    sums = manifest.collect(records(study.absolute()), study)
    names = ["figures/one.json", "figures/one.png", "table.csv", "table.json"]
    assert sorted(sums) == [study / name for name in names]
    manifest.write(sums, study / "SHA256SUMS")
    assert manifest.read(study / "SHA256SUMS") == sums
    assert manifest.altered(sums) == []
    lines = (study / "SHA256SUMS").read_text().splitlines()
    assert lines[0] == "# 4 files"
    assert lines[3] == f"{checksum(study / 'table.csv')}  table.csv"


def test_every_file_that_was_altered_is_named(study):
    sums = manifest.collect(records(study), study)
    (study / "table.csv").write_text("Table")
    (study / "figures/one.png").unlink()
    says = [f"{study}/table.csv: was altered", f"{study}/figures/one.png: no such file"]
    assert manifest.altered(sums) == says
    with pytest.raises(InputError) as error:
        manifest.collect(records(study), study)
    assert all(line in str(error.value) for line in says)


def test_a_figure_of_another_table(study):
    figure, table = study / "figures/one.png", study / "table.csv"
    record(study / "figures/one.json", {figure: checksum(figure), table: "0" * 64})
    with pytest.raises(InputError, match=r"one\.json: is of another results/study/table\.csv than"):
        manifest.collect(records(study), study)


def test_a_manifest_that_was_damaged_is_none(study):
    path = study / "SHA256SUMS"
    manifest.write(manifest.collect(records(study), study), path)
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(InputError, match="is not the manifest that was written"):
            manifest.read(path)


@pytest.mark.parametrize("content", ["", "{}", "[]", "7", '{"sha256": 1}', "[" * 9999, "\udcff"])
def test_a_record_that_was_damaged_is_none(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content, errors="surrogateescape")
    with pytest.raises(InputError, match=r"record\.json: not a record of a stage"):
        recorded(path)


def test_paths_are_from_the_working_directory(study):
    assert here(study.absolute() / "figures/../table.csv") == study / "table.csv"
