import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from descent import files
from descent.errors import InputError

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("text")}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_block_that_fails_changes_nothing(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("before")
    with pytest.raises(RuntimeError), files.replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert names(tmp_path) == ["x.csv"]


def test_the_last_to_begin_wins_whether_the_others_live_or_were_killed(tmp_path):
    path = tmp_path / "x[1].csv"
    (tmp_path / ".x[1].csv.killed.csv").write_text("half")
    later_job = pytest.raises(OSError, match="a later job writes it")
    with later_job, files.replacing(path) as earlier:
        earlier.write_text("earlier")
        with files.replacing(path) as later:
            later.write_text("later")
        earlier.write_text("earlier, again")  # as one that opens its file at the end
    assert path.read_text() == "later"
    assert names(tmp_path) == ["x[1].csv"]


def test_a_disk_that_is_full_is_told_of_the_file(tmp_path):
    path = tmp_path / "x.csv"
    with pytest.raises(OSError, match="No space left") as error, files.replacing(path):
        Path("/dev/full").write_text("x")
    assert error.value.filename == str(path)
    assert names(tmp_path) == []


def test_a_folder_is_no_file_and_that_is_said_before_the_work(tmp_path):
    with pytest.raises(IsADirectoryError), files.replacing(tmp_path):
        pytest.fail("the block was entered")


def test_npz_comes_back_and_has_the_same_bytes_at_another_time(tmp_path):
    files.save_npz(tmp_path / "1.npz", ARRAYS)
    time.sleep(2.1)  # zip keeps times in steps of two seconds
    files.save_npz(tmp_path / "2.npz", ARRAYS)
    content = (tmp_path / "1.npz").read_bytes()
    assert content == (tmp_path / "2.npz").read_bytes()
    loaded, sha256 = files.load_npz(tmp_path / "1.npz", {"a", "b"})
    assert sha256 == hashlib.sha256(content).hexdigest() == files.checksum(tmp_path / "1.npz")
    assert (loaded["a"] == ARRAYS["a"]).all()
    assert str(loaded["b"]) == "text"


def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    with files.replacing(tmp_path / "x.npz") as temporary:
        files.save_npz(temporary, ARRAYS)
    (tmp_path / "y").write_text("")
    assert (tmp_path / "x.npz").stat().st_mode == (tmp_path / "y").stat().st_mode


def truncated(path: Path) -> None:
    files.save_npz(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-100])


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
        (lambda path: path.write_text("text"), "not a readable npz file"),
        (lambda path: path.mkdir(), r"cannot be read \(Is a directory\)$"),
        (truncated, "not a readable npz file"),
        (altered, "not a readable npz file"),
        (pickled, r"not a readable npz file \(it holds Python objects\). Delete it"),
        (lambda path: files.save_npz(path, {"c": np.zeros(1)}), "has no a, b; found c"),
    ],
)
def test_a_bad_npz_is_one_clear_message(tmp_path, make, says):
    path = tmp_path / "x.npz"
    make(path)
    with pytest.raises(InputError, match=says) as error:
        files.load_npz(path, {"a", "b"})
    assert str(error.value).startswith(str(path))
