"""Files are replaced atomically, and their bytes contain no times."""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from descent.errors import InputError
from descent.store import files

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("text")}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_write_changes_nothing(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("before")
    with pytest.raises(RuntimeError), files.replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert names(tmp_path) == ["x.csv"]


def test_the_last_writer_to_begin_wins_over_running_and_killed_ones(tmp_path):
    path = tmp_path / "x[1].csv"
    (tmp_path / ".x[1].csv.killed.csv").write_text("half")
    with pytest.raises(FileNotFoundError), files.replacing(path) as earlier:  # noqa: PT012
        earlier.write_text("earlier")
        with files.replacing(path) as later:
            later.write_text("later")
    assert path.read_text() == "later"
    assert names(tmp_path) == ["x[1].csv"]


def test_an_error_of_a_full_disk_names_the_file(tmp_path):
    path = tmp_path / "x.csv"
    with pytest.raises(OSError, match="No space left") as error, files.replacing(path):
        Path("/dev/full").write_text("x")
    assert error.value.filename == str(path)
    assert names(tmp_path) == []


def test_an_npz_is_read_with_its_checksum_and_contains_no_time(tmp_path):
    path = tmp_path / "x.npz"
    files.save_npz(path, ARRAYS)
    loaded, sha256 = files.load_npz(path, {"a", "b"})
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest() == files.checksum(path)
    assert (loaded["a"] == ARRAYS["a"]).all()
    assert str(loaded["b"]) == "text"
    assert {entry.date_time for entry in ZipFile(path).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def altered(path: Path) -> None:
    files.save_npz(path, {"a": np.arange(6.0), "b": np.zeros(1000)})
    content = bytearray(path.read_bytes())
    content[2000] ^= 255
    path.write_bytes(content)


def pickled(path: Path) -> None:
    np.savez(path, a=np.array([{}], dtype=object), b=np.zeros(1), allow_pickle=True)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "not a readable npz file"),
        (lambda path: path.mkdir(), r"cannot be read \(Is a directory\)$"),
        (altered, "not a readable npz file"),
        (pickled, r"not a readable npz file \(it holds Python objects\). Delete it"),
        (lambda path: files.save_npz(path, {"c": np.zeros(1)}), "has no a, b; found c"),
    ],
)
def test_a_damaged_npz_is_one_message_with_its_path(tmp_path, make, says):
    path = tmp_path / "x.npz"
    make(path)
    with pytest.raises(InputError, match=says) as error:
        files.load_npz(path, {"a", "b"})
    assert str(error.value).startswith(str(path))


def test_a_new_file_has_the_permissions_of_an_ordinary_one(tmp_path):
    with files.replacing(tmp_path / "x") as temporary:
        temporary.write_text("")
    (tmp_path / "y").write_text("")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "y").stat().st_mode
