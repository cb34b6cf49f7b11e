"""The way of an archive from mirror to data, with a tiny dataset in MNIST's format."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torchvision

from descent.datasets import _archives, fashion_mnist, kmnist, mnist
from descent.errors import InputError

RANDOM = np.random.default_rng(0)
IMAGES = {name: RANDOM.integers(256, size=(n, 28, 28)) for name, n in [("train", 12), ("t10k", 5)]}
LABELS = {name: np.arange(len(images)) % 10 for name, images in IMAGES.items()}


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}i", *values.shape)
    return gzip.compress(header + values.astype("uint8").tobytes(), mtime=0)


ARCHIVES = {
    **{f"{name}-images-idx3-ubyte.gz": idx(values) for name, values in IMAGES.items()},
    **{f"{name}-labels-idx1-ubyte.gz": idx(values) for name, values in LABELS.items()},
}
FIRST = next(iter(ARCHIVES))


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """(raw, mirror): the mirror holds the archives, torchvision knows their checksums, and the
    public mirror is a folder that is not there."""
    checksums = [(name, hashlib.md5(content).hexdigest()) for name, content in ARCHIVES.items()]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", checksums)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"file://{tmp_path}/public/"])
    fill(tmp_path / "mirror" / "mnist")
    return tmp_path / "data" / "raw" / "mnist", tmp_path / "mirror"


def fill(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in ARCHIVES.items():
        (folder / name).write_bytes(content)


def check(data) -> None:
    assert (data.x_train == IMAGES["train"].reshape(12, 784)).all()
    assert (data.x_test == IMAGES["t10k"].reshape(5, 784)).all()
    assert (data.y_train == LABELS["train"]).all()
    assert (data.y_test == LABELS["t10k"]).all()
    assert data.scale == 255


def holds(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("spelling", ["{}", "{}/", "file://{}", "file://{}/"])
def test_a_mirror_is_a_folder_or_a_url(folders, spelling):
    raw, mirror = folders
    check(mnist.obtain(raw, spelling.format(mirror)))
    assert holds(raw.parent) == {f"mnist/{name}" for name in ARCHIVES}


def test_verified_archives_come_before_any_mirror(folders):
    raw, _ = folders
    fill(raw)
    check(mnist.obtain(raw, "/nowhere"))


def test_the_public_mirrors_are_tried_after_a_mirror_that_fails(folders, tmp_path):
    raw, mirror = folders
    (mirror / "mnist" / FIRST).write_bytes(b"altered")
    fill(tmp_path / "public")
    check(mnist.obtain(raw, str(mirror)))


def test_an_http_mirror_is_tried_after_a_mirror_that_fails(folders, http):
    raw, mirror = folders
    bad = mirror.parent / "bad"
    fill(bad / "mnist")
    (bad / "mnist" / FIRST).write_bytes(b"altered")
    torchvision.datasets.MNIST.mirrors[:] = [f"{http}/mnist/"]
    check(mnist.obtain(raw, str(bad)))


def test_a_mirror_comes_before_the_public_ones(folders, tmp_path):
    raw, mirror = folders
    fill(tmp_path / "public")
    mirrors = [f"file://{tmp_path}/public/"]
    (mirror / "mnist" / FIRST).unlink()
    with pytest.MonkeyPatch.context() as patch:
        asked = []
        fetch = _archives._fetch
        patch.setattr(_archives, "_fetch", lambda url, path: asked.append(url) or fetch(url, path))
        mnist.obtain(raw, str(mirror))
    assert asked[:2] == [f"{mirror}/mnist/{FIRST}", f"{mirrors[0]}{FIRST}"]


@pytest.mark.parametrize(
    ("dataset", "of_torchvision"),
    [(mnist, "MNIST"), (fashion_mnist, "FashionMNIST"), (kmnist, "KMNIST")],
)
def test_each_dataset_is_its_own(monkeypatch, dataset, of_torchvision):
    monkeypatch.setattr(_archives, "obtain", lambda name, raw, mirror: name)
    assert dataset.obtain(Path("raw"), None) == of_torchvision


def test_what_a_killed_download_left_goes(folders):
    raw, mirror = folders
    (raw.parent / ".mnist-left/MNIST/raw").mkdir(parents=True)
    check(mnist.obtain(raw, str(mirror)))
    assert {path.name for path in raw.parent.iterdir()} == {"mnist"}


def test_a_damaged_archive_that_was_there_is_replaced(folders):
    raw, mirror = folders
    fill(raw)
    (raw / FIRST).write_bytes(b"altered")
    check(mnist.obtain(raw, str(mirror)))
    assert (raw / FIRST).read_bytes() == ARCHIVES[FIRST]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.unlink(), "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "wrong checksum"),
        (lambda path: path.write_bytes(b"altered"), "wrong checksum"),
    ],
    ids=["missing", "truncated", "altered"],
)
def test_an_archive_that_cannot_be_had(folders, tmp_path, damage, says):
    raw, mirror = folders
    last = list(ARCHIVES)[-1]
    damage(mirror / "mnist" / last)
    raw.mkdir(parents=True)
    (raw / last).write_bytes(b"by hand, damaged")
    with pytest.raises(InputError, match=says) as error:
        mnist.obtain(raw, str(mirror))
    message = str(error.value)
    for part in [last, f"{mirror}/mnist/{last}", f"{tmp_path}/public/{last}", f"{raw} by hand"]:
        assert part in message
    assert "snakemake --cores 1 digits" in message
    assert holds(raw.parent) == {f"mnist/{name}" for name in ARCHIVES}  # and nothing half-written
    assert (raw / last).read_bytes() == b"by hand, damaged"


@pytest.fixture
def http(folders):
    """The mirror, over HTTP on this machine."""
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    _, mirror = folders

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=mirror)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_http_mirror(folders, http):
    check(mnist.obtain(folders[0], http))
