import os
import signal
import subprocess
import sys
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


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path):
    writer = """
import sys, time
from pathlib import Path
from descent.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""
    path = tmp_path / "x.npz"
    environment = {**os.environ, "PYTHONPATH": str(Path(files.__file__).parent.parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", writer, path], stdout=subprocess.PIPE, env=environment
    )
    try:
        process.stdout.readline()
        files.save_npz(path, ARRAYS)
        assert len(names(tmp_path)) == 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        files.save_npz(path, ARRAYS)
        assert names(tmp_path) == ["x.npz"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_npz_comes_back_and_has_the_same_bytes_at_another_time(tmp_path):
    files.save_npz(tmp_path / "1.npz", ARRAYS)
    time.sleep(2.1)  # zip keeps times in steps of two seconds
    files.save_npz(tmp_path / "2.npz", ARRAYS)
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()
    loaded = files.load_npz(tmp_path / "1.npz", {"a", "b"})
    assert (loaded["a"] == ARRAYS["a"]).all()
    assert str(loaded["b"]) == "text"


def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    files.save_npz(tmp_path / "x.npz", ARRAYS)
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
        (lambda path: path.mkdir(), "not a readable npz file"),
        (truncated, "not a readable npz file"),
        (altered, "not a readable npz file"),
        (pickled, "not a readable npz file"),
        (lambda path: files.save_npz(path, {"c": np.zeros(1)}), "has no a, b; found c"),
    ],
)
def test_a_bad_npz_is_one_clear_message(tmp_path, make, says):
    path = tmp_path / "x.npz"
    make(path)
    with pytest.raises(InputError, match=says) as error:
        files.load_npz(path, {"a", "b"})
    assert str(error.value).startswith(str(path))
