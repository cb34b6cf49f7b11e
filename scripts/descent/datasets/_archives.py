"""Datasets in MNIST's format, through torchvision's own classes, mirrors and checksums."""

import errno
import shutil
import time
from collections.abc import Iterator
from http.client import HTTPException, InvalidURL
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, url2pathname, urlopen

from descent.errors import InputError
from descent.store.data import Data
from descent.store.files import replacing

TIMEOUT = 30  # seconds in which a mirror has to give MIN_SPEED bytes each
MIN_SPEED = 1000  # bytes/s
MAX_BYTES = 10**8  # of an archive; MNIST's largest has 10⁷
PAUSES = (0, 1, 3)  # seconds before each round over the mirrors


def obtain(torchvision_class: str, raw: Path, mirror: str | None) -> Data:
    """The data of torchvision.datasets.<torchvision_class>.

    raw: the folder of the verified archives, used before any mirror; its name is that of the
    dataset. mirror: a base URL (http, https, file) or a folder that holds a subfolder of that name,
    tried before the public mirrors. Raises InputError where an archive is nowhere to be had.
    """
    from torchvision import datasets
    from torchvision.datasets.utils import extract_archive

    dataset = getattr(datasets, torchvision_class)
    mirrors = ([f"{mirror.rstrip('/')}/{raw.name}/"] if mirror else []) + dataset.mirrors
    with TemporaryDirectory() as root:
        folder = Path(root, torchvision_class, "raw")
        folder.mkdir(parents=True)
        for name, md5 in dataset.resources:
            extract_archive(str(_verified(raw / name, md5, mirrors, folder)), str(folder))
        train, test = dataset(root, train=True), dataset(root, train=False)
    (x_train, y_train), (x_test, y_test) = (
        (part.data.numpy().reshape(len(part), -1), part.targets.numpy()) for part in (train, test)
    )
    return Data(x_train, y_train, x_test, y_test, scale=255)


def _verified(archive: Path, md5: str, mirrors: list[str], folder: Path) -> Path:
    """The archive, or what the first mirror that gives it has given, which becomes the archive."""
    from torchvision.datasets.utils import check_integrity

    if check_integrity(archive, md5):
        return archive
    fetched = folder / archive.name
    damaged = [f"{archive}: wrong checksum"] if archive.exists() else []
    errors: dict[str, list[str]] = {mirror + archive.name: [] for mirror in mirrors}
    worth_trying = list(errors)
    for pause in PAUSES:
        time.sleep(pause if worth_trying else 0)
        for url in tuple(worth_trying):
            try:
                _fetch(url, fetched)
                if not check_integrity(fetched, md5):
                    raise _WrongChecksumError("wrong checksum (truncated or altered)")
            except (OSError, ValueError, OverflowError, HTTPException) as error:
                errors[url].append(" ".join(str(error).split()))
                if not (_is_http(url) and _may_pass(error)):
                    worth_trying.remove(url)
            else:
                _keep(fetched, archive)
                return fetched
    tried = damaged + [
        f"{url}{f', {len(said)} times' if len(said) > 1 else ''}: {said[-1]}"
        for url, said in errors.items()
    ]
    raise InputError(
        f"{archive.name} of {archive.parent.name} could not be had from {len(errors)} mirrors.\n"
        + "\n".join(f"  tried {attempt}" for attempt in tried)
        + f"\nPut the archives into {archive.parent} by hand, or set DATASET_MIRROR to a copy of"
        " them; the study digits needs no network: snakemake --cores 1 digits"
    )


def _keep(fetched: Path, archive: Path) -> None:
    try:
        with replacing(archive) as temporary:
            shutil.copyfile(fetched, temporary)
    except OSError as error:
        if error.errno != errno.ESTALE:  # another download keeps the same bytes
            raise


class _WrongChecksumError(ValueError):
    """The bytes of an archive are not those that they should be."""


def _may_pass(error: Exception) -> bool:
    """Whether another try may help: it was the network or the server, not the URL or the disk."""
    if isinstance(error, HTTPError):
        return error.code >= 500
    if isinstance(error, URLError):
        return isinstance(error.reason, OSError)
    passing = (ConnectionError, TimeoutError, HTTPException, _WrongChecksumError)
    return isinstance(error, passing) and not isinstance(error, InvalidURL)


def _is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _fetch(url: str, path: Path) -> None:
    if not _is_http(url):
        shutil.copyfile(_local(url), path)
        return
    with path.open("wb") as file:
        for piece in _pieces(url):
            if file.tell() + len(piece) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES / 1e6:g} MB, which no archive has")
            file.write(piece)


def _local(url: str) -> str:
    """The path of a file: URL, or what is a path already."""
    if url.lower().startswith("file:"):
        return url2pathname(urlsplit(url).path)
    if "://" in url:
        scheme = url.partition("://")[0]
        raise ValueError(f"found {scheme}://; allowed: a folder, file://, http://, https://")
    return url


def _pieces(url: str) -> Iterator[bytes]:
    """The body of an http(s) URL. TimeoutError where TIMEOUT seconds bring next to nothing."""
    pieces: Queue[bytes | Exception] = Queue(maxsize=16)
    # a thread: what urllib calls a time-out bounds neither headers that trickle nor a look-up
    Thread(target=_read, args=(url, pieces), daemon=True).start()
    while True:
        received, end = 0, time.monotonic() + TIMEOUT
        while received < MIN_SPEED * TIMEOUT:
            try:
                piece = pieces.get(timeout=max(0, end - time.monotonic()))
            except Empty:
                said = f"{received} bytes in {TIMEOUT} s; allowed: at least {MIN_SPEED} bytes/s"
                raise TimeoutError(said) from None
            if isinstance(piece, Exception):
                raise piece
            if not piece:
                return
            received += len(piece)
            yield piece


def _read(url: str, pieces: Queue[bytes | Exception]) -> None:
    """Put the body into the queue, piece by piece, and at its end b"", or why there is none."""
    try:
        # some servers refuse the name that urllib gives itself
        request = Request(url, headers={"User-Agent": "pytorch/vision"})
        with urlopen(request, timeout=TIMEOUT) as answer:
            while piece := answer.read1(1 << 16):
                pieces.put(piece)
        pieces.put(b"")
    except Exception as error:
        pieces.put(error)
