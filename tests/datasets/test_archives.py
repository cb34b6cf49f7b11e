"""From the archives of a mirror to data, with a tiny dataset in MNIST's format."""

import gzip
import hashlib
import struct
import time
from contextlib import suppress
from fnmatch import fnmatch
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torchvision

from descent.datasets import _archives, fashion_mnist, kmnist, mnist
from descent.errors import InputError

# urllib leaves the socket of an error to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

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
    """(raw, mirror): the mirror holds the archives, and the public mirror does not exist."""
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
    for x, y, name in ((data.x_train, data.y_train, "train"), (data.x_test, data.y_test, "t10k")):
        assert (x == IMAGES[name].reshape(-1, 784)).all()
        assert (y == LABELS[name]).all()
    assert data.scale == 255


def holds(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("spelling", ["{}", "{}/", "file://{}", "file://{}/"])
def test_a_mirror_is_a_folder_or_a_url(folders, spelling):
    raw, mirror = folders
    check(mnist.obtain(raw, spelling.format(mirror)))
    assert holds(raw.parent) == {f"mnist/{name}" for name in ARCHIVES}


def test_archives_come_from_the_folder_then_the_mirror_then_the_public_mirror(folders, tmp_path):
    raw, mirror = folders
    fill(raw)
    check(mnist.obtain(raw, "/nowhere"))
    (raw / FIRST).write_bytes(b"altered")
    check(mnist.obtain(raw, str(mirror)))
    assert (raw / FIRST).read_bytes() == ARCHIVES[FIRST]
    (raw / FIRST).unlink()
    (mirror / "mnist" / FIRST).write_bytes(b"altered")
    fill(tmp_path / "public")
    check(mnist.obtain(raw, str(mirror)))


@pytest.mark.parametrize(
    ("dataset", "of_torchvision"),
    [(mnist, "MNIST"), (fashion_mnist, "FashionMNIST"), (kmnist, "KMNIST")],
)
def test_each_dataset_is_that_of_torchvision(monkeypatch, dataset, of_torchvision):
    monkeypatch.setattr(_archives, "obtain", lambda name, raw, mirror: name)
    assert dataset.obtain(Path("raw"), None) == of_torchvision


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (Path.unlink, "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "wrong checksum"),
    ],
    ids=["missing", "truncated"],
)
def test_an_archive_that_cannot_be_obtained(folders, tmp_path, damage, says):
    raw, mirror = folders
    last = list(ARCHIVES)[-1]
    damage(mirror / "mnist" / last)
    raw.mkdir(parents=True)
    (raw / last).write_bytes(b"by hand, damaged")
    with pytest.raises(InputError, match=says) as error:
        mnist.obtain(raw, str(mirror))
    tried = f"{mirror}/mnist/{last}", f"{tmp_path}/public/{last}"
    for part in (*tried, f"Put the archives into {raw}, ", "snakemake --cores 1 digits"):
        assert part in str(error.value)
    assert holds(raw.parent) == {f"mnist/{name}" for name in ARCHIVES}  # no partial file
    assert (raw / last).read_bytes() == b"by hand, damaged"


@pytest.fixture
def serve(folders, monkeypatch):
    """Start a local HTTP mirror: (its URL, the requested paths).

    The first requests get the given answers, the others the archives.
    """
    monkeypatch.setattr(_archives, "READ_TIMEOUT", 1)
    monkeypatch.setattr(_archives, "TOTAL_TIMEOUT", 1)
    servers = []

    def start(*answers):
        waiting, asked = list(answers), []

        class Mirror(SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folders[1])

            def do_GET(self):
                asked.append(self.path)
                with suppress(ConnectionError):  # if the client gave up
                    (waiting.pop(0) if waiting else SimpleHTTPRequestHandler.do_GET)(self)

            def log_message(self, *arguments):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Mirror))
        Thread(target=servers[-1].serve_forever, args=[0.01], daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def says(status=200, body=b"", **headers):
    def answer(request):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def trickling(request):
    says()(request)
    for _ in range(100):  # 5 s; a download without a time limit would fail the test
        request.wfile.write(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (trickling, "* bytes in 1 s"),
        (lambda request: time.sleep(2), "timed out"),
        (says(body=ARCHIVES[FIRST][:99]), "wrong checksum (truncated or altered)"),
        (says(body=b"x", Transfer_Encoding="chunked"), "IncompleteRead(0 bytes read)"),
        (lambda request: None, "Remote end closed connection without response"),
        (says(404), "HTTP Error 404: Not Found"),
        (says(302, Location="file:///etc/passwd"), "HTTP Error 302: Found - Redirection to url*"),
    ],
)
def test_an_http_mirror_that_fails_is_one_line(folders, serve, answer, line):
    raw, _ = folders
    mirror, asked = serve(answer)
    with pytest.raises(InputError) as error:
        mnist.obtain(raw, mirror)
    first, found, *others = str(error.value).splitlines()
    assert first == f"{FIRST} of mnist could not be obtained."
    assert fnmatch(found, f"  tried {mirror}/mnist/{FIRST}: {line}")
    assert len(others) == 2  # the other mirror, and what helps
    assert len(asked) == 1
    assert holds(raw.parent) == set()
    check(mnist.obtain(raw, f"{mirror}/"))


@pytest.mark.parametrize("mirror", ["http://[::1", "http://127.0.0.1/a folder", "s3://bucket"])
def test_an_impossible_mirror_is_one_line(folders, mirror):
    with pytest.raises(InputError) as error:
        mnist.obtain(folders[0], mirror)
    assert len(str(error.value).splitlines()) == 4
    assert f"  tried {mirror}/mnist/{FIRST}: " in str(error.value)


@pytest.mark.parametrize("named", ["{}-idx", "{}.idx", "MNIST/raw/{}-idx", "{0}.idx/{0}.idx"])
def test_uncompressed_files_are_read(folders, named):
    """With the names and folders of torchvision and Kaggle."""
    raw, _ = folders
    for name, content in ARCHIVES.items():
        images, _, dimensions = Path(name).stem.partition("-idx")
        path = raw / f"{named.format(images)}{dimensions}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.decompress(content))
    check(mnist.obtain(raw, "/nowhere"))
    path.write_bytes(b"altered")
    with pytest.raises(InputError, match="is not MNIST"):
        mnist.obtain(raw, "/nowhere")
